-- How far each generation of each read model is, and who advances it.
CREATE TABLE projection_generations (
    name              TEXT NOT NULL,
    generation        INTEGER NOT NULL,
    version           INTEGER NOT NULL,
    status            TEXT NOT NULL CHECK (status IN ('building', 'active', 'standby')),
    position          INTEGER NOT NULL,
    recorded_at       INTEGER,
    owner             BLOB,
    epoch             INTEGER NOT NULL,
    lease_until       INTEGER,
    starts            INTEGER NOT NULL,
    trying            INTEGER NOT NULL,
    tries             INTEGER NOT NULL,
    switch_when_built INTEGER NOT NULL,
    created_at        INTEGER NOT NULL,
    PRIMARY KEY (name, generation)
) STRICT, WITHOUT ROWID;

-- Events that a projection could not fold.
CREATE TABLE projection_parked (
    name       TEXT NOT NULL,
    generation INTEGER NOT NULL,
    position   INTEGER NOT NULL,
    event_id   BLOB NOT NULL,
    event_type TEXT NOT NULL,
    stream     TEXT NOT NULL,
    error      TEXT NOT NULL,
    tries      INTEGER NOT NULL,
    parked_at  INTEGER,
    replay     INTEGER NOT NULL,
    PRIMARY KEY (name, generation, position)
) STRICT, WITHOUT ROWID;
