//! The document that XGBoost saves, as far as it is read here. Numbers of `…_param` are texts.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) learner: Learner,
}

#[derive(Deserialize)]
pub(super) struct Learner {
    #[serde(default)]
    pub(super) attributes: BTreeMap<String, String>,
    #[serde(default)]
    pub(super) feature_names: Vec<String>,
    pub(super) gradient_booster: Booster,
    pub(super) learner_model_param: LearnerParam,
    pub(super) objective: Named,
}

#[derive(Deserialize)]
pub(super) struct Named {
    pub(super) name: String,
}

#[derive(Deserialize)]
pub(super) struct LearnerParam {
    pub(super) base_score: String,
    #[serde(default)]
    pub(super) num_class: String,
    pub(super) num_feature: String,
    #[serde(default)]
    pub(super) num_target: String,
}

#[derive(Deserialize)]
pub(super) struct Booster {
    pub(super) name: String,
    /// Only `gbtree` has it in this place and shape; the others are refused by their name.
    #[serde(default)]
    pub(super) model: serde_json::Value,
}

#[derive(Deserialize)]
pub(super) struct Model {
    pub(super) trees: Vec<TreeDocument>,
}

#[derive(Deserialize)]
pub(super) struct TreeParam {
    #[serde(default)]
    pub(super) size_leaf_vector: String,
}

#[derive(Deserialize)]
pub(super) struct TreeDocument {
    pub(super) tree_param: TreeParam,
    pub(super) left_children: Vec<i64>,
    pub(super) right_children: Vec<i64>,
    pub(super) split_indices: Vec<u32>,
    pub(super) split_conditions: Vec<f32>,
    #[serde(deserialize_with = "flags")]
    pub(super) default_left: Vec<bool>,
    #[serde(default)]
    pub(super) split_type: Vec<u8>,
    pub(super) sum_hessian: Vec<f32>,
}

/// XGBoost writes 0 and 1; older versions wrote false and true.
fn flags<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<bool>, D::Error> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Flag {
        Word(bool),
        Number(u8),
    }
    let flags = Vec::<Flag>::deserialize(deserializer)?;
    Ok(flags
        .into_iter()
        .map(|flag| match flag {
            Flag::Word(flag) => flag,
            Flag::Number(number) => number != 0,
        })
        .collect())
}
