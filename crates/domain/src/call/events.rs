//! What can have happened to a call.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, CampaignId, CustomerId, LeadId, Millis, Personal, PhoneNumber, Timestamp};

use super::{DialSlot, Judged, Worth};
use crate::identifier::IdentifierId;
use crate::words::{Attributes, By, Direction};

words! {
    /// Who answered an outbound call.
    Answerer {
        /// A person.
        Human = "human",
        /// A machine.
        Machine = "machine",
        /// It could not be told.
        Unknown = "unknown",
    }

    /// Why a call ended.
    EndCause {
        /// It was completed, and the source does not say who hung up.
        Completed = "completed",
        /// The agent hung up.
        AgentHangup = "agent_hangup",
        /// The customer hung up.
        CustomerHangup = "customer_hangup",
        /// Nobody answered.
        NoAnswer = "no_answer",
        /// The line was busy.
        Busy = "busy",
        /// There is no such number.
        InvalidNumber = "invalid_number",
        /// A machine answered and was hung up on.
        Machine = "machine",
        /// Outbound: answered and not bridged in time. Inbound: the customer left the queue.
        Abandoned = "abandoned",
        /// The network or the switch failed.
        Failed = "failed",
        /// The source recorded a call that never was; such calls are out of every KPI.
        Phantom = "phantom",
    }
}

events! {
    /// What can have happened to a call.
    Created = "call.created" v 1;
    Suppressed = "call.suppressed" v 1;
    Dialed = "call.dialed" v 1;
    Rang = "call.rang" v 1;
    Answered = "call.answered" v 1;
    Classified = "call.classified" v 1;
    Queued = "call.queued" v 1;
    Bridged = "call.bridged" v 1;
    Held = "call.held" v 1;
    Resumed = "call.resumed" v 1;
    Ended = "call.ended" v 1;
    Dispositioned = "call.dispositioned" v 1;
}

/// The call is known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// Who began it.
    pub direction: Direction,
    /// The customer, when identified.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// The lead it is an attempt of.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadId>,
    /// The campaign it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
    /// The agent it is meant for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// The customer's number.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "customer"))]
    pub number: Option<Personal<PhoneNumber>>,
    /// The keyed hash of the number, by which do-not-call lists know it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_claim: Option<IdentifierId>,
    /// The region that the number's calling code names, `CN`, or `NANP` for +1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number_region: Option<String>,
    /// The queue it is meant for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// The product it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The customer's line of business.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub industry: Option<String>,
    /// Our line or trunk that carries it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<String>,
    /// Higher goes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
    /// Further values in the words of the source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: Attributes,
}

impl Created {
    /// A call of which nothing else is known.
    pub fn new(direction: Direction) -> Self {
        Self {
            direction,
            customer: None,
            lead: None,
            campaign: None,
            agent: None,
            number: None,
            number_claim: None,
            number_region: None,
            queue: None,
            product: None,
            industry: None,
            line: None,
            priority: None,
            attributes: Attributes::new(),
        }
    }
}

/// A rule forbade the dial.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Suppressed {
    /// The rule.
    pub rule: String,
    /// Which version of it.
    pub rule_version: String,
    /// What was known, and what each rule said; absent where somebody else judged.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
}

/// The number was dialed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dialed {
    /// Why that was lawful: what was known, and what each rule said. Absent where Trunkline did not judge: imported
    /// history, and calls of no lead.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub judged: Option<Judged>,
    /// The hour on the customer's clock, where it is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub slot: Option<DialSlot>,
    /// Why the lead was put before others, where a model scored it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worth: Option<Worth>,
    /// Whether our line is told to dial it; agents dial other calls themselves.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub ordered: bool,
}

/// The other end rings.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rang {}

/// Somebody or something answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Answered {}

/// It was told who answered.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Classified {
    /// Who.
    #[serde(rename = "as")]
    pub answerer: Answerer,
}

/// The call waits for an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Queued {
    /// In which queue.
    pub queue: String,
    /// Higher goes first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub priority: Option<i32>,
}

/// The customer is connected with an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Bridged {
    /// The agent; absent when the source did not name one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// How long the customer waited in the queue, in milliseconds; absent without a queue.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_ms: Option<Millis>,
}

/// The customer waits on the line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Held {}

/// The conversation goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resumed {}

/// The call is over.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// Why.
    pub cause: EndCause,
    /// How long the customer waited in the queue, in milliseconds, when the call ended there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub waited_ms: Option<Millis>,
}

/// The finished call was classified.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dispositioned {
    /// The wrap-up code, a word of the campaign's list.
    pub disposition: String,
    /// Whether the person wanted was on the line.
    pub right_party: bool,
    /// Whether something was sold.
    pub sale: bool,
    /// Whether the customer asked not to be called again.
    pub do_not_call: bool,
    /// When the customer wants to be called again.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub callback_at: Option<Timestamp>,
    /// The agent's note.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "customer"))]
    pub note: Option<Personal<String>>,
    /// Who classified it.
    pub by: By,
    /// How long the after-call work took, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub wrap_ms: Option<Millis>,
}
