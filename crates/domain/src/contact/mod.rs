//! Every dial of one customer, in all campaigns, so that caps on them hold however many agents and servers dial at once:
//! a dial is appended to this stream, whose version was read when the dial was judged.

mod events;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;

use trunkline_kernel::{
    Aggregate, CallId, CampaignId, Category, ContactId, CustomerId, Id as _, Millis, Tag, Timestamp,
};

pub use events::*;

/// How long a dial is looked at: the longest time over which a rule may count dials.
pub const REMEMBERED: Millis = Millis::from_mins(366 * 24 * 60);

/// How many dials are looked at: no rule may permit more.
pub const DIALS_MAX: usize = 1_000;

/// What can be noted of a customer's dials.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// The customer is dialed.
    Dial(Dialed),
    /// An agent speaks with the customer. Of a call that was not noted when it was dialed nothing is.
    Reach(Reached),
    /// Nobody was there in time. Of a call that was not noted when it was dialed nothing is.
    Abandon(Abandoned),
}

refusals! {
    /// Why a dial was not noted.
    Refusal {
        /// The call was noted as dialed before; every call is dialed once.
        AlreadyDialed = "CONTACT_ALREADY_DIALED" on "callId" {
            "the call was dialed before",
            "create a new call for a new attempt",
            "该通话已拨打过：请为新的外呼创建新的通话",
        }
    }
}

/// One dial of the customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Dial {
    /// The call.
    pub call: CallId,
    /// When.
    pub at: Timestamp,
    /// For which campaign.
    pub campaign: Option<CampaignId>,
    /// Whether an agent spoke with the customer.
    pub reached: bool,
    /// Whether somebody answered and no agent was there in time.
    pub abandoned: bool,
}

/// Every dial of one customer, in all campaigns.
#[derive(Clone, Debug, Default)]
pub struct Contact {
    customer: Option<CustomerId>,
    dials: VecDeque<Dial>,
}

/// What names the dials of a customer.
pub fn of(customer: CustomerId) -> ContactId {
    ContactId::from_uuid(customer.uuid())
}

impl Contact {
    /// The dials of the last year, oldest first, [`DIALS_MAX`] at most.
    pub fn dials(&self) -> impl Iterator<Item = &Dial> {
        self.dials.iter()
    }

    fn knows(&self, call: CallId) -> bool {
        self.dials.iter().any(|dial| dial.call == call)
    }

    fn note(&mut self, call: CallId, note: impl Fn(&mut Dial)) {
        self.dials.iter_mut().filter(|dial| dial.call == call).for_each(note);
    }
}

impl Aggregate for Contact {
    const CATEGORY: Category = Category::new("contact");
    type Id = ContactId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        Ok(match command {
            Command::Dial(dialed) if self.knows(dialed.call) => return Err(Refusal::AlreadyDialed),
            Command::Dial(dialed) => vec![dialed.into()],
            Command::Reach(reached) if self.knows(reached.call) => vec![reached.into()],
            Command::Abandon(abandoned) if self.knows(abandoned.call) => vec![abandoned.into()],
            Command::Reach(_) | Command::Abandon(_) => Vec::new(),
        })
    }

    fn evolve(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Dialed(Dialed { customer, call, campaign }) => {
                self.customer = Some(*customer);
                let over = |dial: &Dial| dial.at.plus(REMEMBERED) < at;
                while self.dials.len() >= DIALS_MAX || self.dials.front().is_some_and(over) {
                    self.dials.pop_front();
                }
                let (call, campaign) = (*call, *campaign);
                self.dials.push_back(Dial { call, at, campaign, reached: false, abandoned: false });
            }
            Event::Reached(Reached { call }) => self.note(*call, |dial| dial.reached = true),
            Event::Abandoned(Abandoned { call }) => self.note(*call, |dial| dial.abandoned = true),
        }
    }

    fn tags(&self, event: &Event) -> Vec<Tag> {
        let (Event::Dialed(Dialed { call, .. })
        | Event::Reached(Reached { call })
        | Event::Abandoned(Abandoned { call })) = event;
        self.customer.map(Tag::of).into_iter().chain([Tag::of(*call)]).collect()
    }
}
