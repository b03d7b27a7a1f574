//! A decision with everything it was made from.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, CallId, CustomerId, Millis, Timestamp};

use super::{Policy, Reason};
use crate::Hash;

/// What was decided and from what. Its JSON is the same, byte for byte, when it is decided again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// What it was decided from.
    pub inputs: Inputs,
    /// What was decided, in the order of the calls.
    pub assigned: Vec<Assigned>,
}

/// All that a decision follows from. Agents who were eligible but on no call's shortlist are only counted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Inputs {
    /// The version of this record and of the rules that it is decided by.
    pub format: u32,
    /// When.
    pub at: Timestamp,
    /// The seed of the draws.
    pub seed: u64,
    /// The numbers that matching turned on.
    pub policy: Policy,
    /// The model; none when there was none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<Hash>,
    /// The mean occupancy of all agents in the pool.
    pub mean_occupancy: f32,
    /// The calls, the most urgent first.
    pub calls: Vec<CallFacts>,
    /// The agents on any shortlist.
    pub agents: Vec<AgentFacts>,
}

/// What was known of a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CallFacts {
    /// Which call.
    pub id: CallId,
    /// Who was on the line.
    pub customer: CustomerId,
    /// How long it had waited.
    pub waited: Millis,
    /// Its priority.
    pub priority: u8,
    /// Whether the customer may be scored.
    pub automated: bool,
    /// The customer's vector; empty when the customer may not be scored.
    #[serde(with = "missing")]
    pub features: Vec<f32>,
    /// How many agents were eligible.
    pub eligible: u32,
    /// How many were not, by reason.
    pub set_aside: BTreeMap<Reason, u32>,
    /// The shortlist.
    pub candidates: Vec<Candidate>,
}

/// An agent on a call's shortlist.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Candidate {
    /// The place in [`Inputs::agents`].
    pub agent: usize,
    /// What the model says; absent without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub score: Option<f32>,
    /// How familiar the agent is with the customer, 0 to 1.
    pub familiarity: f32,
    /// Whether it is the preferred agent.
    pub preferred: bool,
}

/// What was known of an agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AgentFacts {
    /// Which agent.
    pub id: AgentId,
    /// How many pieces of work more the agent could take.
    pub free: u16,
    /// Since when the agent had nothing to do.
    pub idle_since: Timestamp,
    /// The share of the signed-in time that went to contacts.
    pub occupancy: f32,
    /// The agent's vector.
    #[serde(with = "missing")]
    pub features: Vec<f32>,
}

/// What was decided for one call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Assigned {
    /// Which call.
    pub call: CallId,
    /// Who gets it; nobody when it must wait.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// What the pairing was worth; 0 when the call waits.
    pub value: f32,
    /// Whether the agent was drawn rather than chosen.
    pub explored: bool,
    /// How probable this outcome was before this call's draws, all other calls' draws as they were.
    pub propensity: f32,
}

/// "Missing" is `null` in JSON, which has no NaN.
mod missing {
    use serde::{Deserialize as _, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(cells: &[f32], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(cells.iter().map(|cell| (!cell.is_nan()).then_some(*cell)))
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f32>, D::Error> {
        let cells = Vec::<Option<f32>>::deserialize(deserializer)?;
        Ok(cells.into_iter().map(|cell| cell.unwrap_or(f32::NAN)).collect())
    }
}
