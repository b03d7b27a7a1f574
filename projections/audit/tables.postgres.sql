CREATE TABLE access_entries{g} (
    entry    bigint NOT NULL,
    position bigint NOT NULL,
    way      text NOT NULL,
    outcome  text NOT NULL,
    PRIMARY KEY (entry)
);
COMMENT ON TABLE access_entries{g} IS 'Somebody got at data, or was refused it. The event says who, what and why.';
COMMENT ON COLUMN access_entries{g}.entry IS 'Its place in the log: the position of its event, and its place in the event.';
COMMENT ON COLUMN access_entries{g}.position IS 'The event.';
COMMENT ON COLUMN access_entries{g}.way IS 'On which way.';
COMMENT ON COLUMN access_entries{g}.outcome IS 'What became of it.';
CREATE TABLE access_terms{g} (
    term  bigint NOT NULL,
    entry bigint NOT NULL,
    PRIMARY KEY (term, entry)
);
COMMENT ON TABLE access_terms{g} IS 'That an access is found by a term.';
COMMENT ON COLUMN access_terms{g}.term IS 'The hash of the term.';
COMMENT ON COLUMN access_terms{g}.entry IS 'The access.';
