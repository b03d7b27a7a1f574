//! Customers whom we call: dialed by hand, one for each free agent, or ahead of the agents.

mod automatic;
mod list;
mod manual;
mod slot;

use serde::{Deserialize, Serialize};
use trunkline_kernel::Timestamp;
use trunkline_routing::compliance::RuleBook;
use trunkline_routing::pacing::{Limits, Mode};

use crate::chance::Lengths;

pub use list::List;

/// An outbound campaign.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Dialing {
    /// How many agents.
    pub agents: u32,
    /// How long is simulated.
    pub hours: f64,
    /// How long at the start is not counted; pacing learns in it.
    #[serde(default)]
    pub warm_up_hours: f64,
    /// When the agents begin.
    pub start: Timestamp,
    /// How calls are started.
    pub campaign: Campaign,
    /// Conversation, in seconds.
    pub talk: Lengths,
    /// After-call work, in seconds.
    pub wrap: Lengths,
    /// Whom they call.
    pub list: List,
}

/// How calls are started.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "mode", rename_all = "snake_case", deny_unknown_fields)]
pub enum Campaign {
    /// Each agent takes the next lead of the list and dials.
    Manual(Manual),
    /// One call for each free agent.
    Progressive {
        /// What the campaign may do.
        #[serde(default)]
        limits: Limits,
    },
    /// More calls than free agents, within the bound.
    Predictive {
        /// What the campaign may do.
        #[serde(default)]
        limits: Limits,
    },
}

/// How long an agent takes for what a dialer does otherwise, in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manual {
    /// Finding the next lead and keying the number in.
    pub look_up: Lengths,
    /// Listening until it is clear that a machine answered.
    pub machine: Lengths,
    /// Noting a call that reached nobody.
    pub note: Lengths,
}

/// What was measured in one run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize)]
pub struct Day {
    /// Calls dialed.
    pub dials: u64,
    /// Those that a person answered.
    pub answered: u64,
    /// Those of them that no agent took in time.
    pub abandoned: u64,
    /// Conversations with the person who was wanted.
    pub connected: u64,
    /// Dials that were wasted, as `domain.md` defines it.
    pub wasted: Wasted,
    /// Leads that a rule or the list's own checks kept from being dialed.
    pub suppressed: u64,
    /// The agents' hours that were counted.
    pub agent_hours: f64,
    /// The share of those hours in conversation and after-call work.
    pub occupancy: f64,
    /// The upper end of the one-sided 95 % interval of the abandoned share, as pacing shows it.
    pub abandonment_upper: f64,
}

/// Wasted dials by what they were; each counts once, under the first that holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Wasted {
    /// The customer had asked not to be called.
    pub do_not_call: u64,
    /// Outside the lawful hours at the customer's place.
    pub out_of_hours: u64,
    /// A person whom another lead of the list is too.
    pub duplicate: u64,
    /// A number that does not exist.
    pub invalid: u64,
    /// A machine answered.
    pub machine: u64,
    /// Somebody else answered.
    pub wrong_party: u64,
    /// Nobody answered, in a slot that was scored below the threshold.
    pub unlikely: u64,
}

impl Wasted {
    /// All of them.
    pub fn all(&self) -> u64 {
        self.do_not_call
            + self.out_of_hours
            + self.duplicate
            + self.invalid
            + self.machine
            + self.wrong_party
            + self.unlikely
    }
}

impl Day {
    /// Abandoned / live answers.
    pub fn abandonment(&self) -> f64 {
        self.abandoned as f64 / self.answered.max(1) as f64
    }

    /// Wasted / dials.
    pub fn wasted_share(&self) -> f64 {
        self.wasted.all() as f64 / self.dials.max(1) as f64
    }

    /// Conversations with the wanted person for each agent and day of eight hours.
    pub fn connected_per_agent_day(&self) -> f64 {
        self.connected as f64 / self.agent_hours * 8.0
    }
}

impl Dialing {
    /// One run under this seed, by these rules.
    pub fn run(&self, rules: &RuleBook, seed: u64) -> Day {
        match &self.campaign {
            Campaign::Manual(manual) => manual::run(self, manual, rules, seed),
            Campaign::Progressive { limits } => automatic::run(self, Mode::Progressive, *limits, rules, seed),
            Campaign::Predictive { limits } => automatic::run(self, Mode::Predictive, *limits, rules, seed),
        }
    }

    fn counted_from(&self) -> Timestamp {
        self.start.plus(crate::agenda::millis(self.warm_up_hours * 3_600.0))
    }

    fn end(&self) -> Timestamp {
        self.counted_from().plus(crate::agenda::millis(self.hours * 3_600.0))
    }
}
