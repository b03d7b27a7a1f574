-- An agent: who, and doing what since when.
CREATE TABLE agents{g} (
    agent_id          BLOB NOT NULL,
    name              TEXT,
    team              TEXT,
    skills            TEXT NOT NULL,
    languages         TEXT NOT NULL,
    licences          TEXT NOT NULL,
    shifts            TEXT NOT NULL,
    capacity          INTEGER NOT NULL,
    extension         TEXT,
    presence          TEXT NOT NULL,
    since             INTEGER NOT NULL,
    pause_reason      TEXT,
    next_pause_reason TEXT,
    call_id           BLOB,
    lead_id           BLOB,
    task_id           BLOB,
    reservation_id    BLOB,
    token             INTEGER NOT NULL,
    offer_expires_at  INTEGER,
    missed_offers     INTEGER NOT NULL,
    wrap_until        INTEGER,
    signed_in_at      INTEGER,
    registered_at     INTEGER NOT NULL,
    position          INTEGER NOT NULL,
    PRIMARY KEY (agent_id)
) STRICT, WITHOUT ROWID;

-- How long an agent was in one state on one day (UTC), intervals that are over.
CREATE TABLE agent_times{g} (
    agent_id BLOB NOT NULL,
    day      INTEGER NOT NULL,
    presence TEXT NOT NULL,
    total_ms INTEGER NOT NULL,
    entered  INTEGER NOT NULL,
    PRIMARY KEY (agent_id, day, presence)
) STRICT, WITHOUT ROWID;
