CREATE TABLE notary_state (
    one         bigint PRIMARY KEY CHECK (one = 1),
    size        bigint NOT NULL,
    owner       uuid,
    epoch       bigint NOT NULL,
    lease_until timestamptz
);
COMMENT ON TABLE notary_state IS 'How far the tree is, and which server keeps it.';
INSERT INTO notary_state (one, size, epoch) VALUES (1, 0, 0);

CREATE TABLE notary_tiles (
    level  bigint NOT NULL,
    place  bigint NOT NULL,
    hashes bytea NOT NULL,
    PRIMARY KEY (level, place)
);
-- Hashes cannot be compressed.
ALTER TABLE notary_tiles ALTER COLUMN hashes SET STORAGE EXTERNAL;
COMMENT ON TABLE notary_tiles IS 'Runs of up to 256 hashes of 32 bytes.';

CREATE TABLE notary_heads (
    number    bigint PRIMARY KEY,
    size      bigint NOT NULL,
    signed_at timestamptz NOT NULL,
    document  text NOT NULL
);
CREATE INDEX notary_heads_by_size ON notary_heads (size, number);
COMMENT ON TABLE notary_heads IS 'Signed heads in the order of signing; the document is what is published.';

CREATE TABLE notary_published (
    target text PRIMARY KEY,
    number bigint NOT NULL
);
COMMENT ON TABLE notary_published IS 'The last head that each place of publication has taken.';
