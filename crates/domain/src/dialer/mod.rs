//! The one dialer: which of the servers dials. What it does it does in a term, and the log refuses what is done in an older
//! one, however late that comes.

mod events;
#[cfg(test)]
mod tests;

use trunkline_kernel::{Aggregate, Category, DialerId, Id as _, ServerId, Tag, Timestamp};
use uuid::Uuid;

pub use events::*;

/// The dialer. Its id is fixed, so that every server finds it.
pub fn of_campaigns() -> DialerId {
    DialerId::from_uuid(Uuid::from_u128(0x6469_616c_6572_0000_8000_0000_0000_0001))
}

/// What can be asked of the dialer.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Have this server dial from now on.
    Seat {
        /// Which.
        server: ServerId,
    },
}

refusals! {
    /// Why a command to the dialer, or by it, was refused.
    Refusal {
        /// Another server has begun to dial.
        TakenOver = "DIALER_TAKEN_OVER" {
            "another server dials by now",
            "nothing is to be done: this server stands by",
            "另一台服务器已接管外呼：本服务器转为待命，无需处理",
        }
    }
}

/// The one dialer.
#[derive(Clone, Debug, Default)]
pub struct Dialer {
    term: u64,
}

impl Dialer {
    /// In which term it is; 0 before anybody dialed.
    pub fn term(&self) -> u64 {
        self.term
    }

    /// Whether what is done in this term may still be done.
    ///
    /// # Errors
    /// When another server has taken over.
    pub fn permit(&self, term: u64) -> Result<(), Refusal> {
        if self.term == term { Ok(()) } else { Err(Refusal::TakenOver) }
    }
}

impl Aggregate for Dialer {
    const CATEGORY: Category = Category::new("dialer");
    type Id = DialerId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        let Command::Seat { server } = command;
        Ok(vec![Seated { server, term: self.term.saturating_add(1) }.into()])
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        let Event::Seated(Seated { term, .. }) = event;
        self.term = *term;
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        Vec::new()
    }
}
