//! The port: what every log does, whatever it stands on.

use async_trait::async_trait;
use tokio::sync::watch;
use trunkline_kernel::{Position, Recorded, StreamId, Timestamp, Version};

use crate::{Append, AppendError, Appended, Page, Query};

/// A fault of the log or of what it stands on.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// The store behind it failed; trying again later can help.
    #[error("the log's store failed")]
    Store(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The queue of appends is full; trying again later can help.
    #[error("the log is busy: {limit} appends are waiting")]
    Busy {
        /// The limit of the queue, `log.queue_max`.
        limit: usize,
    },
    /// The log is shutting down.
    #[error("the log is closed")]
    Closed,
    /// The read breaks a limit; repeating it will not help.
    #[error("the log cannot be read so: {reason}")]
    Invalid {
        /// What is wrong and what the limit is.
        reason: String,
    },
    /// What is stored is not what was written.
    #[error("the log is damaged at position {position}: {reason}")]
    Damaged {
        /// Where.
        position: Position,
        /// What was found.
        reason: String,
    },
}

/// An append-only event log with one gapless order.
///
/// Positions become visible in order: a reader that has seen position `n` has seen, or filtered out, every
/// event before `n`. An answer to [`Log::append`] is only given after the commit is durable.
#[async_trait]
pub trait Log: Send + Sync + 'static {
    /// Appends all or nothing.
    ///
    /// # Errors
    /// See [`AppendError`].
    async fn append(&self, append: Append) -> Result<Appended, AppendError>;

    /// Reads one page in the order of the log.
    ///
    /// # Errors
    /// When the store fails or holds something that cannot be an event.
    async fn read(&self, query: &Query) -> Result<Page, LogError>;

    /// Reads the events of one stream after a version, oldest first.
    ///
    /// # Errors
    /// As [`Log::read`].
    async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, LogError>;

    /// The position of the last event.
    ///
    /// # Errors
    /// When the store fails.
    async fn head(&self) -> Result<Position, LogError>;

    /// The last position that was recorded at or before `time`, [`Position::START`] when there is none.
    ///
    /// # Errors
    /// When the store fails.
    async fn position_at(&self, time: Timestamp) -> Result<Position, LogError>;

    /// A hint of the highest position known to be readable. It can be late or lost, and then a follower's own
    /// timer finds the events: live delivery never depends on it (trap 4).
    fn hint(&self) -> watch::Receiver<Position>;

    /// Takes no more appends, waits for those under way and releases what it holds.
    async fn close(&self);
}
