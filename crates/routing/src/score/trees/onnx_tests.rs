//! Our reading of ONNX files against onnxruntime. `deploy/models/onnx_fixtures.py` wrote the files and what onnxruntime
//! predicts for their rows.

use std::path::{Path, PathBuf};
use std::process::Command;

use prost::Message as _;
use serde::Deserialize;

use super::onnx_messages::{Attribute, Model};
use super::*;

#[derive(Deserialize)]
struct Expected {
    onnxruntime: String,
    names: Vec<String>,
    rows: Vec<Vec<Option<f32>>>,
    predictions: Vec<f64>,
}

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/models")
}

fn file(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn row(cells: &[Option<f32>]) -> Vec<f32> {
    cells.iter().map(|cell| cell.unwrap_or(f32::NAN)).collect()
}

/// Predictions within 1e-6, relative to numbers above 1; contributions add up to the margin.
fn agrees(folder: &Path, name: &str) {
    let trees = Trees::load(&file(folder, &format!("{name}.onnx"))).unwrap();
    let expected: Expected =
        serde_json::from_slice(&file(folder, &format!("{name}.onnx.expected.json"))).unwrap();
    assert_eq!((trees.format(), trees.names()), (Format::Onnx, expected.names.as_slice()));
    for (at, (cells, theirs)) in expected.rows.iter().zip(&expected.predictions).enumerate() {
        let row = row(cells);
        let ours = f64::from(trees.predict(&row));
        let apart = (ours - theirs).abs() / theirs.abs().max(1.0);
        assert!(apart <= 1e-6, "{name} row {at}: {ours} and {theirs}");
        let (base, amounts) = trees.contributions(&row);
        let margin = f64::from(trees.margin(&row));
        let sum = base + amounts.iter().sum::<f64>();
        assert!((sum - margin).abs() / margin.abs().max(1.0) <= 1e-5, "{name} row {at}: {sum} and {margin}");
    }
    println!("{name}: {} rows as onnxruntime {} has them", expected.rows.len(), expected.onnxruntime);
}

const AGREEING: [&str; 3] = ["classifier", "regressor", "atmost"];

#[test]
fn predictions_are_those_of_onnxruntime() {
    AGREEING.iter().for_each(|name| agrees(&fixtures(), name));
}

/// Trains, converts and predicts now, when `TRUNKLINE_TEST_XGBOOST` names a Python that has all of requirements.txt.
#[test]
#[expect(clippy::disallowed_methods, reason = "the developer says with it where xgboost is")]
fn onnxruntime_agrees_on_models_written_now() {
    let Ok(python) = std::env::var("TRUNKLINE_TEST_XGBOOST") else {
        eprintln!("SKIPPED: TRUNKLINE_TEST_XGBOOST names no Python with onnxruntime; see docs/routing.md");
        return;
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../deploy/models/onnx_fixtures.py");
    for seed in ["2", "3"] {
        let folder = tempfile::tempdir().unwrap();
        let run = Command::new(&python).arg(&script).arg(folder.path()).arg(seed).status();
        assert!(run.unwrap().success(), "{python} {}", script.display());
        AGREEING.iter().for_each(|name| agrees(folder.path(), name));
    }
}

#[test]
fn onnx_that_would_be_predicted_wrongly_is_refused_with_the_reason() {
    let refused = |name: &str| Trees::load(&file(&fixtures(), name)).unwrap_err();
    assert_eq!(refused("refused_classes.onnx"), InvalidModel::Outputs);
    assert_eq!(refused("refused_unnamed.onnx"), InvalidModel::Unnamed);
    let operator = refused("refused_operator.onnx").to_string();
    assert!(operator.contains("Exp") && operator.contains("change what the trees say"), "{operator}");
}

/// The fixture with a change.
fn changed(change: impl FnOnce(&mut Model)) -> Result<Trees, InvalidModel> {
    let mut model = Model::decode(&*file(&fixtures(), "classifier.onnx")).unwrap();
    change(&mut model);
    let mut bytes = vec![0x08, 8];
    bytes.extend(model.encode_to_vec());
    Trees::load(&bytes)
}

fn attribute<'a>(model: &'a mut Model, name: &str) -> &'a mut Attribute {
    let operator = &mut model.graph.as_mut().unwrap().node[0];
    operator.attribute.iter_mut().find(|attribute| attribute.name == name).unwrap()
}

#[test]
fn a_changed_graph_is_refused_and_says_where() {
    assert!(changed(|_| {}).is_ok(), "the fixture itself, written again");
    let why = |change: fn(&mut Model)| changed(change).unwrap_err().to_string();
    let said = why(|model| attribute(model, "nodes_truenodeids").ints[0] = 999);
    assert!(said.contains("tree 0") && said.contains("child"), "{said}");
    assert!(why(|model| attribute(model, "nodes_falsenodeids").ints[0] = 0).contains("no tree"));
    assert!(why(|model| attribute(model, "nodes_truenodeids").ints[0] = 0).contains("itself"));
    assert!(why(|model| attribute(model, "nodes_featureids").ints[0] = 6).contains("feature"));
    assert!(why(|model| attribute(model, "nodes_featureids").ints[0] = -1).contains("feature"));
    assert!(why(|model| attribute(model, "nodes_nodeids").ints[1] = 0).contains("twice"));
    assert!(why(|model| attribute(model, "nodes_values").floats[0] = f32::NAN).contains("finite"));
    assert!(
        why(|model| attribute(model, "nodes_modes").texts[0] = b"BRANCH_EQ".to_vec()).contains("neither")
    );
    assert!(why(|model| attribute(model, "nodes_values").floats.clear()).contains("length"));
    assert!(why(|model| attribute(model, "class_weights").floats.clear()).contains("length"));
    assert!(why(|model| attribute(model, "class_nodeids").ints[0] = 999).contains("not there"));
    assert!(why(|model| attribute(model, "class_nodeids").ints[0] = 0).contains("split has a weight"));
    assert!(why(|model| attribute(model, "post_transform").text = b"PROBIT".to_vec()).contains("PROBIT"));
    assert!(why(|model| attribute(model, "base_values").floats = vec![f32::INFINITY]).contains("finite"));
    assert!(why(|model| attribute(model, "base_values").floats = vec![0.0; 2]).contains("several numbers"));
    assert!(why(|model| model.metadata[0].value = "[]".to_owned()).contains("does not name"));
    assert!(why(|model| model.metadata[0].value = "six".to_owned()).contains("JSON list"));
    assert!(why(|model| model.metadata[0].value = "[\"one\"]".to_owned()).contains("takes 6 features"));
    let graph = |model: &mut Model| model.graph.take().unwrap();
    assert!(why(|model| model.graph = None).contains("no graph"));
    assert!(changed(|model| graph(model).node.clear()).is_err());
}

/// Every way of asking is turned into "below goes left", for all numbers and for what is missing.
#[test]
fn less_at_most_more_and_at_least_are_all_exact() {
    type Asks = fn(f32, f32) -> bool;
    let modes: [(&str, Asks); 4] = [
        ("BRANCH_LT", |cell, split| cell < split),
        ("BRANCH_LEQ", |cell, split| cell <= split),
        ("BRANCH_GTE", |cell, split| cell >= split),
        ("BRANCH_GT", |cell, split| cell > split),
    ];
    for (mode, holds) in modes {
        for missing in [0, 1] {
            for split in [0.5_f32, -0.0, f32::MIN_POSITIVE, -3.25] {
                let trees = stump(mode, split, missing).unwrap();
                for cell in [split, split.next_up(), split.next_down(), 0.0, f32::INFINITY, f32::NEG_INFINITY]
                {
                    let said = if holds(cell, split) { 1.0 } else { -1.0 };
                    assert_eq!(trees.margin(&[cell]), said, "{cell} {mode} {split}");
                }
                let said = if missing == 1 { 1.0 } else { -1.0 };
                assert_eq!(trees.margin(&[f32::NAN]), said, "missing, {mode}");
            }
        }
    }
}

/// One question: 1 when the answer is true, -1 when not.
fn stump(mode: &str, split: f32, missing: i64) -> Result<Trees, InvalidModel> {
    changed(|model| {
        model.metadata[0].value = "[\"x\"]".to_owned();
        let input = &mut model.graph.as_mut().unwrap().input[0];
        input.kind.as_mut().unwrap().tensor.as_mut().unwrap().shape = None;
        for (name, ints) in [
            ("nodes_treeids", [0, 0, 0]),
            ("nodes_nodeids", [0, 1, 2]),
            ("nodes_featureids", [0, 0, 0]),
            ("nodes_truenodeids", [1, 0, 0]),
            ("nodes_falsenodeids", [2, 0, 0]),
            ("nodes_missing_value_tracks_true", [missing, 0, 0]),
        ] {
            attribute(model, name).ints = ints.to_vec();
        }
        for (name, ints) in [("class_treeids", [0, 0]), ("class_nodeids", [1, 2]), ("class_ids", [0, 0])] {
            attribute(model, name).ints = ints.to_vec();
        }
        let modes = [mode, "LEAF", "LEAF"];
        attribute(model, "nodes_modes").texts = modes.map(|mode| mode.as_bytes().to_vec()).into();
        attribute(model, "nodes_values").floats = vec![split, 0.0, 0.0];
        attribute(model, "class_weights").floats = vec![1.0, -1.0];
        attribute(model, "base_values").floats.clear();
    })
}

#[test]
fn a_file_cut_anywhere_or_with_bytes_changed_never_panics_and_is_walked_to_an_end() {
    for name in AGREEING {
        let bytes = file(&fixtures(), &format!("{name}.onnx"));
        for end in 0..bytes.len() {
            let _ = Trees::load(&bytes[..end]);
        }
        let mut state = 1_u64;
        for _ in 0..4_000 {
            let mut mutated = bytes.clone();
            for _ in 0..3 {
                // The multiplier is Knuth's, of MMIX.
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
                let at = usize::try_from(state >> 33).unwrap() % mutated.len();
                mutated[at] = state.to_be_bytes()[4];
            }
            // A changed leaf is still a model; only a panic or an endless walk would be wrong.
            if let Ok(trees) = Trees::load(&mutated) {
                let _ = trees.margin(&[0.0; 6]);
                let _ = trees.contributions(&[f32::NAN; 6]);
            }
        }
    }
}

#[test]
fn a_file_that_would_fill_the_memory_is_not_read() {
    let mut bytes = vec![0x08, 8];
    bytes.resize(ONNX_BYTES_MAX + 1, 0);
    assert!(Trees::load(&bytes).unwrap_err().to_string().contains("at most 33554432"));
}
