//! What routing decided at one moment: the record from which it can be decided again, byte for byte.

mod events;
#[cfg(test)]
mod tests;

use trunkline_kernel::{Aggregate, Category, DecisionId, Tag, Timestamp};

use crate::limits;
use crate::model::SHADOWS_MAX;
use crate::words::Work;

pub use events::*;

/// The most pieces of work that are decided on together: each is a tag of the event.
pub const WORKS_MAX: usize = 20;

/// What can be asked of a decision.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Keep what was decided.
    Make(Made),
    /// Keep what models said of it that decided nothing. Nothing happens when they were kept before.
    Shadow(Shadowed),
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
        /// There is no such decision.
        Unknown = "DECISION_UNKNOWN" on "id" {
            "there is no such decision",
            "check the id",
            "该路由决策不存在：请检查编号",
        }
    }
}

/// What routing decided at one moment.
#[derive(Clone, Debug, Default)]
pub struct Decision {
    works: Vec<Work>,
    shadowed: bool,
}

impl Aggregate for Decision {
    const CATEGORY: Category = Category::new("decision");
    type Id = DecisionId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match command {
            Command::Make(_) if !self.works.is_empty() => Err(Refusal::AlreadyMade),
            Command::Make(made) => {
                limits::range("works", (1..=WORKS_MAX).contains(&made.works.len()))?;
                Ok(vec![made.into()])
            }
            Command::Shadow(_) if self.works.is_empty() => Err(Refusal::Unknown),
            Command::Shadow(_) if self.shadowed => Ok(Vec::new()),
            Command::Shadow(shadowed) => {
                limits::range("shadows", (1..=SHADOWS_MAX).contains(&shadowed.shadows.len()))?;
                Ok(vec![shadowed.into()])
            }
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        match event {
            Event::Made(made) => self.works.clone_from(&made.works),
            Event::Shadowed(_) => self.shadowed = true,
        }
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        self.works.iter().map(|work| work.tag()).collect()
    }
}
