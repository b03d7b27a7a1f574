//! Aggregates: pure deciders over their own history.

use std::fmt;

use crate::{Category, EventType, Id, Payload, SchemaVersion, Tag, Timestamp};

/// Business rules of one kind of thing: which events a command leads to, and what state events lead to.
///
/// Both functions are total and pure: no I/O, no clock, no randomness; `evolve` cannot fail.
pub trait Aggregate: Clone + Default + fmt::Debug + Send + Sync + 'static {
    /// The category of its streams. Permanent.
    const CATEGORY: Category;
    /// What names one of them.
    type Id: Id;
    /// What can be asked of it.
    type Command: Send;
    /// What can have happened to it.
    type Event: StoredEvent;
    /// Why a command can be refused.
    type Refusal: Refusal;

    /// The events that a command leads to, none when there is nothing left to do.
    ///
    /// # Errors
    /// The business rule that stands against it.
    fn decide(&self, now: Timestamp, command: Self::Command) -> Result<Vec<Self::Event>, Self::Refusal>;

    /// The state after an event that occurred at `at`.
    fn evolve(&mut self, at: Timestamp, event: &Self::Event);

    /// The other parties of an event, asked of the state after it. The stream's own tag is added by the caller.
    fn tags(&self, event: &Self::Event) -> Vec<Tag>;
}

/// An event that can be stored and read again.
pub trait StoredEvent: Clone + fmt::Debug + PartialEq + Send + Sync + Sized + 'static {
    /// Its permanent name.
    fn event_type(&self) -> EventType;

    /// The shape that [`Self::payload`] writes today.
    fn schema_version(&self) -> SchemaVersion;

    /// What it says, in canonical form.
    ///
    /// # Errors
    /// When a value has no JSON form, which a test of every event type rules out.
    fn payload(&self) -> serde_json::Result<Payload>;

    /// Reads a payload of today's shape; older shapes go through an upcaster first.
    ///
    /// # Errors
    /// When the name is not one of this aggregate's, or the payload has another shape.
    fn decode(event_type: &str, payload: &str) -> Result<Self, UnknownEvent>;
}

/// A stored event that this build cannot read.
#[derive(Debug, thiserror::Error)]
pub enum UnknownEvent {
    /// No event of that name is declared.
    #[error("no event type {event_type:?} is known to this build")]
    Type {
        /// The name that was stored.
        event_type: String,
    },
    /// The version is neither the one declared nor an older one that can be read.
    #[error(
        "events of type {event_type:?} in schema version {version} cannot be read by this build: use the build \
         that wrote them or a newer one"
    )]
    Version {
        /// The name that was stored.
        event_type: String,
        /// The version that was stored.
        version: u16,
    },
    /// The payload does not have the declared shape.
    #[error("the payload of an event of type {event_type:?} does not have the shape of its schema")]
    Shape {
        /// The name that was stored.
        event_type: String,
        /// Where reading failed.
        #[source]
        source: serde_json::Error,
    },
}

/// Why a command was refused: data for the client, not a fault.
pub trait Refusal: std::error::Error + Send + Sync + 'static {
    /// The stable code, `CALL_NOT_RINGING`. Each has a page under `schema/errors`.
    fn code(&self) -> &'static str;

    /// The input field that the refusal is about, in the API's spelling, when there is one.
    fn field(&self) -> Option<&'static str> {
        None
    }
}
