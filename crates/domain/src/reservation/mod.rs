//! An offer of work to one agent, with a fencing token and an expiry; accepted, it is the assignment.

mod events;
mod refusal;
#[cfg(test)]
mod tests;

use trunkline_kernel::{AgentId, Aggregate, Category, ReservationId, State as _, Tag, Timestamp};

use crate::words::Work;

pub use events::*;
pub use refusal::Refusal;

machine! {
    /// How an offer stands.
    ReservationState of "reservation" starts Pending {
        /// Offered, not yet answered.
        Pending = "PENDING" {
            "accepted" => Accepted,
            "rejected" => Rejected,
            "timed_out" => TimedOut,
            "cancelled" => Cancelled,
            "rescinded" => Rescinded,
        }
        /// The agent has the work.
        Accepted = "ACCEPTED" {
            "completed" => Completed,
            "cancelled" => Cancelled,
            "rescinded" => Rescinded,
        }
        /// The agent turned it down.
        Rejected = "REJECTED" {}
        /// The agent did not answer in time.
        TimedOut = "TIMED_OUT" {}
        /// The work is gone.
        Cancelled = "CANCELLED" {}
        /// Taken back from the agent.
        Rescinded = "RESCINDED" {}
        /// The work is done.
        Completed = "COMPLETED" {}
    }
}

/// What can be asked of a reservation.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Offer work to an agent, under the token that the agent's own stream gave out.
    Offer(Offered),
    /// Take the work. Refused under another token, and after the expiry.
    Accept {
        /// The token of the offer.
        token: u64,
    },
    /// Turn the work down.
    Reject {
        /// The token of the offer.
        token: u64,
        /// Why.
        reason: RejectReason,
    },
    /// The expiry has come.
    TimeOut,
    /// The work is gone.
    Cancel(Cancelled),
    /// Take the offer or the work back from the agent.
    Rescind(Rescinded),
    /// The work is done.
    Complete {
        /// The token of the offer.
        token: u64,
    },
}

/// An offer of work to one agent.
#[derive(Clone, Debug, Default)]
pub struct Reservation {
    state: ReservationState,
    offer: Option<Offered>,
}

impl Reservation {
    /// How it stands.
    pub fn state(&self) -> ReservationState {
        self.state
    }

    /// To whom the work is offered.
    pub fn agent(&self) -> Option<AgentId> {
        self.offer.as_ref().map(|offer| offer.agent)
    }

    /// What is offered.
    pub fn work(&self) -> Option<Work> {
        self.offer.as_ref().map(|offer| offer.work)
    }

    /// Emits the event when the machine permits it.
    fn emit(&self, event: Event, refusal: fn(ReservationState) -> Refusal) -> Result<Vec<Event>, Refusal> {
        match ReservationState::MACHINE.step(self.state, event.verb()) {
            Ok(_) => Ok(vec![event]),
            Err(_) => Err(refusal(self.state)),
        }
    }
}

fn fence(offer: &Offered, token: u64) -> Result<(), Refusal> {
    if offer.token == token { Ok(()) } else { Err(Refusal::TokenStale) }
}

impl Aggregate for Reservation {
    const CATEGORY: Category = Category::new("reservation");
    type Id = ReservationId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        let (offer, command) = match (&self.offer, command) {
            (None, Command::Offer(offered)) if offered.expires_at > now => return Ok(vec![offered.into()]),
            (None, Command::Offer(_)) => return Err(Refusal::ExpiryPast),
            (None, _) => return Err(Refusal::Unknown),
            (Some(offer), command) => (offer, command),
        };
        match command {
            Command::Offer(_) => Err(Refusal::AlreadyExists),
            Command::Accept { token } => {
                fence(offer, token)?;
                let accepted = self.emit(Accepted {}.into(), Refusal::NotPending)?;
                if now < offer.expires_at { Ok(accepted) } else { Err(Refusal::Expired) }
            }
            Command::Reject { token, reason } => {
                fence(offer, token)?;
                self.emit(Rejected { reason }.into(), Refusal::NotPending)
            }
            Command::TimeOut => {
                let timed_out = self.emit(TimedOut {}.into(), Refusal::NotPending)?;
                if now < offer.expires_at { Err(Refusal::NotExpired) } else { Ok(timed_out) }
            }
            Command::Cancel(cancelled) => self.emit(cancelled.into(), Refusal::Over),
            Command::Rescind(rescinded) => self.emit(rescinded.into(), Refusal::Over),
            Command::Complete { token } => {
                fence(offer, token)?;
                self.emit(Completed {}.into(), Refusal::NotAccepted)
            }
        }
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        if let Event::Offered(offered) = event {
            self.offer = Some(offered.clone());
        }
        self.state = ReservationState::MACHINE.step(self.state, event.verb()).unwrap_or(self.state);
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        self.offer.iter().flat_map(|offer| [Tag::of(offer.agent), offer.work.tag()]).collect()
    }
}
