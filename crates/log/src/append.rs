//! What can be appended, and what comes of it.

use trunkline_kernel::{EventId, NewEvent, Position, StreamId, Timestamp, Version};

use crate::LogError;

/// What a writer believes of a stream. The append is refused when it is not so.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expect {
    /// Nothing: append at whatever version the stream has.
    Any,
    /// The stream has no event.
    NoStream,
    /// The stream is at exactly this version.
    Exactly(Version),
}

impl Expect {
    /// The version that is expected, when one is.
    pub fn version(self) -> Option<Version> {
        match self {
            Self::Any => None,
            Self::NoStream => Some(Version::EMPTY),
            Self::Exactly(version) => Some(version),
        }
    }

    /// Whether a stream at `actual` is as expected.
    pub fn holds(self, actual: Version) -> bool {
        self.version().is_none_or(|expected| expected == actual)
    }
}

/// Events for one stream.
#[derive(Clone, Debug)]
pub struct StreamWrite {
    /// Which stream.
    pub stream: StreamId,
    /// What the writer believes of it.
    pub expect: Expect,
    /// What to append, in order; at least one.
    pub events: Vec<NewEvent>,
}

/// A belief about a stream that is not written: an invariant over several aggregates.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StreamCheck {
    /// Which stream.
    pub stream: StreamId,
    /// The version that it must be at when the append commits.
    pub version: Version,
}

/// One atomic append: all of it or nothing.
#[derive(Clone, Debug, Default)]
pub struct Append {
    /// What to write; each stream at most once.
    pub writes: Vec<StreamWrite>,
    /// What else must hold.
    pub checks: Vec<StreamCheck>,
}

impl Append {
    /// How many events it has.
    pub fn event_count(&self) -> usize {
        self.writes.iter().map(|write| write.events.len()).sum()
    }
}

/// A durable append. The events stand in the log without a gap, in the order in which they were given.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Appended {
    /// The position of the first event.
    pub first: Position,
    /// The position of the last event: what a reader passes as `minPosition`.
    pub last: Position,
    /// When the log took them.
    pub recorded_at: Timestamp,
    /// Each written stream and the version it has reached, in the order of the writes.
    pub versions: Vec<(StreamId, Version)>,
    /// Whether these same events had been appended before, so that nothing was written now.
    pub repeated: bool,
}

/// Why an append did not happen. Nothing was written, except that after [`AppendError::Log`] the outcome can be
/// unknown; the same append with the same event ids may then be repeated without harm.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// Another writer got in first, or the caller's knowledge is old.
    #[error("stream {stream} is at version {actual}, expected {expected}")]
    Conflict {
        /// The stream that is not as expected.
        stream: StreamId,
        /// What the writer believed.
        expected: Version,
        /// What is so.
        actual: Version,
    },
    /// An event id is already in the log with other content, or only part of the append is there.
    #[error("event {event} is already in the log with other content")]
    Reused {
        /// The id that was used twice.
        event: EventId,
    },
    /// The append breaks a limit or is malformed; repeating it will not help.
    #[error("the append cannot be taken: {reason}")]
    Invalid {
        /// What is wrong and what the limit is.
        reason: String,
    },
    /// The log could not be reached, is full or is closing.
    #[error("the log could not take the append")]
    Log(#[from] LogError),
}
