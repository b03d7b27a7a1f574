-- Somebody got at data, or was refused it.
CREATE TABLE access_entries{g} (
    entry     INTEGER NOT NULL,
    position  INTEGER NOT NULL,
    at        INTEGER NOT NULL,
    who       TEXT,
    roles     TEXT NOT NULL,
    grants    TEXT NOT NULL,
    emergency INTEGER NOT NULL,
    address   TEXT,
    way       TEXT NOT NULL,
    operation TEXT,
    shape     TEXT,
    fields    TEXT NOT NULL,
    clear     TEXT NOT NULL,
    masked    TEXT NOT NULL,
    things    TEXT NOT NULL,
    rows      INTEGER NOT NULL,
    reason    TEXT,
    outcome   TEXT NOT NULL,
    code      TEXT,
    took_us   INTEGER NOT NULL,
    trace     TEXT,
    times     INTEGER NOT NULL,
    PRIMARY KEY (entry)
) STRICT;
-- That an access is found by a term.
CREATE TABLE access_terms{g} (
    term  INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (term, entry)
) STRICT, WITHOUT ROWID;
