use std::fs;
use std::path::{Path, PathBuf};

use serde_json::json;

use super::*;
use crate::upcast::Shaped;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Everything that is checked in under the roots of the plan.
fn checked_in() -> Files {
    fn walk(path: &Path, files: &mut Files) {
        if path.is_dir() {
            for entry in fs::read_dir(path).unwrap() {
                walk(&entry.unwrap().path(), files);
            }
        } else {
            let name = path.strip_prefix(root()).unwrap().to_str().unwrap().to_owned();
            files.insert(name, fs::read_to_string(path).unwrap());
        }
    }
    let mut files = Files::new();
    for place in ROOTS {
        walk(&root().join(place), &mut files);
    }
    files
}

#[test]
fn what_is_checked_in_is_what_the_types_say() {
    let present = checked_in();
    let plan = plan(&present);
    assert_eq!(plan.faults, Vec::<String>::new());
    for (path, text) in &plan.files {
        assert_eq!(present.get(path), Some(text), "{path} is not as the code says; run `cargo xtask schema`");
    }
    let stray = plan.stray(&present);
    assert!(stray.is_empty(), "nothing in the code makes {stray:?}; run `cargo xtask schema`");
}

#[test]
fn every_sample_says_something_in_every_field() {
    let plan = plan(&Files::new());
    for event in DECLARED.iter().copied().flatten() {
        let shape = Shape { event_type: event.name.to_owned(), version: event.version };
        let sample: Value = serde_json::from_str(&plan.files[&shape.path(SAMPLE)]).unwrap();
        let read: Value = serde_json::from_str(&plan.files[&shape.path(EXPECTED)]).unwrap();
        assert_eq!(read[0]["payload"], sample, "{} loses something between writing and reading", event.name);
        let schema = Value::from((event.schema)());
        let fields = schema["properties"].as_object().map_or(0, serde_json::Map::len);
        assert_eq!(sample.as_object().unwrap().len(), fields, "the sample of {} lacks a field", event.name);
    }
}

fn object(properties: &Value, required: &[&str]) -> Value {
    json!({ "type": "object", "properties": properties, "required": required })
}

#[test]
fn changes_that_leave_stored_events_readable_are_in_order() {
    let before = object(
        &json!({
            "agent": { "$ref": "#/$defs/Id", "description": "old words" },
            "level": { "type": "integer", "format": "uint8", "minimum": 0, "maximum": 255 },
            "cause": { "oneOf": [{ "type": "string", "const": "busy" }] },
            "note": { "type": "string" },
        }),
        &["agent", "level", "cause", "note"],
    );
    let mut before = before;
    before["$defs"] = json!({ "Id": { "type": "string", "format": "uuid" } });
    let after = object(
        &json!({
            "agent": { "type": "string", "format": "uuid", "description": "new words" },
            "level": { "type": "integer", "format": "uint16", "minimum": 0, "maximum": 65535 },
            "cause": { "oneOf": [{ "type": "string", "const": "busy" }, { "type": "string", "const": "failed" }] },
            "note": { "anyOf": [{ "type": "string" }, { "type": "object", "required": ["$sealed"] }] },
            "added": { "type": ["string", "null"] },
        }),
        &["agent", "level", "cause"],
    );
    assert_eq!(incompatibilities(&before, &after), Vec::<String>::new());
    assert_eq!(incompatibilities(&before, &json!({})), Vec::<String>::new());
}

#[test]
fn each_change_that_would_harm_stored_events_is_told() {
    let before = object(
        &json!({
            "agent": { "type": "string", "format": "uuid" },
            "count": { "type": "integer", "format": "int64" },
            "cause": { "oneOf": [{ "type": "string", "const": "busy" }, { "type": "string", "const": "failed" }] },
            "note": { "type": ["string", "null"] },
            "inner": object(&json!({ "deep": { "type": "string" } }), &[]),
            "list": { "type": "array", "items": { "type": "integer", "format": "uint8", "maximum": 255 } },
        }),
        &["agent"],
    );
    let cases: &[(&str, Value, &str)] = &[
        ("/properties/agent", Value::Null, "the field /agent was removed or renamed"),
        ("/properties/agent", json!({ "type": "integer" }), "the field /agent was string and is integer"),
        (
            "/properties/agent",
            json!({ "type": "string", "format": "date" }),
            "the field /agent had the format",
        ),
        (
            "/properties/count",
            json!({ "type": "integer", "format": "int32" }),
            "the field /count has fewer bits",
        ),
        (
            "/properties/cause",
            json!({ "oneOf": [{ "type": "string", "const": "busy" }] }),
            "the field /cause could be \"failed\" and cannot any more",
        ),
        ("/properties/note", json!({ "type": "string" }), "the field /note was null and is string"),
        ("/properties/inner/properties/deep", Value::Null, "the field /inner/deep was removed or renamed"),
        (
            "/properties/list/items",
            json!({ "type": "integer", "format": "uint8", "maximum": 10 }),
            "the field /list/* has a narrower maximum",
        ),
        ("/required", json!(["agent", "note"]), "the field /note was optional and is required"),
        ("/required", json!(["agent", "new"]), "the field /new is new and required"),
    ];
    for (place, change, told) in cases {
        let mut after = before.clone();
        if change.is_null() {
            let (parent, name) = place.rsplit_once('/').unwrap();
            after.pointer_mut(parent).unwrap().as_object_mut().unwrap().remove(name);
        } else {
            *after.pointer_mut(place).unwrap() = change.clone();
        }
        let changes = incompatibilities(&before, &after);
        assert!(
            changes.len() == 1 && changes[0].starts_with(told),
            "{place}: expected {told:?}, was told {changes:?}"
        );
    }
}

#[test]
fn an_incompatible_change_without_a_new_version_is_refused() {
    let mut present = plan(&Files::new()).files;
    let path = "schema/events/call/bridged.v1.json";
    let mut schema: Value = serde_json::from_str(&present[path]).unwrap();
    schema["properties"]["channel"] = json!({ "type": "string" });
    present.insert(path.to_owned(), pretty(&schema));
    let faults = plan(&present).faults;
    assert_eq!(faults.len(), 1, "{faults:?}");
    let told = &faults[0];
    assert!(told.starts_with(path), "{told}");
    assert!(told.contains("the field /channel was removed") && told.contains("version 2"), "{told}");
}

#[test]
fn a_shipped_version_is_kept_and_read_through_its_upcaster() {
    const TABLE: &[Upcaster] = &[Upcaster {
        event_type: "call.joined",
        version: 1,
        rewrite: |payload| {
            Ok(vec![
                Shaped { event_type: "call.answered", version: 1, payload: json!({}) },
                Shaped { event_type: "call.bridged", version: 1, payload },
            ])
        },
    }];
    let declared: Vec<_> = DECLARED.iter().copied().flatten().collect();
    let schema = "schema/events/call/joined.v1.json".to_owned();
    let sample = "schema/events/call/joined.v1.sample.json".to_owned();
    let mut present = Files::from([(schema.clone(), pretty(&object(&json!({}), &[])))]);

    let untended = plan_of(&present, &declared, UPCASTERS).faults.join("\n");
    assert!(untended.contains("add an upcaster") && untended.contains("the sample of a shipped version"));

    present.insert(sample.clone(), pretty(&json!({ "waitedMs": 5 })));
    let kept = plan_of(&present, &declared, TABLE);
    assert_eq!(kept.faults, Vec::<String>::new());
    assert_eq!(kept.files.get(&sample), present.get(&sample));
    assert_eq!(kept.files.get(&schema), present.get(&schema));
    let read: Value =
        serde_json::from_str(&kept.files["schema/events/call/joined.v1.expected.json"]).unwrap();
    assert_eq!((&read[0]["type"], &read[1]["type"]), (&json!("call.answered"), &json!("call.bridged")));

    present.insert(sample, "not json".to_owned());
    let broken = plan_of(&present, &declared, TABLE).faults.join("\n");
    assert!(broken.contains("cannot be read any more"), "{broken}");
}

#[test]
fn pages_of_refusals_that_are_gone_are_stray_and_pages_of_others_are_not() {
    let plan = plan(&Files::new());
    let mut present = plan.files.clone();
    present.insert("schema/errors/CALL_GONE.md".to_owned(), format!("{WRITTEN}\n# CALL_GONE\n"));
    present.insert("schema/errors/TIMEOUT.md".to_owned(), "# TIMEOUT\n".to_owned());
    present.insert("schema/events/call/gone.v1.expected.json".to_owned(), "[]".to_owned());
    assert_eq!(
        plan.stray(&present),
        ["schema/errors/CALL_GONE.md", "schema/events/call/gone.v1.expected.json"]
    );
}
