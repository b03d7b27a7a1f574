//! What can have happened to a decision of routing.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::ModelHash;
use crate::words::Work;

events! {
    /// What can have happened to a decision of routing.
    Made = "decision.made" v 1;
    Shadowed = "decision.shadowed" v 1;
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

/// What one model that decided nothing said of a decision's candidates.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ShadowScores {
    /// Which.
    pub model: ModelHash,
    /// Its scores: for each call of the record those of its candidates, in their order; absent for customers who may not be
    /// scored.
    pub scores: Vec<Vec<Option<f32>>>,
}

/// Models that decided nothing scored the decision, after it was made.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shadowed {
    /// Each model with its scores.
    pub shadows: Vec<ShadowScores>,
}
