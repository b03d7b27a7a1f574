//! Whether every payload that was valid under an old schema can still be read, with the same meaning, under a
//! new one.
//!
//! Only what is known to be safe is let through: a new optional property, a property that need no longer be
//! there, one more value of an enumeration, other words in a description.

use serde_json::{Map, Value};

/// Words for people, which no payload depends on.
const WORDS: &[&str] =
    &["$schema", "$id", "$defs", "$comment", "title", "description", "default", "examples"];
/// What is looked at one by one below.
const KNOWN: &[&str] = &[
    "$ref",
    "type",
    "properties",
    "required",
    "enum",
    "const",
    "oneOf",
    "anyOf",
    "items",
    "additionalProperties",
];
/// How deep schemas are followed; one that refers to itself ends here.
const DEPTH_MAX: usize = 16;

/// The reasons why stored payloads could not be read any more; none when they can.
pub(crate) fn breaks(old: &Value, new: &Value) -> Vec<String> {
    let mut comparison = Comparison { old_root: old, new_root: new, reasons: Vec::new() };
    comparison.compare("", old, new, DEPTH_MAX);
    comparison.reasons
}

struct Comparison<'a> {
    old_root: &'a Value,
    new_root: &'a Value,
    reasons: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn compare(&mut self, path: &str, old: &'a Value, new: &'a Value, depth: usize) {
        let (old, new) = (resolve(self.old_root, old), resolve(self.new_root, new));
        if old == new && self.old_root.get("$defs") == self.new_root.get("$defs") || depth == 0 {
            return;
        }
        for keyword in ["oneOf", "anyOf"] {
            self.variants(path, keyword, old, new, depth);
            if new.get(keyword).is_some() && old.get(keyword).is_none() {
                return;
            }
        }
        let (old, new) = match (old, new) {
            (Value::Object(old), Value::Object(new)) => (old, new),
            // `true` takes everything, so it is at least as wide as whatever was there.
            (_, Value::Bool(true)) => return,
            _ => return self.reason(path, "has another kind of schema"),
        };
        self.types(path, old, new);
        self.properties(path, old, new, depth);
        self.values(path, old, new);
        for keyword in ["items", "additionalProperties"] {
            match (old.get(keyword), new.get(keyword)) {
                (Some(old), Some(new)) => self.compare(&format!("{path}[]"), old, new, depth - 1),
                (None, Some(new)) if *new != Value::Bool(true) => {
                    self.reason(path, &format!("has `{keyword}` now"));
                }
                (_, None) | (None, Some(_)) => {}
            }
        }
        let keywords = old.keys().chain(new.keys().filter(|keyword| !old.contains_key(*keyword)));
        for keyword in keywords.filter(|keyword| !is_known(keyword) && old.get(*keyword) != new.get(*keyword))
        {
            self.reason(path, &format!("has another `{keyword}`"));
        }
    }

    fn types(&mut self, path: &str, old: &Map<String, Value>, new: &Map<String, Value>) {
        let Some(new) = new.get("type") else { return };
        let before = old.get("type").map(list).unwrap_or_default();
        if before.is_empty() || !before.iter().all(|kind| list(new).contains(kind)) {
            self.reason(path, &format!("was {} and is {new}", old.get("type").unwrap_or(&Value::Null)));
        }
    }

    fn properties(
        &mut self,
        path: &str,
        old: &'a Map<String, Value>,
        new: &'a Map<String, Value>,
        depth: usize,
    ) {
        let (before, after) = (old.get("properties"), new.get("properties"));
        for (name, property) in before.and_then(Value::as_object).into_iter().flatten() {
            let path = format!("{path}.{name}");
            match after.and_then(|properties| properties.get(name)) {
                Some(now) => self.compare(&path, property, now, depth - 1),
                None => self.reason(&path, "is gone"),
            }
        }
        let required = old.get("required").map(list).unwrap_or_default();
        for name in new.get("required").map(list).unwrap_or_default() {
            if !required.contains(&name) {
                let name = name.as_str().unwrap_or_default();
                self.reason(&format!("{path}.{name}"), "is required, and stored events may not have it");
            }
        }
    }

    fn values(&mut self, path: &str, old: &Map<String, Value>, new: &Map<String, Value>) {
        let (before, after) = (values(old), values(new));
        if before.is_none() && after.is_some() {
            self.reason(path, "takes only some values now");
        }
        let after = after.unwrap_or_default();
        for value in before.unwrap_or_default() {
            if (new.contains_key("enum") || new.contains_key("const")) && !after.contains(&value) {
                self.reason(path, &format!("no longer takes {value}"));
            }
        }
    }

    /// Each old variant, or the one shape that the old schema has, has to be readable as one of the new ones.
    fn variants(&mut self, path: &str, keyword: &str, old: &'a Value, new: &'a Value, depth: usize) {
        let Some(candidates) = new.get(keyword).map(list) else { return };
        for variant in old.get(keyword).map_or_else(|| vec![old], list) {
            let fits = |candidate: &&'a Value| {
                let mut trial =
                    Comparison { old_root: self.old_root, new_root: self.new_root, reasons: Vec::new() };
                trial.compare(path, variant, candidate, depth - 1);
                trial.reasons.is_empty()
            };
            if !candidates.iter().any(fits) {
                self.reason(path, &format!("can no longer be {}", name_of(variant)));
            }
        }
    }

    fn reason(&mut self, path: &str, reason: &str) {
        let path = path.trim_start_matches('.');
        let path = if path.is_empty() { "the payload" } else { path };
        self.reasons.push(format!("`{path}` {reason}"));
    }
}

fn is_known(keyword: &str) -> bool {
    KNOWN.contains(&keyword) || WORDS.contains(&keyword)
}

/// What `$ref` refers to within the same document.
fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|reference| reference.strip_prefix('#'));
    target.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

/// The elements of a list, or the one thing that is no list.
fn list(value: &Value) -> Vec<&Value> {
    value.as_array().map_or_else(|| vec![value], |elements| elements.iter().collect())
}

fn values(schema: &Map<String, Value>) -> Option<Vec<&Value>> {
    schema.get("enum").map(list).or_else(|| schema.get("const").map(|value| vec![value]))
}

fn name_of(variant: &Value) -> String {
    let name = variant.get("const").or_else(|| variant.get("title"));
    name.map_or_else(|| variant.to_string(), Value::to_string)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn object(properties: Value, required: &[&str]) -> Value {
        json!({ "type": "object", "properties": properties, "required": required })
    }

    #[test]
    fn what_stored_events_survive() {
        let old = object(json!({ "a": { "type": "string", "description": "old words" } }), &["a"]);
        let optional = json!({ "a": { "type": "string" }, "b": { "type": "integer" } });
        assert_eq!(breaks(&old, &object(optional, &["a"])), Vec::<String>::new());
        assert_eq!(
            breaks(&old, &object(json!({ "a": { "type": ["string", "null"] } }), &[])),
            Vec::<String>::new()
        );
        let (two, three) = (json!({ "enum": ["x", "y"] }), json!({ "enum": ["x", "y", "z"] }));
        assert_eq!(breaks(&two, &three), Vec::<String>::new());
        let optional = json!({ "anyOf": [{ "type": "string" }, { "type": "null" }] });
        assert_eq!(breaks(&json!({ "type": "string" }), &optional), Vec::<String>::new());
        assert!(!breaks(&json!({ "type": "integer" }), &optional).is_empty());
        let named = json!({ "$ref": "#/$defs/A", "$defs": { "A": { "type": "string" } } });
        assert_eq!(breaks(&named, &json!({ "type": "string" })), Vec::<String>::new());
    }

    #[test]
    fn what_they_do_not_survive() {
        let old = object(json!({ "a": { "type": "string" }, "b": { "type": "integer" } }), &["a"]);
        let cases = [
            (object(json!({ "a": { "type": "string" } }), &["a"]), "`b` is gone"),
            (object(old["properties"].clone(), &["a", "b"]), "`b` is required"),
            (object(json!({ "a": { "type": "integer" }, "b": { "type": "integer" } }), &["a"]), "`a` was"),
            (
                object(json!({ "a": { "type": "string", "maxLength": 3 }, "b": { "type": "integer" } }), &[]),
                "`maxLength`",
            ),
            (
                object(json!({ "a": { "type": "string", "enum": ["x"] }, "b": { "type": "integer" } }), &[]),
                "only some values",
            ),
        ];
        for (new, reason) in cases {
            let reasons = breaks(&old, &new);
            assert!(reasons.iter().any(|found| found.contains(reason)), "{reason}: {reasons:?}");
        }
    }

    #[test]
    fn variants_may_come_and_not_go() {
        let variants = |names: &[&str]| json!({ "oneOf": names.iter().map(|name| json!({ "const": name })).collect::<Vec<_>>() });
        assert_eq!(breaks(&variants(&["a", "b"]), &variants(&["a", "b", "c"])), Vec::<String>::new());
        let gone = breaks(&variants(&["a", "b"]), &variants(&["a"]));
        assert!(gone.iter().any(|reason| reason.contains("can no longer be \"b\"")), "{gone:?}");
    }

    #[test]
    fn a_changed_definition_is_found_behind_its_name() {
        let with = |kind: &str| json!({ "properties": { "a": { "$ref": "#/$defs/A" } }, "$defs": { "A": { "type": kind } } });
        assert!(!breaks(&with("string"), &with("integer")).is_empty());
    }
}
