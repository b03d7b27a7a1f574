-- Somebody got at data, or was refused it. The event says who, what and why.
CREATE TABLE access_entries{g} (
    entry    INTEGER NOT NULL,
    position INTEGER NOT NULL,
    way      TEXT NOT NULL,
    outcome  TEXT NOT NULL,
    PRIMARY KEY (entry)
) STRICT;
-- That an access is found by a term.
CREATE TABLE access_terms{g} (
    term  INTEGER NOT NULL,
    entry INTEGER NOT NULL,
    PRIMARY KEY (term, entry)
) STRICT, WITHOUT ROWID;
