//! Anything said on any channel, and what was understood of it.

mod events;
#[cfg(test)]
mod tests;

use trunkline_kernel::{Aggregate, Category, InteractionId, Tag, Timestamp};

use crate::limits;

pub use events::*;

/// What can be asked of an interaction.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Record that something was said or done.
    Record(Recorded),
    /// Record what was understood of it.
    Annotate(Annotated),
}

refusals! {
    /// Why a command to an interaction was refused.
    Refusal {
        /// No interaction with this id was recorded.
        Unknown = "INTERACTION_UNKNOWN" on "id" {
            "there is no such interaction",
            "record it first, or check its id",
            "该互动记录不存在：请先记录，或检查编号",
        }
        /// An interaction with this id was recorded before.
        AlreadyExists = "INTERACTION_ALREADY_EXISTS" on "id" {
            "the interaction is already recorded",
            "use a new id for a new interaction",
            "该互动已记录：新的互动请使用新的编号",
        }
    }
}

/// Anything said on any channel.
#[derive(Clone, Debug, Default)]
pub struct Interaction {
    /// Every other party, known from the first event on; absent before it.
    parties: Option<Vec<Tag>>,
}

impl Aggregate for Interaction {
    const CATEGORY: Category = Category::new("interaction");
    type Id = InteractionId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match (command, self.parties.is_some()) {
            (Command::Record(_), true) => Err(Refusal::AlreadyExists),
            (Command::Record(recorded), false) => {
                limits::text("subject", recorded.subject.as_ref())?;
                limits::text("text", recorded.text.as_ref())?;
                limits::attributes("attributes", &recorded.attributes)?;
                Ok(vec![recorded.into()])
            }
            (Command::Annotate(_), false) => Err(Refusal::Unknown),
            (Command::Annotate(annotated), true) => {
                limits::insight(&annotated.insight)?;
                Ok(vec![annotated.into()])
            }
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        match event {
            Event::Recorded(recorded) => {
                let customer = Some(Tag::of(recorded.customer));
                let others = [recorded.agent.map(Tag::of), recorded.call.map(Tag::of)];
                self.parties = Some(customer.into_iter().chain(others.into_iter().flatten()).collect());
            }
            Event::Annotated(_) => {}
        }
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        self.parties.clone().unwrap_or_default()
    }
}
