//! One telephone call, outbound or inbound, from its first trace to its classification.

mod decide;
mod events;
mod expected;
mod judged;
pub mod over_cti;
mod refusal;
#[cfg(test)]
mod tests;

use trunkline_kernel::{AgentId, CampaignId, CustomerId, LeadId, Millis, State as _, Tag, Timestamp};

use crate::identifier::IdentifierId;
use crate::policy::Policy;
use crate::words::{By, Direction};

pub use events::*;
pub use expected::{DialSlot, Worth};
pub use judged::{BRIDGE_WITHIN, Judged, Ruling, RulingVerdict};
pub use refusal::Refusal;

machine! {
    /// How far a call has come.
    CallState of "call" starts Created {
        /// Known, nothing has happened yet.
        Created = "CREATED" {
            "suppressed" => Suppressed,
            "dialed" => Dialing,
            "rang" => Ringing,
            "answered" => Answered,
            "queued" => Queued,
            "bridged" => Bridged,
            "ended" => Ended,
        }
        /// Not dialed, because a rule forbade it.
        Suppressed = "SUPPRESSED" {}
        /// Dialed, the network has not answered yet.
        Dialing = "DIALING" {
            "rang" => Ringing,
            "answered" => Answered,
            "ended" => Ended,
        }
        /// The other end rings.
        Ringing = "RINGING" {
            "answered" => Answered,
            "ended" => Ended,
        }
        /// Somebody or something answered.
        Answered = "ANSWERED" {
            "classified" => Classified,
            "queued" => Queued,
            "bridged" => Bridged,
            "ended" => Ended,
        }
        /// It is known whether a person or a machine answered.
        Classified = "CLASSIFIED" {
            "queued" => Queued,
            "bridged" => Bridged,
            "ended" => Ended,
        }
        /// Waits for an agent.
        Queued = "QUEUED" {
            "bridged" => Bridged,
            "ended" => Ended,
        }
        /// Customer and agent are connected.
        Bridged = "BRIDGED" {
            "held" => Held,
            "ended" => Ended,
        }
        /// The customer waits on the line.
        Held = "HELD" {
            "resumed" => Bridged,
            "ended" => Ended,
        }
        /// Over, not yet classified.
        Ended = "ENDED" {
            "dispositioned" => Dispositioned,
        }
        /// Over and classified; an agent's word replaces one that the system gave.
        Dispositioned = "DISPOSITIONED" {
            "dispositioned" => Dispositioned,
        }
    }
}

/// What can be asked of a call.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Make it known.
    Create(Created),
    /// Forbid the dial.
    Suppress(Suppressed),
    /// Dial, and note why that is lawful.
    Dial(Dialed),
    /// The other end rings.
    Ring,
    /// Somebody or something answered.
    Answer,
    /// It was told who answered.
    Classify(Classified),
    /// Let it wait for an agent.
    Queue(Queued),
    /// Connect it with an agent.
    Bridge(Bridged),
    /// Let the customer wait on the line.
    Hold,
    /// Go on with the conversation.
    Resume,
    /// It is over.
    End(Ended),
    /// Classify it.
    Disposition(Dispositioned),
    /// Classify it by its cause, because the agent did not within the wrap limit.
    DispositionBySystem {
        /// The wrap limit.
        policy: Policy,
    },
}

/// One telephone call.
#[derive(Clone, Debug, Default)]
pub struct Call {
    state: CallState,
    /// Absent before the call is known.
    direction: Option<Direction>,
    customer: Option<CustomerId>,
    lead: Option<LeadId>,
    campaign: Option<CampaignId>,
    agent: Option<AgentId>,
    queue: Option<String>,
    product: Option<String>,
    industry: Option<String>,
    number: Option<IdentifierId>,
    number_region: Option<String>,
    bridged: bool,
    ordered: bool,
    ring_least: Millis,
    /// Since when somebody who was not known for a machine is on the line.
    live_since: Option<Timestamp>,
    bridge_within: Option<Millis>,
    ended: Option<(Timestamp, EndCause)>,
    dispositioned_by: Option<By>,
}

impl Call {
    /// How far it has come.
    pub fn state(&self) -> CallState {
        self.state
    }

    /// Whether it is known at all.
    pub fn exists(&self) -> bool {
        self.direction.is_some()
    }

    /// The customer, when identified.
    pub fn customer(&self) -> Option<CustomerId> {
        self.customer
    }

    /// The lead it is an attempt of.
    pub fn lead(&self) -> Option<LeadId> {
        self.lead
    }

    /// The campaign it belongs to.
    pub fn campaign(&self) -> Option<CampaignId> {
        self.campaign
    }

    /// The agent it was bridged to, or else the one it is meant for.
    pub fn agent(&self) -> Option<AgentId> {
        self.agent
    }

    /// The product it is about.
    pub fn product(&self) -> Option<&String> {
        self.product.as_ref()
    }

    /// The queue that it waits in or is meant for.
    pub fn queue(&self) -> Option<&String> {
        self.queue.as_ref()
    }

    /// The customer's line of business.
    pub fn industry(&self) -> Option<&String> {
        self.industry.as_ref()
    }

    /// Who began it.
    pub fn direction(&self) -> Option<Direction> {
        self.direction
    }

    /// The number to be dialed, by its keyed hash, and the region that its calling code names.
    pub fn number(&self) -> Option<(IdentifierId, Option<&str>)> {
        self.number.map(|claim| (claim, self.number_region.as_deref()))
    }

    /// Whether our line was told to dial it.
    pub fn is_ordered(&self) -> bool {
        self.ordered
    }

    /// How long it must ring at least, by the rules that it was judged by.
    pub fn ring_least(&self) -> Millis {
        self.ring_least
    }

    /// Whether somebody answered a call that is meant for no agent, who was not known for a machine, and had to wait for
    /// one for longer than permitted until then.
    pub fn kept_waiting(&self, until: Timestamp) -> bool {
        let waited = self.live_since.map(|since| until.since(since));
        !self.bridged && waited.zip(self.bridge_within).is_some_and(|(waited, within)| waited > within)
    }

    /// Whether somebody answered who was not known for a machine.
    pub fn was_live(&self) -> bool {
        self.live_since.is_some()
    }

    /// Whether an agent has been connected.
    pub fn was_bridged(&self) -> bool {
        self.bridged
    }

    /// When it ended and why.
    pub fn ended(&self) -> Option<(Timestamp, EndCause)> {
        self.ended
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Created(created) => {
                self.direction = Some(created.direction);
                self.customer = created.customer;
                self.lead = created.lead;
                self.campaign = created.campaign;
                self.agent = created.agent;
                self.queue.clone_from(&created.queue);
                self.product.clone_from(&created.product);
                self.industry.clone_from(&created.industry);
                self.number = created.number_claim;
                self.number_region.clone_from(&created.number_region);
            }
            Event::Bridged(bridged) => {
                self.bridged = true;
                // A source that does not name the agent who spoke has not meant the one who was to speak.
                self.agent = bridged.agent;
            }
            Event::Queued(queued) => self.queue = Some(queued.queue.clone()),
            Event::Ended(ended) => self.ended = Some((at, ended.cause)),
            Event::Dispositioned(dispositioned) => self.dispositioned_by = Some(dispositioned.by),
            Event::Dialed(dialed) => {
                self.ordered = dialed.ordered;
                let judged = dialed.judged.as_ref();
                self.ring_least = judged.map_or(Millis::ZERO, Judged::ring_least);
                self.bridge_within = judged.filter(|_| self.agent.is_none()).map(Judged::bridge_within);
            }
            Event::Answered(_) => self.live_since = Some(at),
            Event::Classified(classified) if classified.answerer == Answerer::Machine => {
                self.live_since = None
            }
            Event::Suppressed(_)
            | Event::Rang(_)
            | Event::Classified(_)
            | Event::Held(_)
            | Event::Resumed(_) => {}
        }
        self.state = CallState::MACHINE.step(self.state, event.verb()).unwrap_or(self.state);
    }

    fn parties(&self) -> Vec<Tag> {
        let tags = [
            self.customer.map(Tag::of),
            self.agent.map(Tag::of),
            self.campaign.map(Tag::of),
            self.lead.map(Tag::of),
        ];
        tags.into_iter().flatten().collect()
    }
}
