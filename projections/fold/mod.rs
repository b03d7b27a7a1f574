//! What folds are written in. A fold is pure over rows in memory: the rows that an event needs are named
//! beforehand and loaded in bulk, and what changed is written in bulk afterwards.

mod keyed;
mod store;

use smallvec::SmallVec;
use trunkline_domain::Event;
use trunkline_kernel::{IllegalTransition, Recorded, UnknownEvent};

pub use keyed::Keyed;
pub use store::{Key, Put, Store, Totals, Writes};

/// An event that was read and decoded once, for every projection.
#[derive(Debug)]
pub struct Decoded {
    /// The envelope.
    pub recorded: Recorded,
    /// What it says, or why this build cannot read it.
    pub body: Result<SmallVec<[Event; 1]>, UnknownEvent>,
}

impl Decoded {
    /// Decodes one event.
    pub fn new(recorded: Recorded) -> Self {
        let body = Event::decode(&recorded);
        Self { recorded, body }
    }
}

/// Why an event cannot be folded. It is parked, and the projection goes on.
#[derive(Debug, thiserror::Error)]
pub enum Unfoldable {
    /// What it changes is not there; its first event may be parked.
    #[error("the {what} that it changes is not in the read model")]
    Missing {
        /// What sort of thing.
        what: &'static str,
    },
    /// The state machine has no such step.
    #[error(transparent)]
    Illegal(#[from] IllegalTransition),
    /// Its stream is not named as its category demands.
    #[error("its stream does not name a {what}")]
    Stream {
        /// What sort of thing.
        what: &'static str,
    },
}

/// A read model's fold with the rows that it holds in memory.
pub trait Fold: Send {
    /// Names the rows that [`Fold::apply`] will need for this event.
    fn want(&mut self, recorded: &Recorded, event: &Event);

    /// Applies one event to the rows. After an error the rows in memory are thrown away.
    ///
    /// # Errors
    /// Why the event cannot be folded.
    fn apply(&mut self, recorded: &Recorded, event: &Event) -> Result<(), Unfoldable>;

    /// Finishes a batch of events, before its rows are written.
    fn settle(&mut self) {}

    /// Its rows, one store a table.
    fn stores(&mut self) -> Vec<&mut dyn Store>;
}
