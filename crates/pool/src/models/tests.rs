//! Files of models, as whoever imports, copies, loses and damages them leaves them.

use serde_json::{Value, json};
use tempfile::TempDir;
use trunkline_domain::model::FeatureSet;

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
