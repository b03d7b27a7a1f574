-- A recording as it stands; the audio is elsewhere.
CREATE TABLE recordings{g} (
    recording_id   BLOB NOT NULL,
    call_id        BLOB NOT NULL,
    customer_id    BLOB,
    agent_id       BLOB,
    kind           TEXT NOT NULL,
    state          TEXT NOT NULL,
    state_since    INTEGER NOT NULL,
    pause_reason   TEXT,
    media_type     TEXT,
    bytes          INTEGER,
    stored_bytes   INTEGER,
    sha256         TEXT,
    stored_sha256  TEXT,
    key_id         TEXT,
    transcript_id  BLOB,
    retained_until INTEGER,
    cases          TEXT NOT NULL,
    held           INTEGER NOT NULL,
    announced_at   INTEGER NOT NULL,
    sealed_at      INTEGER,
    erased_at      INTEGER,
    erase_reason   TEXT,
    position       INTEGER NOT NULL,
    PRIMARY KEY (recording_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX recordings_by_call_id{g} ON recordings{g} (call_id);
CREATE INDEX recordings_by_customer_id{g} ON recordings{g} (customer_id, recording_id);
CREATE INDEX recordings_by_agent_id{g} ON recordings{g} (agent_id, recording_id);
CREATE INDEX recordings_by_retained_until{g} ON recordings{g} (state, retained_until);
CREATE INDEX recordings_by_announced_at{g} ON recordings{g} (state, announced_at);
