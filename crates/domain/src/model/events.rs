//! What can have happened to the models of a purpose.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::Timestamp;

use super::{Measured, ModelHash};

words! {
    /// How the file of a model is written.
    ModelFormat {
        /// XGBoost's JSON.
        Json = "xgboost_json",
        /// XGBoost's UBJSON.
        Ubjson = "xgboost_ubjson",
        /// Trees in an ONNX file.
        Onnx = "onnx",
    }
}

events! {
    /// What can have happened to the models of a purpose.
    Imported = "model.imported" v 1;
    Evaluated = "model.evaluated" v 1;
    Activated = "model.activated" v 1;
    RolledBack = "model.rolled_back" v 1;
    Measured = "model.measured" v 1;
    Shadowed = "model.shadowed" v 1;
    Unshadowed = "model.unshadowed" v 1;
}

/// The versions of the two declarations of features that a model was trained with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct FeatureSet {
    /// Of customers.
    pub customer: u32,
    /// Of agents.
    pub agent: u32,
}

/// Which model, and what has to hold for it to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ModelFile {
    /// The SHA-256 of its file, which names it.
    pub hash: ModelHash,
    /// How the file is written.
    pub format: ModelFormat,
    /// What it was trained with.
    pub features: FeatureSet,
}

/// A model was read, found in order, and its file kept.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Imported {
    /// Which.
    pub model: ModelFile,
    /// What its file was called; absent for what was imported before names were noted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// How long its file is.
    pub bytes: u64,
    /// What its predictions are, in XGBoost's words.
    pub objective: String,
    /// How many trees it has.
    pub trees: u32,
    /// How many features it reads.
    pub columns: u32,
}

/// A figure with its 95 % interval.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Estimate {
    /// The figure.
    pub value: f64,
    /// The lower end of the interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// How a model did on decisions that were logged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evaluation {
    /// Decisions from then on.
    pub since: Timestamp,
    /// Decisions before then.
    pub until: Timestamp,
    /// How many of them had an outcome and were judged.
    pub decisions: u32,
    /// How many were left out, because their agent did not get the call or its outcome is not known.
    pub left_out: u32,
    /// The share of sales with the decisions as they were made.
    pub logged: f64,
    /// The share of sales had this model decided: by inverse propensity, normalised by the weights.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub self_normalised: Option<Estimate>,
    /// The same, doubly robust with the model's own scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub doubly_robust: Option<Estimate>,
    /// On how many decisions the estimates rest, in effect.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effective: Option<f64>,
    /// The area under the ROC curve of its scores for the pairings that were made.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub auc: Option<Estimate>,
    /// How far its scores are from the shares of sales, on average.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub calibration_error: Option<f64>,
    /// The population stability index of its scores: the later half of the decisions against the earlier.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stability: Option<f64>,
}

/// A model was held against decisions that were logged.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Evaluated {
    /// Which.
    pub model: ModelFile,
    /// The share of cosine similarity that was blended in; absent when it was judged alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cosine: Option<f64>,
    /// How it did.
    pub evaluation: Evaluation,
}

/// What scores: a model, alone or blended with what needs no model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scoring {
    /// The model.
    pub model: ModelFile,
    /// The share of cosine similarity, above 0 and below 1; absent when the model scores alone.
    pub cosine: Option<f64>,
}

/// From now on this model scores.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Activated {
    /// Which.
    pub model: ModelFile,
    /// Which scored before; absent when none did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replaced: Option<ModelHash>,
    /// The share of cosine similarity in the score, above 0 and below 1; absent when the model scores alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cosine: Option<f64>,
    /// Why.
    pub reason: String,
}

/// The model that scored was taken out, and the one before it scores again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RolledBack {
    /// Which was taken out.
    pub model: ModelFile,
    /// Which scores again; absent when none did before, and what needs no model scores.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub restored: Option<ModelHash>,
    /// Why.
    pub reason: String,
}

/// From now on this model scores every decision beside the one that decides.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shadowed {
    /// Which.
    pub model: ModelFile,
    /// Why.
    pub reason: String,
}

/// This model does not score beside another any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Unshadowed {
    /// Which.
    pub model: ModelFile,
    /// Why.
    pub reason: String,
}
