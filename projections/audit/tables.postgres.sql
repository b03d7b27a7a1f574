CREATE TABLE access_entries{g} (
    entry     bigint NOT NULL,
    position  bigint NOT NULL,
    at        timestamptz NOT NULL,
    who       text,
    roles     jsonb NOT NULL,
    grants    jsonb NOT NULL,
    emergency boolean NOT NULL,
    address   text,
    way       text NOT NULL,
    operation text,
    shape     text,
    fields    jsonb NOT NULL,
    clear     jsonb NOT NULL,
    masked    jsonb NOT NULL,
    things    jsonb NOT NULL,
    rows      bigint NOT NULL,
    reason    text,
    outcome   text NOT NULL,
    code      text,
    took_us   bigint NOT NULL,
    trace     text,
    times     bigint NOT NULL,
    PRIMARY KEY (entry)
);
COMMENT ON TABLE access_entries{g} IS 'Somebody got at data, or was refused it.';
COMMENT ON COLUMN access_entries{g}.entry IS 'Its place in the log: the position of its event, and its place in the event.';
COMMENT ON COLUMN access_entries{g}.position IS 'The event.';
COMMENT ON COLUMN access_entries{g}.at IS 'When it was answered.';
COMMENT ON COLUMN access_entries{g}.who IS 'Who, as an actor.';
COMMENT ON COLUMN access_entries{g}.roles IS 'What they are in the centre.';
COMMENT ON COLUMN access_entries{g}.grants IS 'What was lent to them.';
COMMENT ON COLUMN access_entries{g}.emergency IS 'Whether an emergency was in force.';
COMMENT ON COLUMN access_entries{g}.address IS 'The address they asked from.';
COMMENT ON COLUMN access_entries{g}.way IS 'On which way.';
COMMENT ON COLUMN access_entries{g}.operation IS 'What the client calls the operation.';
COMMENT ON COLUMN access_entries{g}.shape IS 'The hash of the operation.';
COMMENT ON COLUMN access_entries{g}.fields IS 'The fields of the operation itself.';
COMMENT ON COLUMN access_entries{g}.clear IS 'The personal fields that they got in the clear.';
COMMENT ON COLUMN access_entries{g}.masked IS 'The personal fields that they got masked.';
COMMENT ON COLUMN access_entries{g}.things IS 'What they got rows of, the first ones.';
COMMENT ON COLUMN access_entries{g}.rows IS 'How many rows they got.';
COMMENT ON COLUMN access_entries{g}.reason IS 'Why, in their own words.';
COMMENT ON COLUMN access_entries{g}.outcome IS 'What became of it.';
COMMENT ON COLUMN access_entries{g}.code IS 'The code of a refusal or an error.';
COMMENT ON COLUMN access_entries{g}.took_us IS 'How long it took, in microseconds.';
COMMENT ON COLUMN access_entries{g}.trace IS 'What names the request in the log of the server.';
COMMENT ON COLUMN access_entries{g}.times IS 'How often it happened.';
CREATE TABLE access_terms{g} (
    term  bigint NOT NULL,
    entry bigint NOT NULL,
    PRIMARY KEY (term, entry)
);
COMMENT ON TABLE access_terms{g} IS 'That an access is found by a term.';
COMMENT ON COLUMN access_terms{g}.term IS 'The hash of the term.';
COMMENT ON COLUMN access_terms{g}.entry IS 'The access.';
