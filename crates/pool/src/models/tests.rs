//! Files of models, as whoever imports, copies, loses and damages them leaves them; how a model drifts; and more decisions than
//! models that score beside another keep up with.

use serde_json::{Value, json};
use tempfile::TempDir;
use trunkline_domain::model::{DriftFigure, Estimate, FeatureSet, Scoring};
use trunkline_kernel::{DecisionId, Id as _, Position, Timestamp};
use trunkline_routing::matching::{Policy, Pool, decide};

use super::drift::{Sample, figures};
use super::*;
use crate::Features;

/// One tree: agents with `product=云客服` at half a level or more score higher.
fn document(names: &[&str]) -> Value {
    let tree = json!({
        "tree_param": { "size_leaf_vector": "1" }, "left_children": [1, -1, -1], "right_children": [2, -1, -1],
        "split_indices": [0, 0, 0], "split_conditions": [0.5, -1.0, 1.0], "default_left": [1, 0, 0],
        "split_type": [0, 0, 0], "sum_hessian": [4.0, 2.0, 2.0],
    });
    json!({ "learner": {
        "attributes": {},
        "feature_names": names,
        "gradient_booster": { "name": "gbtree", "model": { "trees": [tree] } },
        "learner_model_param": { "base_score": "5E-1", "num_class": "0", "num_feature": names.len().to_string() },
        "objective": { "name": "binary:logistic" },
    } })
}

fn model() -> Vec<u8> {
    document(&["agent.product=云客服"]).to_string().into_bytes()
}

fn store(folder: &TempDir) -> ModelStore {
    ModelStore::new(folder.path().join("models"), Features::standard().unwrap().into())
}

async fn refused(document: &Value) -> String {
    let folder = TempDir::new().unwrap();
    let refused = store(&folder).keep(document.to_string().into_bytes()).await.unwrap_err();
    assert!(!folder.path().join("models").exists(), "nothing of a refused file is kept");
    refused.to_string()
}

#[tokio::test]
async fn a_model_is_kept_under_its_hash_and_is_what_was_imported() {
    let folder = TempDir::new().unwrap();
    let imported = store(&folder).keep(model()).await.unwrap();
    assert_eq!(store(&folder).keep(model()).await.unwrap(), imported, "once more changes nothing");
    assert_eq!((imported.trees, imported.columns, imported.objective.as_str()), (1, 1, "binary:logistic"));
    let scorer = store(&folder).load(imported.model).await.unwrap();
    assert_eq!(scorer.hash().as_str(), imported.model.hash.to_string());
    let files: Vec<_> = std::fs::read_dir(folder.path().join("models")).unwrap().collect();
    assert_eq!(files.len(), 1, "{files:?}");
}

#[tokio::test]
async fn a_file_that_is_gone_changed_or_of_other_features_does_not_score() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder);
    let kept = store.keep(model()).await.unwrap().model;
    let file = folder.path().join(format!("models/{}.model", kept.hash));
    std::fs::write(&file, document(&["agent.product=企业版"]).to_string()).unwrap();
    assert!(matches!(store.load(kept).await, Err(ModelFault::Changed(_))));
    std::fs::write(&file, &model()[..40]).unwrap();
    assert!(matches!(store.load(kept).await, Err(ModelFault::Changed(_))));
    std::fs::remove_file(&file).unwrap();
    let missing = store.load(kept).await.unwrap_err();
    assert!(missing.to_string().contains(&format!("copy {}.model there", kept.hash)), "{missing}");
    let features = FeatureSet { agent: 7, ..kept.features };
    let other = store.load(trunkline_domain::model::ModelFile { features, ..kept }).await.unwrap_err();
    assert!(matches!(other, ModelFault::Features { .. }), "{other}");
}

#[tokio::test]
async fn what_does_not_fit_is_refused_with_the_reason_and_not_kept() {
    assert!(refused(&document(&["agent.shoe_size"])).await.contains("agent.shoe_size"));
    assert!(refused(&document(&[])).await.contains("does not name its features"));
    let with = |path: &str, value: Value| {
        let mut changed = document(&["agent.product=云客服"]);
        *changed.pointer_mut(path).unwrap() = value;
        changed
    };
    let attributes = json!({ "trunkline_customer_version": "9" });
    let later = refused(&with("/learner/attributes", attributes)).await;
    assert!(later.contains("version 9 of the customers' features"), "{later}");
    let odd = refused(&with("/learner/attributes", json!({ "trunkline_agent_version": "new" }))).await;
    assert!(odd.contains("trunkline_agent_version") && odd.contains("\"new\""), "{odd}");
    let count = refused(&with("/learner/learner_model_param/num_feature", json!("3"))).await;
    assert!(count.contains("does not name its features"), "{count}");
    let endless = with("/learner/gradient_booster/model/trees/0/split_conditions/0", json!(1e300));
    assert!(refused(&endless).await.contains("not finite"));
    assert!(
        refused(&json!({ "version": "a spreadsheet" })).await.contains("not a model as XGBoost saves it")
    );
    let folder = TempDir::new().unwrap();
    for cut in [0, 1, 40, model().len() - 1] {
        let refused = store(&folder).keep(model()[..cut].to_vec()).await.unwrap_err();
        assert!(matches!(refused, ModelFault::Invalid(_)), "{refused}");
    }
}

/// 1,000 decisions with scores evenly spread from 0 to 1, in which so large a share of each score bought.
fn decided(share: impl Fn(f64) -> f64) -> Vec<Sample> {
    let sample = |number: u16| {
        let score = (f64::from(number) + 0.5) / 1_000.0;
        // The golden ratio spreads sales evenly over every stretch of scores.
        let sale = (f64::from(number) * 0.618_033_988_75).fract() < share(score);
        let (position, at) = (Position(number.into()), Timestamp::from_millis(number.into()));
        Sample { position, at, score, cells: vec![0.0], sale }
    };
    (0..1_000).map(sample).collect()
}

#[tokio::test]
async fn each_figure_of_drift_crosses_a_limit_of_its_own() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder);
    let model = store.keep(model()).await.unwrap().model;
    let subject = Subject {
        scoring: Scoring { model, cosine: None },
        scorer: store.load(model).await.unwrap(),
        began: Position::START,
        before: None,
        auc: Some(Estimate { value: 0.75, low: 0.72, high: 0.78 }),
        foretells: true,
    };
    let ranks = Subject { foretells: false, ..subject.clone() };
    let (settings, features) = (DriftSettings::default(), Features::standard().unwrap());
    let first = decided(|score| score);
    let drifted = |subject: &Subject, newest: Vec<Sample>| {
        let measured = figures(subject, &first, &newest, &settings, &features).unwrap();
        measured.drifted().collect::<Vec<_>>()
    };
    assert_eq!(drifted(&subject, decided(|score| score)), []);
    assert_eq!(
        drifted(&subject, decided(|score| score / 2.0)),
        [DriftFigure::Calibration],
        "half as many buy"
    );
    assert_eq!(drifted(&ranks, decided(|score| score / 2.0)), [], "its scores are no probabilities");
    assert_eq!(
        drifted(&ranks, decided(|_| 0.5)),
        [DriftFigure::Ranking],
        "whoever it prefers buys no more often"
    );
    let upper = decided(|score| score).into_iter().filter(|sample| sample.score > 0.6).collect();
    assert!(drifted(&subject, upper).contains(&DriftFigure::Scores), "other scores than at first");
    let moved =
        decided(|score| score).into_iter().map(|sample| Sample { cells: vec![1.0], ..sample }).collect();
    assert_eq!(drifted(&subject, moved), [DriftFigure::Columns]);
}

#[tokio::test]
async fn decisions_are_dropped_and_counted_while_too_many_wait_to_be_scored_beside() {
    let folder = TempDir::new().unwrap();
    let store = store(&folder);
    let model = store.keep(model()).await.unwrap().model;
    let decision = decide(&Pool::new(0, []), &[], None, &Policy::default(), Timestamp::from_millis(0), 1);
    let id = DecisionId::from_uuid(uuid::Uuid::from_u128(1));
    let shadowing = Shadowing::default();
    shadowing.offer(id, &decision);
    shadowing.replace(vec![(model.hash, store.load(model).await.unwrap())]);
    for _ in 0..1_003 {
        shadowing.offer(id, &decision);
    }
    assert_eq!(shadowing.counts(), (0, 3), "1,000 wait, and without a model to score nothing did");
}
