CREATE TABLE recordings{g} (
    recording_id   uuid NOT NULL,
    call_id        uuid NOT NULL,
    customer_id    uuid,
    agent_id       uuid,
    kind           text NOT NULL,
    state          text NOT NULL,
    state_since    timestamptz NOT NULL,
    pause_reason   text,
    media_type     text,
    bytes          bigint,
    stored_bytes   bigint,
    sha256         text,
    stored_sha256  text,
    key_id         text,
    transcript_id  uuid,
    retained_until timestamptz,
    cases          jsonb NOT NULL,
    held           boolean NOT NULL,
    announced_at   timestamptz NOT NULL,
    sealed_at      timestamptz,
    erased_at      timestamptz,
    erase_reason   text,
    position       bigint NOT NULL,
    PRIMARY KEY (recording_id)
);
COMMENT ON TABLE recordings{g} IS 'A recording as it stands; the audio is elsewhere.';
COMMENT ON COLUMN recordings{g}.recording_id IS 'The recording.';
COMMENT ON COLUMN recordings{g}.call_id IS 'The call.';
COMMENT ON COLUMN recordings{g}.customer_id IS 'The customer whose voice it is.';
COMMENT ON COLUMN recordings{g}.agent_id IS 'The agent whose voice it is.';
COMMENT ON COLUMN recordings{g}.kind IS 'How long it has to be kept.';
COMMENT ON COLUMN recordings{g}.state IS 'How far it has come.';
COMMENT ON COLUMN recordings{g}.state_since IS 'Since when.';
COMMENT ON COLUMN recordings{g}.pause_reason IS 'Why it is paused.';
COMMENT ON COLUMN recordings{g}.media_type IS 'What sort of audio.';
COMMENT ON COLUMN recordings{g}.bytes IS 'How many bytes of audio.';
COMMENT ON COLUMN recordings{g}.stored_bytes IS 'How many bytes are stored.';
COMMENT ON COLUMN recordings{g}.sha256 IS 'SHA-256 of the audio.';
COMMENT ON COLUMN recordings{g}.stored_sha256 IS 'SHA-256 of what is stored.';
COMMENT ON COLUMN recordings{g}.key_id IS 'The id of its key.';
COMMENT ON COLUMN recordings{g}.transcript_id IS 'The interaction that has its text.';
COMMENT ON COLUMN recordings{g}.retained_until IS 'Until when it has to be kept.';
COMMENT ON COLUMN recordings{g}.cases IS 'The cases that hold it.';
COMMENT ON COLUMN recordings{g}.held IS 'Whether a case holds it.';
COMMENT ON COLUMN recordings{g}.announced_at IS 'When the customer was told.';
COMMENT ON COLUMN recordings{g}.sealed_at IS 'When all of the audio was stored.';
COMMENT ON COLUMN recordings{g}.erased_at IS 'When its key was destroyed.';
COMMENT ON COLUMN recordings{g}.erase_reason IS 'Why.';
COMMENT ON COLUMN recordings{g}.position IS 'The event that changed it last.';
CREATE INDEX recordings_by_call_id{g} ON recordings{g} (call_id);
CREATE INDEX recordings_by_customer_id{g} ON recordings{g} (customer_id, recording_id);
CREATE INDEX recordings_by_agent_id{g} ON recordings{g} (agent_id, recording_id);
CREATE INDEX recordings_by_retained_until{g} ON recordings{g} (state, retained_until);
CREATE INDEX recordings_by_announced_at{g} ON recordings{g} (state, announced_at);
