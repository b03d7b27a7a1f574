//! An event as it stands in an export or a foreign store: a line of JSON, of which nothing can be trusted.

use serde::Deserialize;
use serde_json::value::RawValue;
use trunkline_domain::Event;
use trunkline_kernel::{
    Actor, Cause, CommandId, CorrelationId, Digest, EventId, EventType, NewEvent, Payload, Position,
    Recorded, SchemaVersion, StreamId, Tags, Timestamp, TraceId, Version,
};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Line<'a> {
    #[serde(default)]
    position: u64,
    stream: StreamId,
    #[serde(default)]
    version: u64,
    id: EventId,
    #[serde(rename = "type")]
    event_type: String,
    schema_version: u16,
    #[serde(default)]
    tags: Tags,
    #[serde(borrow)]
    payload: &'a RawValue,
    actor: Actor,
    command_id: CommandId,
    correlation_id: CorrelationId,
    causation_id: Option<EventId>,
    trace_id: Option<String>,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
}

pub(crate) fn run(bytes: &[u8]) {
    let Some(recorded) = std::str::from_utf8(bytes).ok().and_then(read) else { return };
    let again = recorded.event.digest(&recorded.stream);
    assert_eq!(
        again.ok(),
        recorded.event.digest(&recorded.stream).ok(),
        "a digest is a function of the event"
    );
    let _ = (recorded.is_intact(), recorded.own_tag());
    let Ok(events) = Event::decode(&recorded) else { return };
    for event in events {
        // What can be read can be written, and is then read as the same; twice, because the first time brings it into
        // canonical form.
        let payload = event.payload().expect("an event has a canonical form");
        let read = Event::of(event.name(), payload.as_str()).expect("what was written can be read");
        let rewritten = read.payload().expect("an event has a canonical form");
        assert_eq!(
            rewritten.as_str(),
            payload.as_str(),
            "{} is written otherwise the second time",
            event.name()
        );
    }
}

fn read(text: &str) -> Option<Recorded> {
    let line: Line<'_> = serde_json::from_str(text).ok()?;
    let event_type: EventType = line.event_type.parse().ok()?;
    assert_eq!(event_type.as_str(), line.event_type, "a type is its text");
    assert_eq!(
        line.stream.as_str().parse::<StreamId>().ok().as_ref(),
        Some(&line.stream),
        "a stream is its text"
    );
    let trace: Option<TraceId> = line.trace_id.map(|trace| trace.parse()).transpose().ok()?;
    let event = NewEvent {
        id: line.id,
        event_type,
        schema_version: SchemaVersion(line.schema_version),
        tags: line.tags,
        payload: Payload::stored(line.payload.get()),
        cause: Cause {
            actor: line.actor,
            command: line.command_id,
            correlation: line.correlation_id,
            causation: line.causation_id,
            trace,
        },
        occurred_at: line.occurred_at,
    };
    Some(Recorded {
        position: Position(line.position),
        stream: line.stream,
        version: Version(line.version),
        recorded_at: line.recorded_at,
        digest: Digest([0; 32]),
        event,
    })
}
