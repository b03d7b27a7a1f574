-- The log. Whoever runs this becomes the owner. A server needs no more than what is granted at the end of this
-- comment, and should run as such a role: it can read and append, and nothing else.
--
--     GRANT SELECT ON log_schema, events, event_tags TO trunkline_writer;
--     GRANT EXECUTE ON FUNCTION append_events TO trunkline_writer;
CREATE TABLE events (
    position bigint PRIMARY KEY CHECK (position > 0),
    event_id uuid NOT NULL,
    stream text COLLATE "C" NOT NULL,
    version bigint NOT NULL CHECK (version > 0),
    category text COLLATE "C" NOT NULL,
    type text COLLATE "C" NOT NULL,
    schema_version integer NOT NULL,
    payload json NOT NULL,
    tags text[] COLLATE "C" NOT NULL,
    actor text NOT NULL,
    command_id uuid NOT NULL,
    correlation_id uuid NOT NULL,
    causation_id uuid,
    trace_id text,
    occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL,
    digest bytea NOT NULL CHECK (octet_length(digest) = 32),
    CONSTRAINT events_event_id_key UNIQUE (event_id),
    CONSTRAINT events_stream_version_key UNIQUE (stream, version)
);
CREATE INDEX events_by_category ON events (category, position);
CREATE INDEX events_by_type ON events (type, position);

COMMENT ON TABLE events IS 'The append-only log: one row an event, positions without a gap.';
COMMENT ON COLUMN events.position IS 'Place in the whole log, from 1.';
COMMENT ON COLUMN events.version IS 'Place in the stream, from 1.';
COMMENT ON COLUMN events.payload IS 'Canonical JSON (RFC 8785); json, not jsonb, because it keeps every byte.';
COMMENT ON COLUMN events.occurred_at IS 'When it happened in the world.';
COMMENT ON COLUMN events.recorded_at IS 'When the log took it; never earlier than the row before.';
COMMENT ON COLUMN events.digest IS 'SHA-256 over the canonical form of what the writer said.';

CREATE TABLE event_tags (
    tag text COLLATE "C" NOT NULL,
    position bigint NOT NULL,
    PRIMARY KEY (tag, position)
);
COMMENT ON TABLE event_tags IS 'The tags of all events, spread out for reading. Kept by a trigger alone.';

CREATE FUNCTION spread_tags() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO event_tags (tag, position)
    SELECT t.tag, a.position FROM added AS a CROSS JOIN LATERAL unnest(a.tags) AS t (tag);
    RETURN NULL;
END $$;
CREATE TRIGGER events_spread_tags AFTER INSERT ON events
    REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION spread_tags();

CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the log is append-only: % on % is refused', TG_OP, TG_TABLE_NAME
        USING ERRCODE = 'insufficient_privilege';
END $$;
CREATE TRIGGER events_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON events
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
CREATE TRIGGER event_tags_no_change BEFORE UPDATE OR DELETE OR TRUNCATE ON event_tags
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
-- Also for a session that replays as a replica.
ALTER TABLE events ENABLE ALWAYS TRIGGER events_no_change;
ALTER TABLE event_tags ENABLE ALWAYS TRIGGER event_tags_no_change;

-- Appends at the head, all or nothing, and gives the new head; null when the head is not where it is expected.
-- The lock lasts until the transaction ends, so the next process sees these events before it looks at the head.
CREATE FUNCTION append_events(
    expected_head bigint, recorded timestamptz, event_ids uuid[], streams text[], versions bigint[],
    types text[], schema_versions integer[], payloads text[], tag_lists text[], actors text[],
    command_ids uuid[], correlation_ids uuid[], causation_ids uuid[], trace_ids text[],
    occurred timestamptz[], digests bytea[]
) RETURNS bigint LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
DECLARE
    head bigint;
BEGIN
    -- The key is the bytes of the text "trunklog".
    PERFORM pg_advisory_xact_lock(8390898172853776231);
    SELECT coalesce(max(position), 0) INTO head FROM events;
    IF head <> expected_head THEN
        RETURN NULL;
    END IF;
    INSERT INTO events (
        position, event_id, stream, version, category, type, schema_version, payload, tags, actor, command_id,
        correlation_id, causation_id, trace_id, occurred_at, recorded_at, digest
    )
    SELECT
        expected_head + n, event_id, stream, version, split_part(stream, '-', 1), type, schema_version,
        payload::json, string_to_array(tag_list, ' '), actor, command_id, correlation_id, causation_id,
        trace_id, occurred_at, recorded, digest
    FROM unnest(
        event_ids, streams, versions, types, schema_versions, payloads, tag_lists, actors, command_ids,
        correlation_ids, causation_ids, trace_ids, occurred, digests
    ) WITH ORDINALITY AS e (
        event_id, stream, version, type, schema_version, payload, tag_list, actor, command_id,
        correlation_id, causation_id, trace_id, occurred_at, digest, n
    );
    head := expected_head + cardinality(event_ids);
    PERFORM pg_notify('trunkline_log', head::text);
    RETURN head;
END $$;

-- Not even the owner changes what is in the log without first granting it to itself.
REVOKE ALL ON events, event_tags FROM PUBLIC;
REVOKE UPDATE, DELETE, TRUNCATE ON events, event_tags FROM CURRENT_USER;
REVOKE ALL ON FUNCTION append_events FROM PUBLIC;
