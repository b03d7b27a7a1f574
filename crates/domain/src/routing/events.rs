//! What can have happened to the search for an agent for one piece of work.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, DecisionId, Millis, ReservationId};

use crate::words::Work;

words! {
    /// Why no agent is looked for any more.
    EndReason {
        /// The work is gone, for instance the customer hung up.
        WorkGone = "work_gone",
        /// Somebody asked for it.
        Requested = "requested",
    }
}

events! {
    /// What can have happened to the search for an agent for one piece of work.
    Requested = "routing.requested" v 1;
    Offered = "routing.offered" v 1;
    Declined = "routing.declined" v 1;
    Lapsed = "routing.lapsed" v 1;
    Assigned = "routing.assigned" v 1;
    Ended = "routing.ended" v 1;
}

/// What an agent must have.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", default)]
pub struct Needs {
    /// Skills and their least levels, 1 to 5.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub skills: BTreeMap<String, u8>,
    /// One of these languages, when there are any.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub languages: BTreeSet<String>,
    /// All of these licences.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub licences: BTreeSet<String>,
    /// One of these teams, when there are any.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub teams: BTreeSet<String>,
    /// From how long a wait on any team will do.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub any_team_after_ms: Option<Millis>,
    /// From how long a wait on the skills are not asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub any_skill_after_ms: Option<Millis>,
}

/// An agent is wanted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Requested {
    /// For what.
    pub work: Work,
    /// To how many agents it is offered at once; the first to accept gets it.
    pub offers: u16,
    /// How urgent it is, 0 to 9; each step doubles the urgency.
    pub priority: u8,
    /// What the agent must have.
    #[serde(default)]
    pub needs: Needs,
    /// The agent whom the customer should get, when that agent can be had.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub preferred: Option<AgentId>,
    /// How long nobody else gets it while the preferred agent works.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience_ms: Option<Millis>,
    /// Agents who must not get it.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub barred: BTreeSet<AgentId>,
}

impl Requested {
    /// One agent who has this, whoever it is, for work of no special urgency.
    pub fn of(work: Work, needs: Needs) -> Self {
        let barred = BTreeSet::new();
        Self { work, offers: 1, priority: 0, needs, preferred: None, patience_ms: None, barred }
    }
}

/// One offer of a round.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Offer {
    /// The offer.
    pub reservation: ReservationId,
    /// To whom.
    pub agent: AgentId,
}

/// The work was offered to agents.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Offered {
    /// What it follows from.
    pub decision: DecisionId,
    /// The offers, the best first.
    pub offers: Vec<Offer>,
}

/// One of several offers is over, and nobody has the work yet.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Declined {
    /// The offer.
    pub reservation: ReservationId,
}

/// No offer stands any more, and nobody has the work: an agent is wanted again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Lapsed {
    /// The offer that was the last to end.
    pub reservation: ReservationId,
}

/// An agent has the work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Assigned {
    /// What it is.
    pub work: Work,
    /// By which offer.
    pub reservation: ReservationId,
    /// Who.
    pub agent: AgentId,
}

/// No agent is looked for any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// Why.
    pub reason: EndReason,
}
