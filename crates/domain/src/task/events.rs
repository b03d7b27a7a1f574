//! What can have happened to a task.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, CallId, CustomerId, LeadId, Personal, ReservationId, Timestamp};

use super::TaskState;

words! {
    /// What sort of work a task is.
    TaskKind {
        /// Going after something that a customer said.
        FollowUp = "follow_up",
        /// Calling a customer back at a promised time.
        Callback = "callback",
        /// Looking at a colleague's work.
        Review = "review",
        /// Something that a program does for a person, for instance sending a contract.
        Action = "action",
        /// Any other work.
        Other = "other",
    }
}

events! {
    /// What can have happened to a task.
    Opened = "task.opened" v 1;
    Reserved = "task.reserved" v 1;
    Released = "task.released" v 1;
    Assigned = "task.assigned" v 1;
    Started = "task.started" v 1;
    Blocked = "task.blocked" v 1;
    Unblocked = "task.unblocked" v 1;
    AttemptFailed = "task.attempt_failed" v 1;
    Completed = "task.completed" v 1;
    Cancelled = "task.cancelled" v 1;
    Died = "task.died" v 1;
    FlaggedStuck = "task.flagged_stuck" v 1;
    Unflagged = "task.unflagged" v 1;
    Rescheduled = "task.rescheduled" v 1;
}

/// There is something to do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Opened {
    /// What sort of work.
    pub kind: TaskKind,
    /// What is to be done, in a line.
    #[schemars(extend("x-subject" = "customer"))]
    pub title: Personal<String>,
    /// The customer it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub customer: Option<CustomerId>,
    /// The call it comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// The lead it belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub lead: Option<LeadId>,
    /// The agent who is to do it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub owner: Option<AgentId>,
    /// The team that is to do it, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// By when.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub due_at: Option<Timestamp>,
    /// Higher goes first.
    pub priority: i32,
}

/// The task is offered to an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reserved {
    /// The agent.
    pub agent: AgentId,
    /// The offer.
    pub reservation: ReservationId,
    /// The agent's fencing token for this offer.
    pub token: u64,
}

/// The offer ended or the agent gave the task back; it waits for an agent again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Released {}

/// An agent has the task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assigned {
    /// The agent.
    pub agent: AgentId,
}

/// The agent works on it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Started {}

/// Work waits for something outside.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Blocked {
    /// What it waits for.
    #[schemars(extend("x-subject" = "customer"))]
    pub reason: Personal<String>,
}

/// Work can go on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unblocked {}

/// An attempt failed and will be repeated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptFailed {
    /// What went wrong.
    #[schemars(extend("x-subject" = "customer"))]
    pub error: Personal<String>,
    /// Which attempt it was, from 1.
    pub attempt: u16,
    /// Not to be tried again before.
    pub retry_at: Timestamp,
}

/// The work is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Completed {
    /// What came of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "customer"))]
    pub result: Option<Personal<String>>,
}

/// The work is not needed any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Cancelled {
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "customer"))]
    pub reason: Option<Personal<String>>,
}

/// Every attempt failed; somebody has to look at it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Died {
    /// What went wrong last.
    #[schemars(extend("x-subject" = "customer"))]
    pub error: Personal<String>,
    /// How many attempts there were.
    pub attempts: u16,
}

/// Nothing has moved for too long.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FlaggedStuck {
    /// The state in which it is stuck.
    pub state: TaskState,
    /// Since when it has been in that state.
    pub since: Timestamp,
}

/// It moves again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unflagged {}

/// The time by which it is due changed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Rescheduled {
    /// By when from now on.
    pub due_at: Timestamp,
}
