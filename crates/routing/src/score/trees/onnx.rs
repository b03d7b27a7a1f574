//! Trees in ONNX files: one `TreeEnsembleClassifier` or `TreeEnsembleRegressor` of the domain `ai.onnx.ml`, as onnxmltools
//! writes it of XGBoost's models. <https://onnx.ai/onnx/operators/onnx_aionnxml_TreeEnsembleClassifier.html>
//!
//! A file that asks for anything that these trees would not answer exactly is refused.

use std::collections::{BTreeMap, HashMap};

use prost::Message as _;

use super::load::InvalidModel;
use super::onnx_messages::{Attribute, Graph, Model, Operator};
use super::{Format, Node, ONNX_BYTES_MAX, Objective, Tree, Trees};
use crate::Hash;

/// The domain of operators on trees.
const DOMAIN: &str = "ai.onnx.ml";
/// The element type of single-precision tensors.
const FLOAT: i32 = 1;
/// What the file has to say in its metadata: the names of the features, a JSON list. ONNX has none of its own.
const FEATURES: &str = "trunkline_features";
/// Operators behind the trees that change the form of the answer only.
const FORMS: [&str; 3] = ["Cast", "Identity", "ZipMap"];

type Read<T> = Result<T, InvalidModel>;

fn refused<T>(why: impl Into<String>) -> Read<T> {
    Err(InvalidModel::Onnx(why.into()))
}

/// Reads the trees of an ONNX file.
pub(super) fn read(bytes: &[u8]) -> Read<Trees> {
    if bytes.len() > ONNX_BYTES_MAX {
        return refused(format!("it has {} bytes; at most {ONNX_BYTES_MAX} are possible", bytes.len()));
    }
    let model = Model::decode(bytes).or_else(|error| refused(format!("it cannot be read: {error}")))?;
    let attributes: BTreeMap<String, String> =
        model.metadata.into_iter().map(|entry| (entry.key, entry.value)).collect();
    let names: Vec<String> = match attributes.get(FEATURES) {
        None => return Err(InvalidModel::Unnamed),
        Some(text) => serde_json::from_str(text)
            .or_else(|_| refused(format!("its metadata {FEATURES} is no JSON list of names")))?,
    };
    if names.is_empty() {
        return Err(InvalidModel::Unnamed);
    }
    let Some(graph) = model.graph else { return refused("it has no graph") };
    let ensemble = Ensemble::of(&graph, names.len())?;
    let objective = ensemble.objective()?;
    let (last, trees) = (ensemble.base()?, ensemble.trees(names.len())?);
    Ok(Trees {
        hash: Hash::of(bytes),
        format: Format::Onnx,
        names,
        attributes,
        objective,
        base: 0.0,
        last,
        trees,
    })
}

/// The one operator that matters.
struct Ensemble<'a> {
    classifies: bool,
    attributes: HashMap<&'a str, &'a Attribute>,
}

impl<'a> Ensemble<'a> {
    /// Finds it: it reads the only input, and what follows it changes the form of the answer only.
    fn of(graph: &'a Graph, features: usize) -> Read<Self> {
        let is_trees =
            |operator: &&Operator| operator.domain == DOMAIN && operator.kind.starts_with("TreeEnsemble");
        let [trees] = graph.node.iter().filter(is_trees).collect::<Vec<_>>()[..] else {
            return refused(
                "it takes one TreeEnsembleClassifier or TreeEnsembleRegressor, no more and no less",
            );
        };
        let classifies = match trees.kind.as_str() {
            "TreeEnsembleClassifier" => true,
            "TreeEnsembleRegressor" => false,
            other => return refused(format!("the operator {other} is not read")),
        };
        let form = |operator: &&Operator| FORMS.contains(&operator.kind.as_str());
        if let Some(other) = graph.node.iter().find(|operator| !is_trees(operator) && !form(operator)) {
            return refused(format!("the operator {} would change what the trees say", other.kind));
        }
        let [input] = &graph.input[..] else { return refused("it takes one input, a table of all features") };
        if trees.input != [input.name.as_str()] {
            return refused("something lies between its input and its trees");
        }
        let tensor = input.kind.as_ref().and_then(|kind| kind.tensor.as_ref());
        if tensor.is_none_or(|tensor| tensor.element != FLOAT) {
            return refused("its input is not of single precision");
        }
        let width =
            tensor.and_then(|tensor| tensor.shape.as_ref()?.dimension.get(1)).map_or(0, |of| of.length);
        if width != 0 && usize::try_from(width) != Ok(features) {
            return refused(format!("it takes {width} features, and its metadata names {features}"));
        }
        let mut attributes = HashMap::new();
        for attribute in &trees.attribute {
            if attribute.name.ends_with("_as_tensor") {
                return refused(format!("{} is of double precision", attribute.name));
            }
            if attributes.insert(attribute.name.as_str(), attribute).is_some() {
                return refused(format!("it says {} twice", attribute.name));
            }
        }
        Ok(Self { classifies, attributes })
    }

    fn ints(&self, name: &str) -> &'a [i64] {
        self.attributes.get(name).map_or(&[], |attribute| &attribute.ints)
    }

    fn floats(&self, name: &str) -> &'a [f32] {
        self.attributes.get(name).map_or(&[], |attribute| &attribute.floats)
    }

    fn text(&self, name: &str) -> Option<&'a [u8]> {
        self.attributes.get(name).map(|attribute| attribute.text.as_slice())
    }

    /// What the sum of the leaves means.
    fn objective(&self) -> Read<Objective> {
        if self.text("aggregate_function").is_some_and(|how| how != b"SUM") {
            return refused("its trees are not summed");
        }
        let post = self.text("post_transform").unwrap_or(b"NONE");
        if self.classifies {
            let (ids, strings) =
                (self.ints("classlabels_int64s"), self.attributes.get("classlabels_strings"));
            let classes = ids.len() + strings.map_or(0, |strings| strings.texts.len());
            let of = self.ints("class_ids");
            // Two classes and one number: it is for the second class, whatever its id says.
            if classes != 2 || of.windows(2).any(|pair| pair[0] != pair[1]) {
                return Err(InvalidModel::Outputs);
            }
        } else if self.attributes.get("n_targets").is_some_and(|targets| targets.int != 1)
            || self.ints("target_ids").iter().any(|target| *target != 0)
        {
            return Err(InvalidModel::Outputs);
        }
        match (self.classifies, post) {
            (_, b"LOGISTIC") => Ok(Objective::Logistic),
            (false, b"NONE") => Ok(Objective::SquaredError),
            (_, other) => {
                refused(format!("the post transform {} is not possible", String::from_utf8_lossy(other)))
            }
        }
    }

    /// What is added to the leaves, in their scale.
    fn base(&self) -> Read<f32> {
        match self.floats("base_values") {
            [] => Ok(0.0),
            [base] if base.is_finite() => Ok(*base),
            [_] => refused("its base value is not finite"),
            [..] => Err(InvalidModel::Outputs),
        }
    }

    /// The trees, in the order in which they begin. The first node of a tree is its root.
    fn trees(&self, features: usize) -> Read<Vec<Tree>> {
        let lists = Lists::of(self)?;
        let (mut places, mut order) = (HashMap::with_capacity(lists.ids.len()), HashMap::new());
        let mut rows: Vec<Vec<usize>> = Vec::new();
        for (row, (tree, node)) in lists.trees.iter().zip(lists.ids).enumerate() {
            let at = *order.entry(*tree).or_insert_with(|| {
                rows.push(Vec::new());
                rows.len() - 1
            });
            if places.insert((*tree, *node), rows[at].len()).is_some() {
                return Err(InvalidModel::Tree { tree: at, why: "it has a node twice" });
            }
            rows[at].push(row);
        }
        let weights = self.weights()?;
        let used = weights.keys().all(|key| places.contains_key(key));
        if !used || rows.is_empty() {
            return refused("it gives a weight to a leaf that is not there, or has no trees");
        }
        let mut trees = Vec::with_capacity(rows.len());
        for (at, rows) in rows.iter().enumerate() {
            let broken = |why| InvalidModel::Tree { tree: at, why };
            let node = |row: &usize| lists.node(*row, features, &places, &weights);
            let tree = Tree { nodes: rows.iter().map(node).collect::<Result<_, _>>().map_err(broken)? };
            if !tree.is_walkable() {
                return Err(broken("its nodes are no tree, or too deep"));
            }
            trees.push(tree);
        }
        Ok(trees)
    }

    /// What each leaf adds, by its tree and its node.
    fn weights(&self) -> Read<HashMap<(i64, i64), f32>> {
        let of = if self.classifies { "class" } else { "target" };
        let (trees, nodes) = (self.ints(&format!("{of}_treeids")), self.ints(&format!("{of}_nodeids")));
        let (ids, weights) = (self.ints(&format!("{of}_ids")), self.floats(&format!("{of}_weights")));
        if [nodes.len(), ids.len(), weights.len()].iter().any(|length| *length != trees.len()) {
            return refused(format!("its lists {of}_… differ in length"));
        }
        let mut all = HashMap::with_capacity(weights.len());
        for ((tree, node), weight) in trees.iter().zip(nodes).zip(weights) {
            if !weight.is_finite() || all.insert((*tree, *node), *weight).is_some() {
                return refused("a leaf has two weights, or one that is not finite");
            }
        }
        Ok(all)
    }
}

/// What is said of the nodes of all trees, one list each.
struct Lists<'a> {
    trees: &'a [i64],
    ids: &'a [i64],
    features: &'a [i64],
    modes: &'a [Vec<u8>],
    values: &'a [f32],
    when_true: &'a [i64],
    when_false: &'a [i64],
    /// Whether what is missing goes where a true answer does; nowhere when empty.
    missing_true: &'a [i64],
    /// How many training rows came there; unknown when empty, as onnxmltools leaves it.
    covers: &'a [f32],
}

impl<'a> Lists<'a> {
    fn of(ensemble: &Ensemble<'a>) -> Read<Self> {
        let lists = Self {
            trees: ensemble.ints("nodes_treeids"),
            ids: ensemble.ints("nodes_nodeids"),
            features: ensemble.ints("nodes_featureids"),
            modes: ensemble.attributes.get("nodes_modes").map_or(&[], |modes| &modes.texts),
            values: ensemble.floats("nodes_values"),
            when_true: ensemble.ints("nodes_truenodeids"),
            when_false: ensemble.ints("nodes_falsenodeids"),
            missing_true: ensemble.ints("nodes_missing_value_tracks_true"),
            covers: ensemble.floats("nodes_hitrates"),
        };
        let count = lists.trees.len();
        let whole = [
            lists.ids.len(),
            lists.features.len(),
            lists.modes.len(),
            lists.values.len(),
            lists.when_true.len(),
            lists.when_false.len(),
        ];
        let optional = [lists.missing_true.len(), lists.covers.len()];
        if whole.iter().any(|length| *length != count)
            || optional.iter().any(|length| ![0, count].contains(length))
        {
            return refused("its lists nodes_… differ in length");
        }
        Ok(lists)
    }

    /// One node, as XGBoost would have it: whatever is below the split goes left.
    fn node(
        &self,
        row: usize,
        features: usize,
        places: &HashMap<(i64, i64), usize>,
        weights: &HashMap<(i64, i64), f32>,
    ) -> Result<Node, &'static str> {
        let key = (self.trees[row], self.ids[row]);
        let place = |node: i64| {
            let at = places.get(&(self.trees[row], node)).ok_or("a child is not there")?;
            u32::try_from(*at).map_err(|_| "it has too many nodes")
        };
        let cover = self.covers.get(row).copied().unwrap_or(1.0);
        if !cover.is_finite() || cover < 0.0 {
            return Err("a cover is not finite, or negative");
        }
        if self.modes[row] == b"LEAF" {
            let own = place(key.1)?;
            // Without a weight it adds nothing.
            let value = weights.get(&key).copied().unwrap_or(0.0);
            let split = f32::INFINITY;
            return Ok(Node { split, feature: 0, left: own, right: own, missing_left: true, value, cover });
        }
        if weights.contains_key(&key) {
            return Err("a split has a weight");
        }
        let value = self.values[row];
        if !value.is_finite() {
            return Err("a number is not finite");
        }
        let feature = u32::try_from(self.features[row]).ok().filter(|at| (*at as usize) < features);
        let feature = feature.ok_or("a split is by a feature that is not there")?;
        // Single-precision numbers have neighbours: at most this one is below the next.
        let (split, true_is_left) = match self.modes[row].as_slice() {
            b"BRANCH_LT" => (value, true),
            b"BRANCH_LEQ" => (value.next_up(), true),
            b"BRANCH_GTE" => (value, false),
            b"BRANCH_GT" => (value.next_up(), false),
            _ => return Err("a split is neither by less nor by more"),
        };
        let missing_true = self.missing_true.get(row).is_some_and(|flag| *flag != 0);
        let (when_true, when_false) = (place(self.when_true[row])?, place(self.when_false[row])?);
        let (left, right) = if true_is_left { (when_true, when_false) } else { (when_false, when_true) };
        if left == place(key.1)? {
            return Err("a split leads to itself");
        }
        let missing_left = missing_true == true_is_left;
        Ok(Node { split, feature, left, right, missing_left, value: 0.0, cover })
    }
}
