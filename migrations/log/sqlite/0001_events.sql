-- The log. Times are microseconds since 1970-01-01T00:00:00Z, ids are the 16 bytes of a UUID.
CREATE TABLE events (
    position INTEGER PRIMARY KEY CHECK (position > 0),
    event_id BLOB NOT NULL UNIQUE CHECK (length(event_id) = 16),
    stream TEXT NOT NULL,
    version INTEGER NOT NULL CHECK (version > 0),
    category TEXT NOT NULL,
    type TEXT NOT NULL,
    schema_version INTEGER NOT NULL,
    -- Canonical JSON (RFC 8785), byte for byte what the digest was made of.
    payload TEXT NOT NULL,
    -- A JSON array of texts, sorted.
    tags TEXT NOT NULL,
    actor TEXT NOT NULL,
    command_id BLOB NOT NULL,
    correlation_id BLOB NOT NULL,
    causation_id BLOB,
    trace_id TEXT,
    occurred_at INTEGER NOT NULL,
    recorded_at INTEGER NOT NULL,
    digest BLOB NOT NULL CHECK (length(digest) = 32),
    UNIQUE (stream, version)
) STRICT;

-- Each ends in the position by itself: it is the row id.
CREATE INDEX events_by_category ON events (category);
CREATE INDEX events_by_type ON events (type);

-- Tags spread out, so that one read finds all that concerns a customer. Kept by the trigger alone.
CREATE TABLE event_tags (
    tag TEXT NOT NULL,
    position INTEGER NOT NULL,
    PRIMARY KEY (tag, position)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER events_spread_tags AFTER INSERT ON events WHEN new.tags <> '[]' BEGIN
    INSERT INTO event_tags (tag, position) SELECT value, new.position FROM json_each(new.tags);
END;

-- Without this an INSERT OR REPLACE would quietly delete the event whose place it takes.
CREATE TRIGGER events_no_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE position = new.position)
    OR EXISTS (SELECT 1 FROM events WHERE event_id = new.event_id)
    OR EXISTS (SELECT 1 FROM events WHERE stream = new.stream AND version = new.version)
BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: position, event id or version is taken');
END;
CREATE TRIGGER events_no_update BEFORE UPDATE ON events BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: events cannot be updated');
END;
CREATE TRIGGER events_no_delete BEFORE DELETE ON events BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: events cannot be deleted');
END;
CREATE TRIGGER event_tags_no_update BEFORE UPDATE ON event_tags BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: tags cannot be updated');
END;
CREATE TRIGGER event_tags_no_delete BEFORE DELETE ON event_tags BEGIN
    SELECT RAISE(ABORT, 'the log is append-only: tags cannot be deleted');
END;
