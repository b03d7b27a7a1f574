//! From a file to a model, or to the reason why not.

use serde::Deserialize as _;

use super::document::{Document, LearnerParam, Model, TreeDocument};
use super::{Format, MODEL_BYTES_MAX, Node, Objective, TREE_DEPTH_MAX, Tree, Trees, onnx, ubjson};
use crate::Hash;

/// Why a file is refused as a model.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidModel {
    /// Too large.
    #[error("the file has {0} bytes; at most {MODEL_BYTES_MAX} are possible")]
    TooLarge(usize),
    /// Neither JSON nor UBJSON.
    #[error("the file is neither JSON nor UBJSON: {0}")]
    Form(String),
    /// Not an ONNX file whose answers these trees would give exactly.
    #[error("the ONNX file is refused: {0}")]
    Onnx(String),
    /// Not a model as XGBoost saves it.
    #[error("the file is not a model as XGBoost saves it: {0}")]
    Document(String),
    /// A booster other than `gbtree`.
    #[error("the booster is {0:?}; only gbtree is possible")]
    Booster(String),
    /// An objective whose predictions we cannot make.
    #[error(
        "the objective is {0:?}; possible are binary:logistic, reg:squarederror and rank:pairwise, ndcg, map"
    )]
    Objective(String),
    /// More than one number for a row.
    #[error("the model predicts several numbers for a row; only one is possible")]
    Outputs,
    /// A split by category.
    #[error("tree {0} splits by category; encode categories as columns (one-hot or hashing) and train again")]
    Categorical(usize),
    /// No names, so that nobody can tell what the columns are.
    #[error(
        "the model does not name its features; train it with feature_names, or write them into an ONNX file's metadata as \
         trunkline_features"
    )]
    Unnamed,
    /// A tree that cannot be walked.
    #[error("tree {tree} is broken: {why}")]
    Tree {
        /// Which one, from 0.
        tree: usize,
        /// What is wrong.
        why: &'static str,
    },
}

/// Why a model does not fit the schemas.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Mismatch {
    /// Features that no schema has.
    #[error("no column is called {0:?}; names are customer.COLUMN or agent.COLUMN of the active schemas")]
    Unknown(Vec<String>),
}

impl Trees {
    /// Reads a model as XGBoost saves it, in JSON or UBJSON, or as ONNX; they are told apart by their bytes.
    ///
    /// # Errors
    /// When it is broken, or of a kind that would not be predicted exactly.
    pub fn load(bytes: &[u8]) -> Result<Self, InvalidModel> {
        if bytes.len() > MODEL_BYTES_MAX {
            return Err(InvalidModel::TooLarge(bytes.len()));
        }
        if bytes.first() == Some(&ONNX_BEGINS) {
            return onnx::read(bytes);
        }
        let (format, Document { learner }) = parse(bytes)?;
        let booster = learner.gradient_booster;
        if booster.name != "gbtree" {
            return Err(InvalidModel::Booster(booster.name));
        }
        let param = learner.learner_model_param;
        if !single(&param.num_class) || !single(&param.num_target) {
            return Err(InvalidModel::Outputs);
        }
        let objective = objective(learner.objective.name)?;
        let names = learner.feature_names;
        let features: usize = param
            .num_feature
            .parse()
            .map_err(|_| InvalidModel::Document("num_feature is no number".into()))?;
        if names.len() != features || names.is_empty() {
            return Err(InvalidModel::Unnamed);
        }
        let model = Model::deserialize(booster.model).map_err(|e| InvalidModel::Document(e.to_string()))?;
        let trees = model.trees.into_iter().enumerate();
        let trees = trees.map(|(at, tree)| read(at, tree, features)).collect::<Result<Vec<_>, _>>()?;
        let (hash, attributes) = (Hash::of(bytes), learner.attributes);
        Ok(Self {
            hash,
            format,
            names,
            attributes,
            objective,
            base: base(&param, objective)?,
            last: 0.0,
            trees,
        })
    }
}

/// The version, which every ONNX file has to say, is its first field.
const ONNX_BEGINS: u8 = 0x08;

/// UBJSON begins with `{` and the marker of a length, JSON with `{` and a quotation mark or white space.
fn parse(bytes: &[u8]) -> Result<(Format, Document), InvalidModel> {
    let binary = bytes.first() == Some(&b'{') && bytes.get(1).is_some_and(|next| b"iUIlL".contains(next));
    let (format, value) = if binary {
        (Format::Ubjson, ubjson::read(bytes).map_err(InvalidModel::Form)?)
    } else {
        let value = serde_json::from_slice(bytes).map_err(|error| InvalidModel::Form(error.to_string()))?;
        (Format::Json, value)
    };
    let document = Document::deserialize(value).map_err(|error| InvalidModel::Document(error.to_string()))?;
    Ok((format, document))
}

fn single(count: &str) -> bool {
    matches!(count, "" | "0" | "1")
}

fn objective(name: String) -> Result<Objective, InvalidModel> {
    match name.as_str() {
        "binary:logistic" => Ok(Objective::Logistic),
        "reg:squarederror" => Ok(Objective::SquaredError),
        "rank:pairwise" | "rank:ndcg" | "rank:map" => Ok(Objective::Rank),
        _ => Err(InvalidModel::Objective(name)),
    }
}

/// XGBoost 3 writes `"[5.8E-1]"`, earlier versions `"5.8E-1"`; for probabilities it is one, and the leaves are
/// added to its log-odds.
fn base(param: &LearnerParam, objective: Objective) -> Result<f32, InvalidModel> {
    let text = param.base_score.trim_start_matches('[').trim_end_matches(']');
    let wrong = || InvalidModel::Document(format!("base_score is {:?}", param.base_score));
    let score: f32 = text.parse().map_err(|_| wrong())?;
    match objective {
        Objective::Logistic if score > 0.0 && score < 1.0 => Ok(-libm::logf(1.0 / score - 1.0)),
        Objective::SquaredError | Objective::Rank if score.is_finite() => Ok(score),
        Objective::Logistic | Objective::SquaredError | Objective::Rank => Err(wrong()),
    }
}

fn read(tree: usize, document: TreeDocument, features: usize) -> Result<Tree, InvalidModel> {
    let broken = |why| InvalidModel::Tree { tree, why };
    if document.split_type.iter().any(|kind| *kind != 0) {
        return Err(InvalidModel::Categorical(tree));
    }
    if !single(&document.tree_param.size_leaf_vector) {
        return Err(InvalidModel::Outputs);
    }
    let count = document.left_children.len();
    let lengths = [
        document.right_children.len(),
        document.split_indices.len(),
        document.split_conditions.len(),
        document.default_left.len(),
        document.sum_hessian.len(),
    ];
    if count == 0 || lengths.iter().any(|length| *length != count) {
        return Err(broken("its lists differ in length"));
    }
    let mut nodes = Vec::with_capacity(count);
    for at in 0..count {
        nodes.push(node(&document, at, features).map_err(broken)?);
    }
    let tree = Tree { nodes };
    if tree.is_walkable() { Ok(tree) } else { Err(broken("its nodes are no tree, or too deep")) }
}

fn node(document: &TreeDocument, at: usize, features: usize) -> Result<Node, &'static str> {
    let own = u32::try_from(at).map_err(|_| "it has too many nodes")?;
    let condition = document.split_conditions[at];
    let cover = document.sum_hessian[at];
    if !condition.is_finite() || !cover.is_finite() || cover < 0.0 {
        return Err("a number is not finite, or a cover negative");
    }
    let missing_left = document.default_left[at];
    match (document.left_children[at], document.right_children[at]) {
        (-1, -1) => {
            let split = f32::INFINITY;
            Ok(Node { split, feature: 0, left: own, right: own, missing_left: true, value: condition, cover })
        }
        (left, right) => {
            let child = |child: i64| {
                u32::try_from(child).ok().filter(|child| (*child as usize) < document.left_children.len())
            };
            let (left, right) = child(left).zip(child(right)).ok_or("a child is not there")?;
            let feature = document.split_indices[at];
            if feature as usize >= features {
                return Err("a split is by a feature that is not there");
            }
            Ok(Node { split: condition, feature, left, right, missing_left, value: 0.0, cover })
        }
    }
}

impl Tree {
    /// Whether every node is reached at most once from the root, within the depth that is possible.
    pub(super) fn is_walkable(&self) -> bool {
        let mut reached = vec![false; self.nodes.len()];
        let mut waiting = vec![(0_u32, 0_u32)];
        while let Some((at, depth)) = waiting.pop() {
            if std::mem::replace(&mut reached[at as usize], true) || depth > TREE_DEPTH_MAX {
                return false;
            }
            let node = self.nodes[at as usize];
            if !node.is_leaf(at) {
                waiting.extend([(node.left, depth + 1), (node.right, depth + 1)]);
            }
        }
        true
    }
}
