//! What can have happened to a reservation.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, Timestamp};

use crate::words::Work;

words! {
    /// Why an agent turned an offer down.
    RejectReason {
        /// Busy with something else.
        Busy = "busy",
        /// Not able to do this work.
        Unsuitable = "unsuitable",
        /// Any other reason.
        Other = "other",
    }

    /// Why an offer was taken back.
    RescindReason {
        /// Another agent was faster.
        TakenByAnother = "taken_by_another",
        /// The agent went offline.
        AgentGone = "agent_gone",
        /// A supervisor asked for it.
        Supervisor = "supervisor",
    }

    /// Why an offer became pointless.
    CancelReason {
        /// The work is gone, for instance the customer hung up.
        WorkGone = "work_gone",
        /// A supervisor asked for it.
        Supervisor = "supervisor",
    }
}

events! {
    /// What can have happened to a reservation.
    Offered = "reservation.offered" v 1;
    Accepted = "reservation.accepted" v 1;
    Rejected = "reservation.rejected" v 1;
    TimedOut = "reservation.timed_out" v 1;
    Cancelled = "reservation.cancelled" v 1;
    Rescinded = "reservation.rescinded" v 1;
    Completed = "reservation.completed" v 1;
}

/// Work was offered to an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Offered {
    /// The agent.
    pub agent: AgentId,
    /// What is offered.
    pub work: Work,
    /// The agent's fencing token for this offer.
    pub token: u64,
    /// When the offer ends by itself.
    pub expires_at: Timestamp,
}

/// The agent took the work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Accepted {}

/// The agent turned the offer down.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rejected {
    /// Why.
    pub reason: RejectReason,
}

/// The agent did not answer in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TimedOut {}

/// The offer became pointless.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cancelled {
    /// Why.
    pub reason: CancelReason,
}

/// The offer was taken back.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rescinded {
    /// Why.
    pub reason: RescindReason,
}

/// The work is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Completed {}
