//! One customer in one campaign, from the list to its end.

mod events;
mod numbers;
mod refusal;
#[cfg(test)]
mod tests;

use trunkline_kernel::{
    Aggregate, CallId, CampaignId, Category, CustomerId, LeadId, State as _, Tag, Timestamp,
};

use crate::campaign::AttemptPolicy;
use crate::identifier::IdentifierId;
use crate::limits;

pub use events::*;
pub use refusal::Refusal;

machine! {
    /// How far a lead has come.
    LeadState of "lead" starts New {
        /// On the list, not yet released for dialing.
        New = "NEW" {
            "readied" => Ready,
            "finished" => Done,
            "blocked" => DoNotCall,
        }
        /// May be queued.
        Ready = "READY" {
            "queued" => Queued,
            "called" => InCall,
            "held" => OnHold,
            "finished" => Done,
            "blocked" => DoNotCall,
        }
        /// Waits to be dialed.
        Queued = "QUEUED" {
            "unqueued" => Ready,
            "called" => InCall,
            "held" => OnHold,
            "finished" => Done,
            "blocked" => DoNotCall,
        }
        /// Being called.
        InCall = "IN_CALL" {
            "returned" => Ready,
            "finished" => Done,
            "blocked" => DoNotCall,
        }
        /// Rests until a time.
        OnHold = "ON_HOLD" {
            "readied" => Ready,
            "held" => OnHold,
            "finished" => Done,
            "blocked" => DoNotCall,
        }
        /// Ended, with an outcome; one that ended without an answer can be brought back.
        Done = "DONE" {
            "recycled" => Ready,
        }
        /// Must not be called.
        DoNotCall = "DO_NOT_CALL" {}
    }
}

/// What can be asked of a lead.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Put a customer on a campaign's list.
    Add(Added),
    /// Release it for queueing; one on hold only when its time has come.
    Ready,
    /// Let it wait to be dialed, or block it or let it rest when something bars it.
    Queue {
        /// What bars calling this customer now, judged at this moment by the caller.
        barred: Option<Bar>,
    },
    /// Take it out of the queue.
    Unqueue,
    /// Call it, or block it or let it rest when something bars it.
    Call {
        /// The call.
        call: CallId,
        /// The number that it dials, when it is known.
        number: Option<IdentifierId>,
        /// What bars calling this customer now, judged at this moment by the caller.
        barred: Option<Bar>,
    },
    /// The call ended and nothing is settled: the lead rests and is tried again, or is exhausted.
    Return {
        /// The call.
        call: CallId,
        /// How the attempt ended.
        outcome: AttemptOutcome,
        /// The campaign's rule.
        attempts: AttemptPolicy,
        /// When the customer wants to be called again, whatever the rule says.
        callback_at: Option<Timestamp>,
    },
    /// Let it rest.
    Hold(Held),
    /// It is settled.
    Finish(Finished),
    /// It must not be called.
    Block(Blocked),
    /// Bring it back to the list, when it ended without an answer: it is tried as often again.
    Recycle {
        /// The campaign's rule.
        attempts: AttemptPolicy,
    },
}

/// What bars a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Bar {
    /// Something that time does not change.
    ForGood(BlockReason),
    /// A rule, until a time.
    Until {
        /// When to look again.
        at: Timestamp,
        /// The rule.
        rule: String,
    },
}

/// One customer in one campaign.
#[derive(Clone, Debug, Default)]
pub struct Lead {
    state: LeadState,
    parties: Option<(CampaignId, CustomerId)>,
    call: Option<CallId>,
    attempts: u16,
    /// How many of them were made before it was brought back last.
    attempts_before: u16,
    recycled: u16,
    outcome: Option<LeadOutcome>,
    held_until: Option<Timestamp>,
    /// Whether it has waited for a better hour since the last attempt.
    has_waited: bool,
    requested: bool,
    numbers: numbers::Numbers,
}

impl Lead {
    /// How far it has come.
    pub fn state(&self) -> LeadState {
        self.state
    }

    /// The campaign it belongs to.
    pub fn campaign(&self) -> Option<CampaignId> {
        self.parties.map(|(campaign, _)| campaign)
    }

    /// The customer.
    pub fn customer(&self) -> Option<CustomerId> {
        self.parties.map(|(_, customer)| customer)
    }

    /// How often it was called.
    pub fn attempts(&self) -> u16 {
        self.attempts
    }

    /// Whether the customer asked for the call that is to be made next.
    pub fn was_requested(&self) -> bool {
        self.requested
    }

    /// Whether it has waited for a better hour since the last attempt, and does not wait again.
    pub fn has_waited(&self) -> bool {
        self.has_waited
    }

    /// The number that the next attempt dials, of those of the customer that may be dialed now, in the customer's order;
    /// `None` when there is none left.
    ///
    /// A number that there is not is never dialed again. A customer who asked to be called again is called where the
    /// customer spoke. Otherwise it is the number that was tried least, of several the first, so that they take turns.
    pub fn next_number(&self, numbers: impl IntoIterator<Item = IdentifierId>) -> Option<IdentifierId> {
        self.numbers.next(numbers, self.requested)
    }

    /// Whether an attempt has found that there is no such number.
    pub fn is_invalid(&self, number: IdentifierId) -> bool {
        self.numbers.is_invalid(number)
    }

    /// Emits the event when the machine permits it.
    fn emit(&self, event: Event, refusal: fn(LeadState) -> Refusal) -> Result<Vec<Event>, Refusal> {
        match LeadState::MACHINE.step(self.state, event.verb()) {
            Ok(_) => Ok(vec![event]),
            Err(_) if matches!(self.state, LeadState::Done | LeadState::DoNotCall) => {
                Err(Refusal::Over(self.state))
            }
            Err(_) => Err(refusal(self.state)),
        }
    }

    /// Emits the event, or a block or a rest when something bars calling.
    fn emit_unless(
        &self,
        barred: Option<Bar>,
        event: Event,
        refusal: fn(LeadState) -> Refusal,
    ) -> Result<Vec<Event>, Refusal> {
        let permitted = self.emit(event, refusal)?;
        match barred {
            Some(Bar::ForGood(reason)) => self.emit(Blocked { reason }.into(), Refusal::Over),
            Some(Bar::Until { at, rule }) => {
                self.emit(Held { until: at, rule: Some(rule) }.into(), Refusal::NotHoldable)
            }
            None => Ok(permitted),
        }
    }

    fn come_back(
        &self,
        now: Timestamp,
        returned: Returned,
        attempts: &AttemptPolicy,
        callback_at: Option<Timestamp>,
    ) -> Result<Vec<Event>, Refusal> {
        let (call, outcome) = (returned.call, returned.outcome);
        let mut events = self.emit(returned.into(), Refusal::NotInCall)?;
        if self.call != Some(call) {
            return Err(Refusal::CallMismatch);
        }
        let callback_at = callback_at.filter(|at| *at > now);
        let tried = self.attempts.saturating_sub(self.attempts_before);
        if callback_at.is_none() && tried >= attempts.attempts_max {
            events.push(Finished { outcome: LeadOutcome::Exhausted }.into());
        } else {
            let until = callback_at.unwrap_or(now.plus(attempts.rest_after(outcome)));
            events.push(Held::until(until).into());
        }
        Ok(events)
    }

    /// Why it cannot be brought back to the list, when it cannot.
    fn recyclable(&self, attempts: &AttemptPolicy) -> Result<(), Refusal> {
        let ended = self.outcome.filter(|_| self.state == LeadState::Done);
        if !ended.is_some_and(LeadOutcome::may_return) {
            return Err(Refusal::NotRecyclable(self.state));
        }
        if self.recycled >= attempts.recycles_max() { Err(Refusal::RecycledOut) } else { Ok(()) }
    }

    /// Whether it can be brought back to the list under this rule.
    pub fn is_recyclable(&self, attempts: &AttemptPolicy) -> bool {
        self.recyclable(attempts).is_ok()
    }
}

impl Aggregate for Lead {
    const CATEGORY: Category = Category::new("lead");
    type Id = LeadId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match (matches!(command, Command::Add(_)), self.parties.is_some()) {
            (true, true) => return Err(Refusal::AlreadyExists),
            (false, false) => return Err(Refusal::Unknown),
            (true, false) | (false, true) => {}
        }
        match command {
            Command::Add(added) => {
                limits::attributes("attributes", &added.attributes)?;
                Ok(vec![added.into()])
            }
            Command::Ready => {
                let events = self.emit(Readied {}.into(), Refusal::NotWaiting)?;
                if self.held_until.is_some_and(|until| now < until) {
                    return Err(Refusal::Resting);
                }
                Ok(events)
            }
            Command::Queue { barred } => self.emit_unless(barred, Queued {}.into(), Refusal::NotReady),
            Command::Unqueue => self.emit(Unqueued {}.into(), Refusal::NotQueued),
            Command::Call { call, number, barred } => {
                let attempt = self.attempts.saturating_add(1);
                self.emit_unless(barred, Called { call, attempt, number }.into(), Refusal::NotCallable)
            }
            Command::Return { call, outcome, attempts, callback_at } => {
                self.come_back(now, Returned { call, outcome }, &attempts, callback_at)
            }
            Command::Hold(held) => {
                let past = held.until <= now;
                let events = self.emit(held.into(), Refusal::NotHoldable)?;
                if past { Err(Refusal::HoldPast) } else { Ok(events) }
            }
            Command::Finish(finished) => self.emit(finished.into(), Refusal::Over),
            Command::Block(blocked) => self.emit(blocked.into(), Refusal::Over),
            Command::Recycle { attempts } => {
                self.recyclable(&attempts)?;
                let times = self.recycled.saturating_add(1);
                self.emit(Recycled { times }.into(), Refusal::NotRecyclable)
            }
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        match event {
            Event::Added(added) => self.parties = Some((added.campaign, added.customer)),
            Event::Called(called) => {
                self.call = Some(called.call);
                self.attempts = called.attempt;
                self.has_waited = false;
                self.numbers.called(called.number);
            }
            Event::Held(held) => {
                self.held_until = Some(held.until);
                self.has_waited |= held.rule.as_deref() == Some(BETTER_HOUR);
            }
            Event::Readied(_) => self.held_until = None,
            Event::Returned(returned) => {
                self.requested = returned.outcome == AttemptOutcome::Callback;
                self.numbers.returned(returned.outcome);
            }
            Event::Finished(finished) => self.outcome = Some(finished.outcome),
            Event::Recycled(recycled) => {
                (self.recycled, self.attempts_before) = (recycled.times, self.attempts);
                (self.outcome, self.held_until, self.requested) = (None, None, false);
            }
            Event::Queued(_) | Event::Unqueued(_) | Event::Blocked(_) => {}
        }
        self.state = LeadState::MACHINE.step(self.state, event.verb()).unwrap_or(self.state);
    }

    fn tags(&self, event: &Event) -> Vec<Tag> {
        let call = match event {
            Event::Called(called) => Some(called.call),
            Event::Returned(returned) => Some(returned.call),
            Event::Finished(_) | Event::Blocked(_) => self.call,
            Event::Added(_)
            | Event::Readied(_)
            | Event::Queued(_)
            | Event::Unqueued(_)
            | Event::Held(_)
            | Event::Recycled(_) => None,
        };
        let parties = self.parties.map(|(campaign, customer)| [Tag::of(campaign), Tag::of(customer)]);
        parties.into_iter().flatten().chain(call.map(Tag::of)).collect()
    }
}
