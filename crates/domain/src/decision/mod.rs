//! What routing decided at one moment: the record from which it can be decided again, byte for byte.

mod events;
#[cfg(test)]
mod tests;

use trunkline_kernel::{Aggregate, Category, DecisionId, Tag, Timestamp};

use crate::words::Work;

pub use events::*;

/// The most pieces of work that are decided on together: each is a tag of the event.
pub const WORKS_MAX: usize = 20;

/// What can be asked of a decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Keep what was decided.
    Make(Made),
}

refusals! {
    /// Why a command to a decision was refused.
    Refusal {
        /// A decision is made once and stays as it is.
        AlreadyMade = "DECISION_ALREADY_MADE" on "id" {
            "the decision was made before",
            "use a new id for a new decision",
            "该路由决策已存在：新的决策请使用新的编号",
        }
    }
}

/// What routing decided at one moment.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    works: Vec<Work>,
}

impl Aggregate for Decision {
    const CATEGORY: Category = Category::new("decision");
    type Id = DecisionId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        let Command::Make(made) = command;
        if !self.works.is_empty() {
            return Err(Refusal::AlreadyMade);
        }
        crate::limits::range("works", (1..=WORKS_MAX).contains(&made.works.len()))?;
        Ok(vec![made.into()])
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        let Event::Made(made) = event;
        self.works.clone_from(&made.works);
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        self.works.iter().map(|work| work.tag()).collect()
    }
}
