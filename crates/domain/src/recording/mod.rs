//! The recorded voices of one call: what was told to the customer, what is stored, how long it is kept, and that it
//! is gone. The audio itself is never here.

mod events;
pub mod over_http;
mod refusal;
mod retention;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use trunkline_kernel::{
    AgentId, Aggregate, CallId, Category, CustomerId, RecordingId, State as _, Tag, Timestamp,
};

use crate::limits;

pub use events::*;
pub use refusal::Refusal;
pub use retention::Retention;

/// The most cases that one recording is held for.
pub const HOLDS_MAX: usize = 20;

machine! {
    /// How far a recording has come.
    RecordingState of "recording" starts Announced {
        /// The customer was told; nothing is recorded yet.
        Announced = "ANNOUNCED" {
            "started" => Recording,
            "sealed" => Sealed,
            "erased" => Erased,
        }
        /// It is being recorded.
        Recording = "RECORDING" {
            "paused" => Paused,
            "sealed" => Sealed,
            "erased" => Erased,
        }
        /// Not recorded for a while.
        Paused = "PAUSED" {
            "resumed" => Recording,
            "sealed" => Sealed,
            "erased" => Erased,
        }
        /// All of the audio is stored, encrypted.
        Sealed = "SEALED" {
            "transcribed" => Transcribed,
            "retained" => Retained,
            "erased" => Erased,
        }
        /// It was written down what is said.
        Transcribed = "TRANSCRIBED" {
            "transcribed" => Transcribed,
            "retained" => Retained,
            "erased" => Erased,
        }
        /// Kept until a time, and not longer; it can be written down meanwhile.
        Retained = "RETAINED" {
            "transcribed" => Retained,
            "retained" => Retained,
            "erased" => Erased,
        }
        /// Its key is destroyed; nobody can hear it any more.
        Erased = "ERASED" {}
    }
}

/// What can be asked of a recording.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// The customer was told.
    Announce(Announced),
    /// Recording begins.
    Start,
    /// Recording pauses.
    Pause(Paused),
    /// Recording goes on.
    Resume,
    /// All of the audio is stored.
    Seal(Sealed),
    /// It was written down what is said.
    Transcribe(Transcribed),
    /// Keep it until then. A retention can be extended, not shortened.
    Retain(Retained),
    /// Keep it for a case, whatever else is due.
    Hold(Held),
    /// A case does not need it any more.
    Release(Released),
    /// Destroy its key. Refused while a case holds it, and, unless it is unlawful, while it has to be kept.
    Erase(Erased),
}

/// The recorded voices of one call.
#[derive(Clone, Debug, Default)]
pub struct Recording {
    state: RecordingState,
    announced: Option<Announced>,
    sealed: Option<Sealed>,
    until: Option<Timestamp>,
    cases: BTreeSet<String>,
}

impl Recording {
    /// How far it has come.
    pub fn state(&self) -> RecordingState {
        self.state
    }

    /// What was said when it was announced; absent when no such recording is known.
    pub fn announced(&self) -> Option<&Announced> {
        self.announced.as_ref()
    }

    /// The call.
    pub fn call(&self) -> Option<CallId> {
        self.announced.as_ref().map(|announced| announced.call)
    }

    /// The customer whose voice it is.
    pub fn customer(&self) -> Option<CustomerId> {
        self.announced.as_ref()?.customer
    }

    /// The agent whose voice it is.
    pub fn agent(&self) -> Option<AgentId> {
        let spoke = self.sealed.as_ref().and_then(|sealed| sealed.agent);
        spoke.or_else(|| self.announced.as_ref()?.agent)
    }

    /// What is stored, once all of it is.
    pub fn sealed(&self) -> Option<&Sealed> {
        self.sealed.as_ref()
    }

    /// Until when it has to be kept.
    pub fn until(&self) -> Option<Timestamp> {
        self.until
    }

    /// Whether a case holds it.
    pub fn is_held(&self) -> bool {
        !self.cases.is_empty()
    }

    /// Emits the event when the machine permits it.
    fn emit(&self, event: impl Into<Event>, refusal: fn(RecordingState) -> Refusal) -> Decision {
        let event = event.into();
        match RecordingState::MACHINE.step(self.state, event.verb()) {
            Ok(_) => Ok(vec![event]),
            Err(_) => Err(refusal(self.state)),
        }
    }

    fn retain(&self, retained: Retained) -> Decision {
        match self.until {
            Some(until) if retained.until < until => Err(Refusal::RetentionShortened),
            Some(until) if retained.until == until => Ok(Vec::new()),
            Some(_) | None => self.emit(retained, Refusal::NotSealed),
        }
    }

    fn hold(&self, held: Held) -> Decision {
        limits::word("case", &held.case)?;
        if self.cases.contains(&held.case) {
            Err(Refusal::AlreadyHeld)
        } else if self.cases.len() >= HOLDS_MAX {
            Err(Refusal::HoldsTooMany)
        } else {
            Ok(vec![held.into()])
        }
    }

    fn erase(&self, now: Timestamp, erased: Erased) -> Decision {
        if self.is_held() {
            return Err(Refusal::Held);
        }
        let kept = self.until.is_some_and(|until| now < until);
        match erased.reason {
            EraseReason::Abandoned if self.sealed.is_some() => Err(Refusal::AlreadySealed(self.state)),
            EraseReason::RetentionOver if self.until.is_none() => Err(Refusal::RetentionRunning),
            EraseReason::RetentionOver | EraseReason::PersonErased if kept => Err(Refusal::RetentionRunning),
            EraseReason::Abandoned
            | EraseReason::RetentionOver
            | EraseReason::PersonErased
            | EraseReason::Unlawful => Ok(vec![erased.into()]),
        }
    }
}

type Decision = Result<Vec<Event>, Refusal>;

impl Aggregate for Recording {
    const CATEGORY: Category = Category::new("recording");
    type Id = RecordingId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, now: Timestamp, command: Command) -> Decision {
        match (&self.announced, command) {
            (None, Command::Announce(announced)) => Ok(vec![announced.into()]),
            (None, _) => Err(Refusal::Unknown),
            (Some(_), Command::Announce(_)) => Err(Refusal::AlreadyExists),
            (Some(_), Command::Erase(_)) if self.state == RecordingState::Erased => Ok(Vec::new()),
            (Some(_), _) if self.state == RecordingState::Erased => Err(Refusal::Gone),
            (Some(_), Command::Start) => self.emit(Started {}, Refusal::StepIllegal),
            (Some(_), Command::Pause(paused)) => self.emit(paused, Refusal::StepIllegal),
            (Some(_), Command::Resume) => self.emit(Resumed {}, Refusal::StepIllegal),
            (Some(_), Command::Seal(sealed)) => {
                limits::word("mediaType", &sealed.media_type)?;
                self.emit(sealed, Refusal::AlreadySealed)
            }
            (Some(_), Command::Transcribe(transcribed)) => {
                limits::word("engine", &transcribed.engine)?;
                limits::word_if_any("language", transcribed.language.as_ref())?;
                self.emit(transcribed, Refusal::NotSealed)
            }
            (Some(_), Command::Retain(retained)) => self.retain(retained),
            (Some(_), Command::Hold(held)) => self.hold(held),
            (Some(_), Command::Release(released)) if self.cases.contains(&released.case) => {
                Ok(vec![released.into()])
            }
            (Some(_), Command::Release(_)) => Err(Refusal::NotHeld),
            (Some(_), Command::Erase(erased)) => self.erase(now, erased),
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        match event {
            Event::Announced(announced) => self.announced = Some(announced.clone()),
            Event::Sealed(sealed) => self.sealed = Some(sealed.clone()),
            Event::Retained(retained) => self.until = Some(retained.until),
            Event::Held(held) => {
                self.cases.insert(held.case.clone());
            }
            Event::Released(released) => {
                self.cases.remove(&released.case);
            }
            Event::Started(_)
            | Event::Paused(_)
            | Event::Resumed(_)
            | Event::Transcribed(_)
            | Event::Erased(_) => {}
        }
        self.state = RecordingState::MACHINE.step(self.state, event.verb()).unwrap_or(self.state);
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        let parties = [self.call().map(Tag::of), self.customer().map(Tag::of), self.agent().map(Tag::of)];
        parties.into_iter().flatten().collect()
    }
}
