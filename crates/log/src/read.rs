//! What can be read.

use trunkline_kernel::{EventType, Position, Recorded, StreamId, Tag};

/// Which way to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Direction {
    /// Oldest first.
    #[default]
    Forwards,
    /// Newest first.
    Backwards,
}

/// Which events to read: those for which everything given holds. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter {
    /// Only this stream.
    pub stream: Option<StreamId>,
    /// Only streams of this category.
    pub category: Option<String>,
    /// Only events that carry all of these tags.
    pub tags: Vec<Tag>,
    /// Only events of one of these types; empty means any.
    pub types: Vec<EventType>,
}

impl Filter {
    /// Whether an event is one of those asked for.
    pub fn admits(&self, recorded: &Recorded) -> bool {
        self.stream.as_ref().is_none_or(|stream| *stream == recorded.stream)
            && self.category.as_deref().is_none_or(|category| category == recorded.stream.category())
            && self.tags.iter().all(|tag| recorded.event.tags.contains(tag))
            && (self.types.is_empty() || self.types.contains(&recorded.event.event_type))
    }
}

/// One page to read.
#[derive(Clone, Debug)]
pub struct Query {
    /// Which events.
    pub filter: Filter,
    /// Which way.
    pub direction: Direction,
    /// Where to start, itself excluded: forwards the events after it (default the start), backwards those
    /// before it (default the end).
    pub from: Option<Position>,
    /// Forwards the last position to read, backwards the first; itself included. Default none.
    pub until: Option<Position>,
    /// How many events at most.
    pub limit: usize,
}

/// A page that was read, from one snapshot of the log.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The events in the order asked for.
    pub events: Vec<Recorded>,
    /// The end of the log in the same snapshot: when `events` is shorter than the limit, a forward reader has
    /// now seen everything it asked for up to here.
    pub head: Position,
}
