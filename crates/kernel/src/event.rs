//! Events, before and after the log has taken them.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256};

use crate::{Actor, Cause, EventId, Id, Position, StreamId, Tag, Tags, Timestamp, Version};

/// The longest event type in bytes.
const EVENT_TYPE_BYTES_MAX: usize = 100;

/// The stored name of an event, `category.past_tense`, for instance `call.bridged`. Permanent once stored and
/// never derived from a Rust path. Cheap to clone.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EventType(Name);

#[derive(Clone)]
enum Name {
    Known(&'static str),
    Read(Arc<str>),
}

impl Name {
    fn as_str(&self) -> &str {
        match self {
            Self::Known(name) => name,
            Self::Read(name) => name,
        }
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Name {}

impl PartialOrd for Name {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Name {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.as_str().cmp(other.as_str())
    }
}

impl std::hash::Hash for Name {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.as_str().hash(state);
    }
}

/// A text that is not an event type.
#[derive(Debug, thiserror::Error)]
#[error("{text:?} is not an event type: it takes `category.past_tense` of a-z and _")]
pub struct InvalidEventType {
    text: String,
}

impl EventType {
    /// A name that the program declares.
    pub const fn known(name: &'static str) -> Self {
        Self(Name::Known(name))
    }

    /// The whole name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

impl FromStr for EventType {
    type Err = InvalidEventType;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b == b'_');
        let holds = text.len() <= EVENT_TYPE_BYTES_MAX
            && text.split_once('.').is_some_and(|(category, name)| word(category) && word(name));
        if holds {
            Ok(Self(Name::Read(text.into())))
        } else {
            Err(InvalidEventType { text: text.chars().take(EVENT_TYPE_BYTES_MAX).collect() })
        }
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// Which shape of its type a payload has; the first is 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SchemaVersion(pub u16);

impl SchemaVersion {
    /// The shape that a type is born with.
    pub const FIRST: Self = Self(1);
}

/// What an event says, as canonical JSON (RFC 8785): the bytes stored are the bytes hashed. Cheap to clone.
#[derive(Clone, PartialEq, Eq)]
pub struct Payload(Arc<str>);

impl Payload {
    /// Writes a value in canonical form.
    ///
    /// # Errors
    /// When the value has no JSON form, for instance a map whose keys are not texts.
    pub fn of<T: Serialize>(value: &T) -> serde_json::Result<Self> {
        serde_json_canonicalizer::to_string(value).map(|text| Self(text.into()))
    }

    /// Takes a text that a log has stored, unchanged, so that its digest can still be checked.
    pub fn stored(text: &str) -> Self {
        Self(text.into())
    }

    /// The canonical text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Reads the value.
    ///
    /// # Errors
    /// When the text does not have the shape of `T`.
    pub fn read<T: DeserializeOwned>(&self) -> serde_json::Result<T> {
        serde_json::from_str(&self.0)
    }
}

impl fmt::Debug for Payload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Payloads can hold personal data and debug output ends in logs.
        write!(f, "payload of {} bytes", self.0.len())
    }
}

/// SHA-256 over an event's canonical form: see [`NewEvent::digest`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Digest {
    type Err = hex::FromHexError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes)?;
        Ok(Self(bytes))
    }
}

/// An event as its writer hands it to the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewEvent {
    /// Chosen by the writer, so that an append can be repeated without harm.
    pub id: EventId,
    /// What happened.
    pub event_type: EventType,
    /// The shape of the payload.
    pub schema_version: SchemaVersion,
    /// Every other party.
    pub tags: Tags,
    /// What it says.
    pub payload: Payload,
    /// Why it happened.
    pub cause: Cause,
    /// When it happened in the world; the log adds when it was recorded.
    pub occurred_at: Timestamp,
}

/// The canonical form of an event. The fields stand in the order of their names, as RFC 8785 asks, and texts
/// here need no escapes beyond those that `serde_json` writes as the RFC does.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Canonical<'a> {
    actor: &'a Actor,
    #[serde(skip_serializing_if = "Option::is_none")]
    causation_id: Option<EventId>,
    command_id: crate::CommandId,
    correlation_id: crate::CorrelationId,
    event_id: EventId,
    occurred_at: Timestamp,
    payload: &'a RawValue,
    schema_version: u16,
    stream: &'a StreamId,
    tags: &'a Tags,
    #[serde(skip_serializing_if = "Option::is_none")]
    trace_id: Option<String>,
    #[serde(rename = "type")]
    event_type: &'a str,
}

impl NewEvent {
    /// SHA-256 over everything the writer said, as one canonical JSON object (RFC 8785) with the keys
    /// `actor`, `causationId`, `commandId`, `correlationId`, `eventId`, `occurredAt`, `payload`,
    /// `schemaVersion`, `stream`, `tags`, `traceId`, `type`, absent ones left out. What the log adds
    /// (position, version, recorded-at) is not in it, so that a repeated append has the same digest.
    ///
    /// # Errors
    /// When the payload is not JSON, which only a damaged store can bring about.
    pub fn digest(&self, stream: &StreamId) -> serde_json::Result<Digest> {
        let canonical = Canonical {
            actor: &self.cause.actor,
            causation_id: self.cause.causation,
            command_id: self.cause.command,
            correlation_id: self.cause.correlation,
            event_id: self.id,
            occurred_at: self.occurred_at,
            payload: serde_json::from_str(self.payload.as_str())?,
            schema_version: self.schema_version.0,
            stream,
            tags: &self.tags,
            trace_id: self.cause.trace.map(|trace| trace.to_string()),
            event_type: self.event_type.as_str(),
        };
        let text = serde_json::to_vec(&canonical)?;
        Ok(Digest(Sha256::digest(&text).into()))
    }
}

/// An event as the log has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recorded {
    /// Its place in the whole log.
    pub position: Position,
    /// The stream it belongs to.
    pub stream: StreamId,
    /// Its place in the stream.
    pub version: Version,
    /// When the log took it; never earlier than the event before it.
    pub recorded_at: Timestamp,
    /// The digest that was stored with it.
    pub digest: Digest,
    /// What its writer said.
    pub event: NewEvent,
}

impl Recorded {
    /// Whether the event still is what its digest says.
    pub fn is_intact(&self) -> bool {
        self.event.digest(&self.stream).is_ok_and(|digest| digest == self.digest)
    }

    /// The id of the given kind that this event concerns: its own stream's, or else among its tags.
    pub fn about<I: Id>(&self) -> Option<I> {
        self.stream.id().or_else(|| self.event.tags.id())
    }

    /// The tag of the stream itself, when the stream is named by a typed id.
    pub fn own_tag(&self) -> Option<Tag> {
        format!("{}:{}", self.stream.category(), self.stream.key()).parse().ok()
    }
}
