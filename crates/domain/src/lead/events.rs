//! What can have happened to a lead.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{CallId, CampaignId, CustomerId, Timestamp};

use crate::identifier::IdentifierId;
use crate::words::Attributes;

words! {
    /// Why a lead came back from a call without an end.
    AttemptOutcome {
        /// Nobody answered.
        NoAnswer = "no_answer",
        /// The line was busy.
        Busy = "busy",
        /// A machine answered.
        Machine = "machine",
        /// The customer was not bridged in time.
        Abandoned = "abandoned",
        /// Somebody else answered.
        WrongParty = "wrong_party",
        /// The customer wants to be called again.
        Callback = "callback",
        /// The customer was reached and nothing is settled.
        Undecided = "undecided",
        /// The call could not be made.
        Failed = "failed",
        /// There is no such number.
        InvalidNumber = "invalid_number",
    }

    /// How a lead ended.
    LeadOutcome {
        /// The customer bought.
        Sale = "sale",
        /// The customer declined.
        Declined = "declined",
        /// Every attempt was used up.
        Exhausted = "exhausted",
        /// The customer cannot be reached, for instance by a wrong number.
        Unreachable = "unreachable",
        /// The campaign ended first.
        CampaignStopped = "campaign_stopped",
    }

    /// Why a lead must not be called.
    BlockReason {
        /// The customer asked not to be called.
        Requested = "requested",
        /// The customer's consent is missing or withdrawn.
        NoConsent = "no_consent",
        /// The number is on a do-not-call list.
        List = "list",
        /// The customer complained.
        Complaint = "complaint",
        /// A rule of the jurisdiction forbids it.
        Rule = "rule",
    }
}

impl LeadOutcome {
    /// Whether a lead that ended so may be brought back to the list: the customer has said nothing, and the campaign goes
    /// on.
    pub fn may_return(self) -> bool {
        match self {
            Self::Exhausted | Self::Unreachable => true,
            Self::Sale | Self::Declined | Self::CampaignStopped => false,
        }
    }
}

events! {
    /// What can have happened to a lead.
    Added = "lead.added" v 1;
    Readied = "lead.readied" v 1;
    Queued = "lead.queued" v 1;
    Unqueued = "lead.unqueued" v 1;
    Called = "lead.called" v 1;
    Returned = "lead.returned" v 1;
    Held = "lead.held" v 1;
    Finished = "lead.finished" v 1;
    Blocked = "lead.blocked" v 1;
    Recycled = "lead.recycled" v 1;
}

/// A customer was put on a campaign's list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Added {
    /// The campaign.
    pub campaign: CampaignId,
    /// The customer.
    pub customer: CustomerId,
    /// Higher goes first.
    pub priority: i32,
    /// Further values in the words of the source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: Attributes,
}

/// The lead may be queued.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Readied {}

/// The lead waits to be dialed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Queued {}

/// The lead was taken out of the dialing queue again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unqueued {}

/// The lead is being called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Called {
    /// The call.
    pub call: CallId,
    /// Which attempt this is, from 1.
    pub attempt: u16,
    /// The keyed hash of the number that is dialed, when it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<IdentifierId>,
}

/// The call ended and the lead is not done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Returned {
    /// The call.
    pub call: CallId,
    /// How the attempt ended.
    pub outcome: AttemptOutcome,
}

/// The lead rests.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Held {
    /// Until when.
    pub until: Timestamp,
    /// The rule that bars calls until then, when one does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
}

/// The rule by which a lead waits for an hour in which somebody is more likely to answer.
pub const BETTER_HOUR: &str = "better-hour";

/// The rule by which a lead rests that an agent was shown and did not call.
pub const SKIPPED: &str = "skipped";

impl Held {
    /// At rest until then, by somebody's wish or the campaign's attempt policy.
    pub fn until(until: Timestamp) -> Self {
        Self { until, rule: None }
    }
}

/// The lead is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Finished {
    /// How it ended.
    pub outcome: LeadOutcome,
}

/// A lead that had ended without an answer was brought back to the list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recycled {
    /// How often that has happened to it, from 1.
    pub times: u16,
}

/// The lead must not be called.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Blocked {
    /// Why.
    pub reason: BlockReason,
}
