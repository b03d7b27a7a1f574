//! The tables of the KPI read model, roll-ups apart.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use trunkline_database::{Cell, Json, Kind, Value, table};
use trunkline_domain::agent::Presence;
use trunkline_domain::call::{Answerer, CallState, EndCause};
use trunkline_domain::words::{By, Direction};
use trunkline_insight::Sums;
use trunkline_kernel::{
    AgentId, CallId, CampaignId, CustomerId, LeadId, Personal, PhoneNumber, Position, Timestamp,
};

use crate::words::{As, Word};

table! {
    /// A call as it is known now: what figures drill down to.
    #[derive(Clone, Debug, PartialEq)]
    pub struct CallRow = "calls" key(call_id) {
        /// The call.
        pub call_id: CallId,
        /// Who began it.
        pub direction: As<Direction>,
        /// How far it has come.
        pub state: As<CallState>,
        /// The customer, when identified.
        pub customer_id: Option<CustomerId>,
        /// The lead it is an attempt of.
        pub lead_id: Option<LeadId>,
        /// The campaign it belongs to.
        pub campaign_id: Option<CampaignId>,
        /// The agent who answered it, or whom it is meant for.
        pub agent_id: Option<AgentId>,
        /// That agent's team when the call was answered.
        pub team: Option<String>,
        /// The queue.
        pub queue: Option<String>,
        /// The product it is about.
        pub product: Option<String>,
        /// The customer's line of business.
        pub industry: Option<String>,
        /// Our line or trunk that carries it.
        pub line: Option<String>,
        /// The customer's number in E.164.
        pub number: Option<Personal<PhoneNumber>>,
        /// Higher goes first.
        pub priority: Option<i64>,
        /// Further values in the words of the source.
        pub attributes: Json<BTreeMap<String, String>>,
        /// When it began: the window in which it counts.
        pub started_at: Timestamp,
        /// When it was dialed.
        pub dialed_at: Option<Timestamp>,
        /// Whether it is the lead's first dial in this hour; calls without a lead always are.
        pub first_in_slot: bool,
        /// When it was answered by anybody or anything.
        pub answered_at: Option<Timestamp>,
        /// Who answered an outbound call.
        pub answerer: Option<As<Answerer>>,
        /// When it entered the queue.
        pub queued_at: Option<Timestamp>,
        /// How long it waited in the queue, in milliseconds, once that is over.
        pub waited_ms: Option<i64>,
        /// When an agent answered.
        pub bridged_at: Option<Timestamp>,
        /// When the present hold began.
        pub held_at: Option<Timestamp>,
        /// How long it was on hold, in milliseconds.
        pub hold_ms: i64,
        /// When it ended.
        pub ended_at: Option<Timestamp>,
        /// Why it ended.
        pub cause: Option<As<EndCause>>,
        /// Conversation in milliseconds, holding left out, once it is over.
        pub talk_ms: Option<i64>,
        /// After-call work in milliseconds.
        pub wrap_ms: Option<i64>,
        /// The rule that forbade the dial.
        pub suppressed_by: Option<String>,
        /// How soon after a person's answer an agent had to be there, in milliseconds; of calls that the dialer judged and
        /// that were meant for no agent.
        pub bridge_within_ms: Option<i64>,
        /// Whether a person answered its dial and no agent was there in time.
        pub abandoned: bool,
        /// The hour of the dial on the customer's clock, 0 to 23.
        pub slot_hour: Option<i64>,
        /// Whether it was a Saturday or a Sunday there.
        pub slot_weekend: Option<bool>,
        /// The chance of an answer that was known for the hour.
        pub slot_chance: Option<f64>,
        /// The chance below which the campaign lets leads wait.
        pub slot_least: Option<f64>,
        /// The wrap-up code.
        pub disposition: Option<String>,
        /// Whether the person wanted was on the line.
        pub right_party: Option<bool>,
        /// Whether something was sold.
        pub sale: Option<bool>,
        /// Whether the customer asked not to be called again.
        pub do_not_call: Option<bool>,
        /// When the customer wants to be called again.
        pub callback_at: Option<Timestamp>,
        /// The agent's note.
        pub note: Option<Personal<String>>,
        /// Who classified it.
        pub dispositioned_by: Option<As<By>>,
        /// From which event on its figures are known as they are.
        pub known_from: Position,
        /// The event that changed it last.
        pub position: Position,
    }
}

/// Sums in a column of JSON: an object of those that are not zero.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct NonZero(pub Sums);

impl Cell for NonZero {
    const KIND: Kind = Kind::Json;

    fn value(&self) -> Value {
        // Written by hand, because every step of every call passes here and names need no escapes.
        let mut text = String::with_capacity(96);
        text.push('{');
        for (name, value) in Sums::NAMES.iter().zip(self.0.values()).filter(|(_, value)| *value != 0) {
            let comma = if text.len() > 1 { "," } else { "" };
            // Writing to a text cannot fail.
            let _ = write!(text, "{comma}\"{name}\":{value}");
        }
        text.push('}');
        Value::Json(text)
    }

    fn read(value: Value) -> Option<Self> {
        let Json(stored) = Json::<BTreeMap<String, i64>>::read(value)?;
        let mut sums = Sums::default();
        stored.iter().for_each(|(name, value)| {
            sums.set(name, *value);
        });
        Some(Self(sums))
    }
}

table! {
    /// What was known of a call before: for figures as they were known at a time.
    #[derive(Clone, Debug, PartialEq)]
    pub struct CallHistoryRow = "call_history" key(started_at, call_id, known_from) {
        /// When the call began: the window in which it counts.
        pub started_at: Timestamp,
        /// The call.
        pub call_id: CallId,
        /// From which event on this was known.
        pub known_from: Position,
        /// The event that changed it.
        pub known_until: Position,
        /// The dimensions, then.
        pub dimensions: Json<super::Dimensions>,
        /// What the call added to each sum, then; zeros left out.
        pub sums: NonZero,
    }
}

table! {
    /// An agent's team and presence, for the dimensions of calls and the agents' time.
    #[derive(Clone, Debug, PartialEq)]
    pub struct KpiAgentRow = "kpi_agents" key(agent_id) {
        /// The agent.
        pub agent_id: AgentId,
        /// The team, by its name.
        pub team: Option<String>,
        /// What the agent is doing.
        pub presence: As<Presence>,
        /// Since when.
        pub since: Timestamp,
    }
}

table! {
    /// A time that an agent spent in one state, once it is over.
    #[derive(Clone, Debug, PartialEq)]
    pub struct PresenceRow = "agent_intervals" key(started_at, agent_id) {
        /// When it began.
        pub started_at: Timestamp,
        /// The agent.
        pub agent_id: AgentId,
        /// When it ended.
        pub ended_at: Timestamp,
        /// The state.
        pub presence: As<Presence>,
        /// The agent's team.
        pub team: Option<String>,
        /// The event that ended it.
        pub known_from: Position,
    }
}

table! {
    /// When a lead was dialed last, so that redials within one hour are counted once.
    #[derive(Clone, Debug, PartialEq)]
    pub struct KpiLeadRow = "kpi_leads" key(lead_id) {
        /// The lead.
        pub lead_id: LeadId,
        /// The hour of the last dial.
        pub last_slot: Timestamp,
    }
}

table! {
    /// How many dials of a campaign were answered by a person, by the hour of the customer's day.
    #[derive(Clone, Debug, PartialEq)]
    pub struct AnswerRow = "answers" key(campaign_id, weekend, hour) {
        /// The campaign.
        pub campaign_id: CampaignId,
        /// Whether it was a Saturday or a Sunday for the customer.
        pub weekend: bool,
        /// The hour of the customer's day, 0 to 23.
        pub hour: i64,
        /// Dials.
        pub dials: i64,
        /// Those of them that a person answered.
        pub answered: i64,
    }
}

/// What happened to a lead that figures count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LeadMark {
    /// It was put on a list.
    Added,
    /// It was dialed for the first time.
    Dialed,
}

impl Word for LeadMark {
    fn word(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Dialed => "dialed",
        }
    }

    fn of_word(word: &str) -> Option<Self> {
        [Self::Added, Self::Dialed].into_iter().find(|mark| mark.word() == word)
    }
}

table! {
    /// Something that happened to a lead and that figures count.
    #[derive(Clone, Debug, PartialEq)]
    pub struct LeadMarkRow = "lead_marks" key(occurred_at, lead_id, mark) {
        /// When it happened.
        pub occurred_at: Timestamp,
        /// The lead.
        pub lead_id: LeadId,
        /// What happened.
        pub mark: As<LeadMark>,
        /// The campaign.
        pub campaign_id: Option<CampaignId>,
        /// The event.
        pub known_from: Position,
    }
}
