//! What the sequencer needs of a database: one look and one conditional commit.

use std::collections::HashMap;

use async_trait::async_trait;
use trunkline_kernel::{EventId, Position, Recorded, StreamId, Timestamp, Version};

use crate::LogError;
use crate::repeat::FoundEvents;

/// What a store says of its log.
#[derive(Debug, Default)]
pub(crate) struct Snapshot {
    /// The last position.
    pub(crate) head: Position,
    /// When the event at the head was recorded.
    pub(crate) recorded_at: Timestamp,
    /// The versions of the streams asked for; those that are missing are empty.
    pub(crate) versions: HashMap<StreamId, Version>,
    /// Those of the events asked for that are in the log.
    pub(crate) found: FoundEvents,
}

/// Why a commit did not happen.
#[derive(Debug)]
pub(crate) enum CommitError {
    /// The log's head is no longer where the events join on, or an event id or a place in a stream is taken:
    /// what was known is old. Nothing was written.
    Stale,
    /// The store failed. `transient` says that the same commit may succeed later; whether this one did is
    /// unknown until the events are looked up.
    Failed { error: LogError, transient: bool },
}

/// A database below the sequencer.
///
/// The log only ever grows at its head, so "the head is still at `h`" proves that nothing has changed since a
/// snapshot with that head. That is why one conditional commit is enough to be serializable.
#[async_trait]
pub(crate) trait Store: Send + Sync + 'static {
    /// The head of the log, and then what is asked for: from the same snapshot or a later one, never an
    /// earlier, so that a commit at this head proves that it all still holds.
    async fn look_up(&self, streams: &[StreamId], events: &[EventId]) -> Result<Snapshot, LogError>;

    /// As [`Store::look_up`], and keeps every other writer out until [`Store::commit`] or [`Store::release`]:
    /// without it a process that meets busier ones would find its knowledge old each time.
    async fn hold(&self, streams: &[StreamId], events: &[EventId]) -> Result<Snapshot, LogError>;

    /// Lets other writers in again without a commit.
    async fn release(&self);

    /// Makes these events durable, in order and all or none, when the head still is right before the first.
    /// Ends a [`Store::hold`], whatever the outcome.
    async fn commit(&self, events: &[Recorded]) -> Result<(), CommitError>;
}
