//! The rules of a call.

use trunkline_kernel::{Aggregate, CallId, Category, State as _, Tag, Timestamp};

use super::*;
use crate::limits;

fn check_created(created: &Created) -> Result<(), Refusal> {
    limits::word_if_any("queue", created.queue.as_ref())?;
    limits::word_if_any("product", created.product.as_ref())?;
    limits::word_if_any("industry", created.industry.as_ref())?;
    limits::word_if_any("line", created.line.as_ref())?;
    limits::attributes("attributes", &created.attributes)?;
    Ok(())
}

/// What the system calls a call that the agent did not classify.
fn system_disposition(cause: EndCause) -> Dispositioned {
    Dispositioned {
        disposition: cause.as_str().to_owned(),
        right_party: false,
        sale: false,
        do_not_call: false,
        callback_at: None,
        note: None,
        by: By::System,
        wrap_ms: None,
    }
}

impl Call {
    /// Emits the event when the machine permits it.
    fn emit(&self, event: Event, refusal: fn(CallState) -> Refusal) -> Result<Vec<Event>, Refusal> {
        match CallState::MACHINE.step(self.state, event.verb()) {
            Ok(_) => Ok(vec![event]),
            Err(_) => Err(refusal(self.state)),
        }
    }

    fn outbound(&self) -> Result<(), Refusal> {
        if self.direction == Some(Direction::Outbound) { Ok(()) } else { Err(Refusal::NotOutbound) }
    }

    /// Whether a call that has come so far can end for this cause.
    pub fn can_end_for(&self, cause: EndCause) -> bool {
        match cause {
            EndCause::NoAnswer | EndCause::Busy | EndCause::InvalidNumber => {
                matches!(self.state, CallState::Created | CallState::Dialing | CallState::Ringing)
            }
            EndCause::Machine => matches!(self.state, CallState::Answered | CallState::Classified),
            EndCause::Abandoned | EndCause::Phantom => !self.bridged,
            EndCause::AgentHangup => self.bridged,
            EndCause::Completed | EndCause::CustomerHangup | EndCause::Failed => true,
        }
    }

    fn disposition(&self, now: Timestamp, said: Dispositioned) -> Result<Vec<Event>, Refusal> {
        limits::word("disposition", &said.disposition)?;
        limits::text("note", said.note.as_ref())?;
        let (by, callback_at) = (said.by, said.callback_at);
        let events = self.emit(said.into(), Refusal::NotEnded)?;
        match (self.dispositioned_by, by) {
            (Some(By::Agent), _) | (Some(By::System), By::System) => Err(Refusal::AlreadyDispositioned),
            (None, _) | (Some(By::System), By::Agent) => match callback_at {
                Some(at) if at <= now => Err(Refusal::CallbackPast),
                Some(_) | None => Ok(events),
            },
        }
    }
}

impl Aggregate for Call {
    const CATEGORY: Category = Category::new("call");
    type Id = CallId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match (matches!(command, Command::Create(_)), self.direction.is_some()) {
            (true, true) => return Err(Refusal::AlreadyExists),
            (false, false) => return Err(Refusal::Unknown),
            (true, false) | (false, true) => {}
        }
        match command {
            Command::Create(created) => {
                check_created(&created)?;
                Ok(vec![created.into()])
            }
            Command::Suppress(suppressed) => {
                limits::word("rule", &suppressed.rule)?;
                limits::word("ruleVersion", &suppressed.rule_version)?;
                self.outbound()?;
                self.emit(suppressed.into(), Refusal::NotCreated)
            }
            Command::Dial(dialed) => {
                self.outbound()?;
                self.emit(dialed.into(), Refusal::NotCreated)
            }
            Command::Ring => self.emit(Rang {}.into(), Refusal::NotDialing),
            Command::Answer => self.emit(Answered {}.into(), Refusal::NotRinging),
            Command::Classify(classified) => self.emit(classified.into(), Refusal::NotAnswered),
            Command::Queue(queued) => {
                limits::word("queue", &queued.queue)?;
                self.emit(queued.into(), Refusal::NotQueueable)
            }
            Command::Bridge(bridged) => self.emit(bridged.into(), Refusal::NotWaiting),
            Command::Hold => self.emit(Held {}.into(), Refusal::NotBridged),
            Command::Resume => self.emit(Resumed {}.into(), Refusal::NotHeld),
            Command::End(ended) => {
                let possible = self.can_end_for(ended.cause);
                let events = self.emit(ended.into(), Refusal::Over)?;
                if possible { Ok(events) } else { Err(Refusal::CauseImpossible(self.state)) }
            }
            Command::Disposition(said) => self.disposition(now, said),
            Command::DispositionBySystem { policy } => {
                let Some((at, cause)) = self.ended else { return Err(Refusal::NotEnded(self.state)) };
                if now < at.plus(policy.wrap) {
                    return Err(Refusal::WrapRunning);
                }
                self.disposition(now, system_disposition(cause))
            }
        }
    }

    fn evolve(&mut self, at: Timestamp, event: &Event) {
        self.apply(at, event);
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        self.parties()
    }
}
