-- How far the tree is, and which server keeps it.
CREATE TABLE notary_state (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    size        INTEGER NOT NULL,
    owner       BLOB,
    epoch       INTEGER NOT NULL,
    lease_until INTEGER
) STRICT;
INSERT INTO notary_state (one, size, epoch) VALUES (1, 0, 0);

-- Runs of up to 256 hashes of 32 bytes.
CREATE TABLE notary_tiles (
    level  INTEGER NOT NULL,
    place  INTEGER NOT NULL,
    hashes BLOB NOT NULL,
    PRIMARY KEY (level, place)
) STRICT;

-- Signed heads in the order of signing; the document is what is published.
CREATE TABLE notary_heads (
    number    INTEGER PRIMARY KEY,
    size      INTEGER NOT NULL,
    signed_at INTEGER NOT NULL,
    document  TEXT NOT NULL
) STRICT;
CREATE INDEX notary_heads_by_size ON notary_heads (size, number);

-- The last head that each place of publication has taken.
CREATE TABLE notary_published (
    target TEXT PRIMARY KEY,
    number INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
