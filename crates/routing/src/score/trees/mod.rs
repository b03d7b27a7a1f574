//! Gradient-boosted trees from real XGBoost model files.
//!
//! [`Trees::load`] reads a file; [`Trees::bind`] ties it to the schemas of customers and agents, by the names of
//! its features, and gives a [`TreeScorer`].

mod bind;
mod document;
mod load;
mod onnx;
mod onnx_messages;
#[cfg(test)]
mod onnx_tests;
mod shap;
mod sides;
#[cfg(test)]
mod tests;
mod ubjson;

use std::collections::BTreeMap;

use crate::Hash;

pub use bind::TreeScorer;
pub use load::{InvalidModel, Mismatch};

/// The largest model file, in bytes.
pub const MODEL_BYTES_MAX: usize = 256 * 1024 * 1024;
/// The largest ONNX file, in bytes: what it says in two bytes takes up to twenty in memory while it is read.
pub const ONNX_BYTES_MAX: usize = 32 * 1024 * 1024;
/// The most levels of a tree.
pub const TREE_DEPTH_MAX: u32 = 64;

/// What the sum of the leaves means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Objective {
    /// `binary:logistic`: log-odds; the prediction is the probability.
    Logistic,
    /// `reg:squarederror`: the prediction itself.
    SquaredError,
    /// `rank:pairwise`, `rank:ndcg`, `rank:map`: only the order of predictions means something.
    Rank,
}

/// How a file is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// XGBoost's JSON.
    Json,
    /// XGBoost's UBJSON.
    Ubjson,
    /// Trees of `ai.onnx.ml` in an ONNX file.
    Onnx,
}

/// A node; a leaf is its own child on the left.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Node {
    /// Below this goes left, the rest right; infinite in a leaf.
    split: f32,
    /// The column that is compared.
    feature: u32,
    left: u32,
    right: u32,
    /// Where a missing value goes.
    missing_left: bool,
    /// What a leaf adds.
    value: f32,
    /// The sum of the hessians of the rows that came here in training.
    cover: f32,
}

impl Node {
    fn is_leaf(&self, at: u32) -> bool {
        self.left == at
    }

    fn next(&self, cell: f32) -> u32 {
        if goes_right(cell, self.split, self.missing_left) { self.right } else { self.left }
    }
}

/// Where a cell is sent by a split: a missing one is neither below it nor at it and goes where the training sent it.
/// Without branches, for half of them would be mistaken.
#[inline]
fn goes_right(cell: f32, split: f32, missing_left: bool) -> bool {
    (cell >= split) | (cell.is_nan() & !missing_left)
}

/// One tree; the root is the first node.
#[derive(Clone, Debug, PartialEq)]
struct Tree {
    nodes: Vec<Node>,
}

/// A model as its file says it.
#[derive(Clone, Debug)]
pub struct Trees {
    hash: Hash,
    format: Format,
    names: Vec<String>,
    attributes: BTreeMap<String, String>,
    objective: Objective,
    /// What the leaves are added to, in their scale.
    base: f32,
    /// What is added after them: XGBoost begins with its base, onnxruntime ends with it, and the last digit depends on it.
    last: f32,
    trees: Vec<Tree>,
}

impl Trees {
    /// The hash of the file's bytes.
    pub fn hash(&self) -> &Hash {
        &self.hash
    }

    /// The names of the features, in the order of a row.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// What the predictions are.
    pub fn objective(&self) -> Objective {
        self.objective
    }

    /// How the file is written.
    pub fn format(&self) -> Format {
        self.format
    }

    /// What whoever trained the model wrote into it under that name: by `Booster.set_attr`, in ONNX as metadata.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.attributes.get(name).map(String::as_str)
    }

    /// How many trees there are.
    pub fn count(&self) -> usize {
        self.trees.len()
    }

    /// The sum of the leaves for a row in the order of [`Trees::names`]; NaN is "missing". Added in single
    /// precision and in the order of the trees, as XGBoost and onnxruntime do, so that it is equal to the last digit or so.
    pub fn margin(&self, row: &[f32]) -> f32 {
        self.trees.iter().fold(self.base, |sum, tree| sum + tree.leaf(row)) + self.last
    }

    /// The prediction for a row.
    pub fn predict(&self, row: &[f32]) -> f32 {
        self.objective.prediction(self.margin(row))
    }
}

impl Tree {
    fn leaf(&self, row: &[f32]) -> f32 {
        let mut at = 0;
        loop {
            let node = self.nodes[at as usize];
            if node.is_leaf(at) {
                return node.value;
            }
            at = node.next(row.get(node.feature as usize).copied().unwrap_or(f32::NAN));
        }
    }
}

impl Objective {
    /// What XGBoost calls it. The kinds of ranking are one here: they differ in training only.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Logistic => "binary:logistic",
            Self::SquaredError => "reg:squarederror",
            Self::Rank => "rank",
        }
    }

    /// What XGBoost makes of the sum of the leaves.
    fn prediction(self, margin: f32) -> f32 {
        match self {
            Self::Logistic => 1.0 / (1.0 + libm::expf(-margin)),
            Self::SquaredError | Self::Rank => margin,
        }
    }

    /// What routing takes for the score: a probability as it is, a rank's margin brought to 0 to 1 in its order.
    fn score(self, margin: f32) -> f32 {
        match self {
            Self::Rank => Self::Logistic.prediction(margin),
            Self::Logistic | Self::SquaredError => self.prediction(margin),
        }
    }
}
