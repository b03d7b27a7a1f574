//! A command that carries an idempotency key: the answer it was first given, to be given again. Its stream is
//! named by a UUID made of the actor and the key.

mod events;
#[cfg(test)]
mod tests;

use serde_json::Value;
use trunkline_kernel::{Aggregate, Category, CommandId, Tag, Timestamp};

pub use events::*;

/// What can be asked of a keyed command.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Keep the answer.
    Answer(Answered),
}

refusals! {
    /// Why keeping an answer was refused.
    Refusal {
        /// The command was carried out before; its first answer stands.
        AlreadyAnswered = "COMMAND_ALREADY_ANSWERED" on "idempotencyKey" {
            "the command was already carried out",
            "take the first answer",
            "该操作已经执行过：请使用首次结果",
        }
        /// The idempotency key was used before for something else.
        KeyReused = "IDEMPOTENCY_KEY_REUSED" on "idempotencyKey" {
            "this idempotency key was used for another request",
            "use a new key for each request, and the same key only to repeat the same request",
            "幂等键已用于其他请求：每个请求请使用新的键，仅在重复同一请求时使用相同的键",
        }
    }
}

/// A command that carries an idempotency key.
#[derive(Clone, Debug, Default)]
pub struct KeyedCommand {
    answered: Option<Answered>,
}

impl KeyedCommand {
    /// The answer that was first given to what has this fingerprint, when it was given.
    ///
    /// # Errors
    /// When the key was used for something else.
    pub fn first_answer(&self, fingerprint: &str) -> Result<Option<&Value>, Refusal> {
        match &self.answered {
            Some(answered) if answered.fingerprint == fingerprint => Ok(Some(&answered.answer)),
            Some(_) => Err(Refusal::KeyReused),
            None => Ok(None),
        }
    }
}

impl Aggregate for KeyedCommand {
    const CATEGORY: Category = Category::new("command");
    type Id = CommandId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        let Command::Answer(answered) = command;
        match self.first_answer(&answered.fingerprint)? {
            Some(_) => Err(Refusal::AlreadyAnswered),
            None => Ok(vec![answered.into()]),
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        let Event::Answered(answered) = event;
        self.answered = Some(answered.clone());
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        Vec::new()
    }
}
