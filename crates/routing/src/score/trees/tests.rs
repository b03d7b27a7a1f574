//! Our reading of XGBoost's files against XGBoost itself. `deploy/models/fixtures.py` wrote the files and what
//! the real library predicts for their rows and how it explains it.

use std::path::{Path, PathBuf};
use std::process::Command;

use serde::Deserialize;

use super::*;
use crate::features::{Declaration, Encoder, Feature, Schema, Table};
use crate::score::Scorer;

#[derive(Deserialize)]
struct Expected {
    xgboost: String,
    names: Vec<String>,
    rows: Vec<Vec<Option<f32>>>,
    predictions: Vec<f64>,
    margins: Vec<f64>,
    contributions: Vec<Vec<f64>>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models")
}

fn file(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn load(name: &str) -> Trees {
    Trees::load(&file(&fixtures(), name)).unwrap()
}

fn expected(folder: &Path, name: &str) -> Expected {
    serde_json::from_slice(&file(folder, &format!("{name}.expected.json"))).unwrap()
}

fn row(cells: &[Option<f32>]) -> Vec<f32> {
    cells.iter().map(|cell| cell.unwrap_or(f32::NAN)).collect()
}

/// The largest difference, relative to numbers above 1.
fn apart(ours: f64, theirs: f64) -> f64 {
    (ours - theirs).abs() / theirs.abs().max(1.0)
}

/// Predictions within 1e-6; contributions, which XGBoost adds up in single precision, within 1e-5.
fn agrees(folder: &Path, name: &str, ending: &str) {
    let trees = Trees::load(&file(folder, &format!("{name}.{ending}"))).unwrap();
    let expected = expected(folder, name);
    assert_eq!(trees.names(), expected.names);
    for (at, cells) in expected.rows.iter().enumerate() {
        let row = row(cells);
        let prediction = apart(trees.predict(&row).into(), expected.predictions[at]);
        assert!(prediction <= 1e-6, "{name}.{ending} row {at}: prediction is off by {prediction}");
        let margin = apart(trees.margin(&row).into(), expected.margins[at]);
        assert!(margin <= 1e-6, "{name}.{ending} row {at}: margin is off by {margin}");
        let (base, amounts) = trees.contributions(&row);
        let sum = base + amounts.iter().sum::<f64>();
        assert!(apart(sum, expected.margins[at]) <= 1e-5, "{name} row {at}: contributions add up to {sum}");
        for (amount, theirs) in amounts.iter().chain([&base]).zip(&expected.contributions[at]) {
            assert!(apart(*amount, *theirs) <= 1e-5, "{name} row {at}: {amount} and {theirs}");
        }
    }
    println!("{name}.{ending}: {} rows as xgboost {} has them", expected.rows.len(), expected.xgboost);
}

const AGREEING: [(&str, &str); 5] =
    [("logistic", "json"), ("logistic", "ubj"), ("squared", "json"), ("squared", "ubj"), ("rank", "ubj")];

#[test]
fn predictions_and_contributions_are_those_of_the_real_library() {
    for (name, ending) in AGREEING {
        agrees(&fixtures(), name, ending);
    }
}

/// Trains and predicts with the real library now, when `TRUNKLINE_TEST_XGBOOST` names a Python that has it.
#[test]
#[expect(clippy::disallowed_methods, reason = "the developer says with it where xgboost is")]
fn the_real_library_agrees_on_models_trained_now() {
    let Ok(python) = std::env::var("TRUNKLINE_TEST_XGBOOST") else {
        eprintln!("SKIPPED: TRUNKLINE_TEST_XGBOOST names no Python with xgboost; see docs/routing.md");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/models/fixtures.py");
    for seed in ["2", "3", "4"] {
        let folder = tempfile::tempdir().unwrap();
        let run = Command::new(&python).arg(&script).arg(folder.path()).arg(seed).status();
        assert!(run.unwrap().success(), "{python} {}", script.display());
        for (name, ending) in AGREEING {
            agrees(folder.path(), name, ending);
        }
    }
}

#[test]
fn json_and_ubjson_of_one_model_are_one_model() {
    for name in ["logistic", "squared"] {
        let (json, binary) = (load(&format!("{name}.json")), load(&format!("{name}.ubj")));
        assert_eq!(json.trees, binary.trees);
        assert_ne!(json.hash(), binary.hash());
    }
}

#[test]
fn models_that_would_be_predicted_wrongly_are_refused_with_the_reason() {
    let refused = |name: &str| Trees::load(&file(&fixtures(), name)).unwrap_err();
    assert_eq!(refused("refused_categorical.json"), InvalidModel::Categorical(0));
    assert_eq!(refused("refused_classes.json"), InvalidModel::Outputs);
    assert_eq!(refused("refused_linear.json"), InvalidModel::Booster("gblinear".into()));
    assert_eq!(refused("refused_dart.json"), InvalidModel::Booster("dart".into()));
    assert_eq!(refused("refused_objective.json"), InvalidModel::Objective("count:poisson".into()));
}

fn broken(change: impl Fn(&mut serde_json::Value)) -> InvalidModel {
    let mut document = serde_json::from_slice(&file(&fixtures(), "logistic.json")).unwrap();
    change(&mut document);
    Trees::load(&serde_json::to_vec(&document).unwrap()).unwrap_err()
}

#[test]
fn broken_models_are_refused_with_the_reason() {
    let tree = "/learner/gradient_booster/model/trees/0";
    let set = |path: &str, value: serde_json::Value| {
        let path = path.to_owned();
        broken(move |document| *document.pointer_mut(&path).unwrap() = value.clone())
    };
    let why = |refused: InvalidModel| {
        if let InvalidModel::Tree { why, .. } = refused { why } else { panic!("{refused}") }
    };
    assert!(why(set(&format!("{tree}/left_children/0"), 999.into())).contains("child"));
    assert!(why(set(&format!("{tree}/left_children/1"), 0.into())).contains("no tree"));
    assert!(why(set(&format!("{tree}/split_indices/0"), 6.into())).contains("feature"));
    assert!(why(set(&format!("{tree}/sum_hessian"), vec![1.0].into())).contains("length"));
    assert!(why(set(&format!("{tree}/sum_hessian/0"), (-1).into())).contains("cover"));
    assert_eq!(set("/learner/feature_names", serde_json::json!([])), InvalidModel::Unnamed);
    for base in ["[1.0]", "", "[nan]", "half"] {
        let refused = set("/learner/learner_model_param/base_score", base.into());
        assert!(matches!(refused, InvalidModel::Document(_)), "{base:?}: {refused}");
    }
    assert!(matches!(Trees::load(b"{}").unwrap_err(), InvalidModel::Document(_)));
    assert!(matches!(Trees::load(b"not a model").unwrap_err(), InvalidModel::Form(_)));
}

#[test]
fn a_file_cut_anywhere_or_with_a_byte_changed_never_panics() {
    for name in ["rank.ubj", "logistic.json"] {
        let bytes = file(&fixtures(), name);
        for end in (0..bytes.len()).step_by(97) {
            assert!(Trees::load(&bytes[..end]).is_err(), "{name} cut at {end}");
        }
        for at in (0..bytes.len()).step_by(61) {
            let mut changed = bytes.clone();
            changed[at] ^= 0xff;
            // A changed digit of a leaf is still a model; only a panic or an endless walk would be wrong.
            if let Ok(trees) = Trees::load(&changed) {
                let _ = trees.margin(&[0.0; 6]);
            }
        }
    }
}

fn schema(of: &str, columns: &[&str]) -> Schema {
    let feature = |name: &&str| Feature { name: (*name).to_owned(), encoder: Encoder::Plain };
    let features = columns.iter().map(feature).collect();
    Declaration { of: of.to_owned(), version: 1, features }.try_into().unwrap()
}

/// The fixture with its features given to customers and agents.
fn shared_out() -> (Trees, Schema, Schema) {
    let mut trees = load("logistic.json");
    let names =
        ["customer.value", "agent.recency", "customer.retail", "agent.east", "agent.calls", "customer.hour"];
    trees.names = names.map(str::to_owned).into();
    let customer = schema("customer", &["hour", "value", "retail", "unused"]);
    (trees, customer, schema("agent", &["calls", "recency", "east"]))
}

#[test]
fn a_bound_model_scores_customer_and_agent_as_the_whole_row() {
    let (trees, customer, agent) = shared_out();
    let bound = trees.clone().bind(&customer, &agent).unwrap();
    let mut walking = trees.clone().bind(&customer, &agent).unwrap();
    assert!(walking.sides.take().is_some(), "the fixture's trees are small enough to be kept");
    let rows: Vec<Vec<f32>> = expected(&fixtures(), "logistic").rows.iter().map(|cells| row(cells)).collect();
    for whose in &rows {
        let customer = [whose[5], whose[0], whose[2], 7.0];
        let mut agents = Table::new(3);
        rows.iter().for_each(|row| agents.push(&[row[4], row[1], row[3]]));
        let order: Vec<usize> = (0..rows.len()).rev().collect();
        let scores = bound.score(&customer, &agents, &order);
        for (score, at) in scores.iter().zip(&order) {
            let agent = &rows[*at];
            let whole = [whose[0], agent[1], whose[2], agent[3], agent[4], whose[5]];
            assert_eq!(*score, trees.predict(&whole), "the two sides must meet in the same leaf");
        }
        assert_eq!(
            walking.score(&customer, &agents, &order),
            scores,
            "a cut tree must lead to the same leaf"
        );
    }
}

#[test]
fn a_model_looks_at_the_columns_that_its_splits_ask_about_and_at_no_other() {
    let (trees, customer, agent) = shared_out();
    let bound = trees.clone().bind(&customer, &agent).unwrap();
    let columns = bound.columns();
    let customers = columns.iter().filter(|column| matches!(column, crate::score::Column::Customer(_)));
    assert!(customers.count() > 0 && !columns.contains(&crate::score::Column::Customer(3)), "{columns:?}");
    let mut agents = Table::new(3);
    agents.push(&[3.0, 20.0, 1.0]);
    let score = |cells: [f32; 4]| bound.score(&cells, &agents, &[0]);
    assert_eq!(score([16.0, 9_000.0, 1.0, 0.0]), score([16.0, 9_000.0, 1.0, 99.0]));
}

#[test]
fn what_is_kept_of_an_agent_ends_with_the_row_it_was_of() {
    let (trees, customer, agent) = shared_out();
    let bound = trees.clone().bind(&customer, &agent).unwrap();
    let customer = [16.0, 9_000.0, 1.0, 0.0];
    let rows: Vec<Vec<f32>> = expected(&fixtures(), "logistic").rows.iter().map(|cells| row(cells)).collect();
    let mut agents = Table::new(3);
    rows.iter().take(2).for_each(|row| agents.push(&[row[4], row[1], row[3]]));
    for row in &rows {
        agents.set(1, &[row[4], row[1], row[3]]);
        let whole = [customer[1], row[1], customer[2], row[3], row[4], customer[0]];
        assert_eq!(bound.score(&customer, &agents, &[0, 1])[1], trees.predict(&whole));
    }
    let mut narrower = Table::new(2);
    narrower.push(&[3.0, 20.0]);
    let whole = [customer[1], 20.0, customer[2], f32::NAN, 3.0, customer[0]];
    assert_eq!(bound.score(&customer, &narrower, &[0]), [trees.predict(&whole)]);
}

#[test]
fn an_explanation_names_features_and_adds_up() {
    let (trees, customer, agent) = shared_out();
    let bound = trees.bind(&customer, &agent).unwrap();
    let explanation = bound.explain(&[16.0, 9_000.0, 1.0, 0.0], &[3.0, 20.0, f32::NAN]);
    let term = &explanation.terms[0];
    let margin = term.base + term.contributions.iter().map(|part| part.amount).sum::<f64>();
    assert!((1.0 / (1.0 + (-margin).exp()) - term.score).abs() < 1e-6);
    let english = explanation.sentences(crate::score::Language::En, 2);
    assert_eq!(english.len(), 2);
    assert!(
        english[0].starts_with("the customer's ") || english[0].starts_with("the agent's "),
        "{english:?}"
    );
    assert!(explanation.sentences(crate::score::Language::Zh, 1)[0].contains("本次匹配"));
}

#[test]
fn features_that_no_schema_has_are_all_named() {
    let (trees, customer, _) = shared_out();
    let refused = trees.bind(&customer, &schema("agent", &["calls"])).unwrap_err();
    assert_eq!(refused, Mismatch::Unknown(vec!["agent.recency".into(), "agent.east".into()]));
    let unprefixed = load("logistic.json").bind(&customer, &customer).unwrap_err();
    assert!(unprefixed.to_string().contains("industry=retail"));
}

/// Shapley values by their definition, over all subsets of features.
fn shapley(trees: &Trees, row: &[f32]) -> Vec<f64> {
    fn expectation(tree: &Tree, at: u32, row: &[f32], known: usize) -> f64 {
        let node = tree.nodes[at as usize];
        if node.is_leaf(at) {
            return node.value.into();
        }
        if known >> node.feature & 1 == 1 {
            return expectation(tree, node.next(row[node.feature as usize]), row, known);
        }
        let cover = |at: u32| f64::from(tree.nodes[at as usize].cover);
        let whole = cover(node.left) + cover(node.right);
        [node.left, node.right].iter().map(|at| cover(*at) / whole * expectation(tree, *at, row, known)).sum()
    }
    let n = row.len();
    let factorial = |n: usize| (1..=n).map(|n| n as f64).product::<f64>();
    let value = |known: usize| trees.trees.iter().map(|tree| expectation(tree, 0, row, known)).sum::<f64>();
    let values: Vec<f64> = (0..1 << n).map(value).collect();
    let amount = |feature: usize| {
        let without = (0..1_usize << n).filter(|set| set >> feature & 1 == 0);
        without
            .map(|set| {
                let size = set.count_ones() as usize;
                let weight = factorial(size) * factorial(n - size - 1) / factorial(n);
                weight * (values[set | 1 << feature] - values[set])
            })
            .sum()
    };
    (0..n).map(amount).collect()
}

#[test]
fn contributions_are_shapley_values_by_their_definition() {
    for name in ["logistic.json", "squared.json", "rank.ubj"] {
        let trees = load(name);
        for cells in expected(&fixtures(), name.split_once('.').unwrap().0).rows.iter().take(12) {
            let row = row(cells);
            for (ours, exact) in trees.contributions(&row).1.iter().zip(shapley(&trees, &row)) {
                assert!(apart(*ours, exact) < 1e-9, "{name}: {ours} and {exact}");
            }
        }
    }
}
