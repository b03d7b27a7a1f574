//! One Trunkline event as one KurrentDB event, there and back. The layout is described in the module above.

use kurrentdb::{EventData, RecordedEvent};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use trunkline_kernel::{
    Actor, Cause, CommandId, CorrelationId, Digest, EventId, Id as _, NewEvent, Payload, Position, Recorded,
    SchemaVersion, StreamId, Tags, Timestamp, TraceId, Version,
};

use crate::LogError;

/// The metadata of a KurrentDB event: everything of the envelope that KurrentDB has no field for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Metadata {
    stream: StreamId,
    version: Version,
    schema_version: u16,
    tags: Tags,
    actor: Actor,
    command_id: CommandId,
    // The two names that KurrentDB's own tools follow an event's causes by.
    #[serde(rename = "$correlationId")]
    correlation_id: CorrelationId,
    #[serde(rename = "$causationId", default, skip_serializing_if = "Option::is_none")]
    causation_id: Option<EventId>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    occurred_at: Timestamp,
    recorded_at: Timestamp,
    digest: String,
    commit: Place,
}

/// Where an event stands among those that were appended with it, all or none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Place {
    /// From 1 on.
    pub(super) index: u64,
    pub(super) count: u64,
}

/// An event that was read, and where it stands in its commit.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) recorded: Recorded,
    pub(super) place: Place,
}

/// The place of a revision: KurrentDB counts from 0, the log from 1.
pub(super) fn position_of(revision: u64) -> Position {
    Position(revision.saturating_add(1))
}

/// Writes one event of a commit.
pub(super) fn encode(recorded: &Recorded, place: Place) -> Result<EventData, LogError> {
    let event = &recorded.event;
    let metadata = Metadata {
        stream: recorded.stream.clone(),
        version: recorded.version,
        schema_version: event.schema_version.0,
        tags: event.tags.clone(),
        actor: event.cause.actor.clone(),
        command_id: event.cause.command,
        correlation_id: event.cause.correlation,
        causation_id: event.cause.causation,
        trace_id: event.cause.trace.map(|trace| trace.to_string()),
        occurred_at: event.occurred_at,
        recorded_at: recorded.recorded_at,
        digest: recorded.digest.to_string(),
        commit: place,
    };
    // As raw JSON the payload reaches the server byte for byte, so that its digest still holds.
    let data = serde_json::from_str::<&RawValue>(event.payload.as_str())
        .and_then(|payload| EventData::json(event.event_type.as_str(), &payload))
        .and_then(|data| data.metadata_as_json(&metadata));
    data.map(|data| data.id(event.id.uuid())).map_err(|error| LogError::Store(Box::new(error)))
}

/// Reads one event of the ledger.
///
/// # Errors
/// [`LogError::Damaged`] when it is not one of ours or does not stand where it should.
pub(super) fn decode(event: &RecordedEvent, expected: Position) -> Result<Entry, LogError> {
    let position = position_of(event.revision);
    let damaged = |reason: String| LogError::Damaged { position, reason };
    if position != expected {
        return Err(damaged(format!(
            "the ledger goes on here and not at {expected}: were its events truncated or expired?"
        )));
    }
    let metadata: Metadata = serde_json::from_slice(&event.custom_metadata)
        .map_err(|error| damaged(format!("the metadata is not Trunkline's: {error}")))?;
    let payload = std::str::from_utf8(&event.data)
        .map_err(|error| damaged(format!("the payload is not text: {error}")))?;
    let event_type = event.event_type.parse().map_err(|error| damaged(format!("{error}")))?;
    let trace = metadata.trace_id.map(|text| text.parse::<TraceId>()).transpose();
    let trace = trace.map_err(|error| damaged(format!("the trace id is none: {error}")))?;
    let digest = metadata.digest.parse::<Digest>();
    let digest = digest.map_err(|error| damaged(format!("the digest is none: {error}")))?;
    let cause = Cause {
        actor: metadata.actor,
        command: metadata.command_id,
        correlation: metadata.correlation_id,
        causation: metadata.causation_id,
        trace,
    };
    let event = NewEvent {
        id: EventId::from_uuid(event.id),
        event_type,
        schema_version: SchemaVersion(metadata.schema_version),
        tags: metadata.tags,
        payload: Payload::stored(payload),
        cause,
        occurred_at: metadata.occurred_at,
    };
    let recorded = Recorded {
        position,
        stream: metadata.stream,
        version: metadata.version,
        recorded_at: metadata.recorded_at,
        digest,
        event,
    };
    Ok(Entry { recorded, place: metadata.commit })
}
