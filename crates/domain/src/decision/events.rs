//! What can have happened to a decision of routing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::words::Work;

events! {
    /// What can have happened to a decision of routing.
    Made = "decision.made" v 1;
}

/// Routing decided who gets which work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Made {
    /// What was decided on, in the order of the record.
    pub works: Vec<Work>,
    /// The record: candidates, vectors, scores, the model's hash, weights and propensities. It holds numbers and ids,
    /// and no personal value. Its own `format` says how it is read.
    pub record: serde_json::Value,
}
