//! What can have happened to an alert.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{Position, Timestamp};

use super::AlertKind;

events! {
    /// What can have happened to an alert.
    Raised = "alert.raised" v 1;
}

/// A rule about accesses was met, or a model drifts: somebody should look. It holds no personal value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Raised {
    /// The name of the rule; of drift, that of the figure, `model.scores`.
    pub rule: String,
    /// What sort of rule.
    pub kind: AlertKind,
    /// Whose accesses, as an actor or, for who has no name, an address; of drift, the model, `model:HASH`.
    pub who: String,
    /// How many there were when it was raised: rows, refusals, customers, accesses; of drift, the figure in thousandths.
    pub count: u64,
    /// How many are in order; of drift, in thousandths.
    pub limit: u64,
    /// Since when they are counted.
    pub since: Timestamp,
    /// The access that was one too many; of drift, the newest decision.
    pub at: Timestamp,
    /// The event that it stands in; of drift, the one with which what scores began to.
    #[schemars(with = "u64")]
    pub position: Position,
}
