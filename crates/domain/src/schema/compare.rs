//! Whether stored events of a checked-in schema can still be read by the types of today.

use std::collections::BTreeSet;

use serde_json::Value;

/// What has changed so that an event stored under `before` might not be read, or would lose something, under
/// `after`; each change in words with the path of the field. Additions that old events do without, wider ranges
/// and new words are in order.
pub fn incompatibilities(before: &Value, after: &Value) -> Vec<String> {
    let mut comparison = Comparison { before, after, changes: Vec::new() };
    comparison.schemas("", before, after);
    comparison.changes
}

/// The schema that a reference within its document stands for.
pub(crate) fn resolve<'a>(root: &'a Value, schema: &'a Value) -> &'a Value {
    let target = schema.get("$ref").and_then(Value::as_str).and_then(|path| path.strip_prefix('#'));
    target.and_then(|pointer| root.pointer(pointer)).unwrap_or(schema)
}

struct Comparison<'a> {
    before: &'a Value,
    after: &'a Value,
    changes: Vec<String>,
}

impl<'a> Comparison<'a> {
    fn schemas(&mut self, path: &str, before: &'a Value, after: &'a Value) {
        let (before, after) = (resolve(self.before, before), resolve(self.after, after));
        if takes_anything(after) {
            return;
        }
        match (branches(before), branches(after)) {
            (None, None) => self.plain(path, before, after),
            (old, new) => {
                let old = old.unwrap_or_else(|| vec![before]);
                let new = new.unwrap_or_else(|| vec![after]);
                self.choices(path, &old, &new);
            }
        }
    }

    /// Every old branch must be readable as one of the new ones.
    fn choices(&mut self, path: &str, old: &[&'a Value], new: &[&'a Value]) {
        for branch in old {
            let mut nearest: Option<Vec<String>> = None;
            for candidate in new {
                let mut attempt = Comparison { before: self.before, after: self.after, changes: Vec::new() };
                attempt.schemas(path, branch, candidate);
                if nearest.as_ref().is_none_or(|found| attempt.changes.len() < found.len()) {
                    nearest = Some(attempt.changes);
                }
            }
            let at = place(path);
            match nearest {
                Some(changes) if changes.is_empty() => {}
                Some(changes) if new.len() == 1 => self.changes.extend(changes),
                _ => {
                    let gone = describe(resolve(self.before, branch));
                    self.changes.push(format!("{at} could be {gone} and cannot any more"));
                }
            }
        }
    }

    fn plain(&mut self, path: &str, before: &'a Value, after: &'a Value) {
        let at = place(path);
        let (old, new) = (kinds(before), kinds(after));
        let lost: Vec<_> = old.iter().filter(|kind| !fits(kind, &new)).copied().collect();
        if !lost.is_empty() || (old.is_empty() && !takes_anything(after)) {
            let now = new.into_iter().collect::<Vec<_>>().join(" or ");
            let was = if old.is_empty() { "anything".to_owned() } else { lost.join(" or ") };
            self.changes.push(format!("{at} was {was} and is {now}"));
            return;
        }
        self.values(&at, before, after);
        self.ranges(&at, before, after);
        self.properties(path, before, after);
        for inner in ["items", "additionalProperties"] {
            // `false` permits no value, so that there is none to be read.
            let old = before.get(inner).filter(|schema| schema.as_bool() != Some(false));
            if let (Some(old), Some(new)) = (old, after.get(inner)) {
                self.schemas(&format!("{path}/*"), old, new);
            }
        }
    }

    fn values(&mut self, at: &str, before: &Value, after: &Value) {
        let (old, new) = (words(before), words(after));
        match (old, new) {
            (Some(old), Some(new)) => {
                for word in old.difference(&new) {
                    self.changes.push(format!("{at} could be {word} and cannot any more"));
                }
            }
            (None, Some(_)) => {
                self.changes.push(format!("{at} could be any text and is a closed set of words"))
            }
            (_, None) => {}
        }
        // The form of a number is judged by its range.
        let is_number = kinds(before).iter().any(|kind| *kind == "integer" || *kind == "number");
        for form in ["format", "pattern"].into_iter().filter(|_| !is_number) {
            let (old, new) = (before.get(form), after.get(form));
            if new.is_some() && old != new {
                let old = old.map_or("none".to_owned(), Value::to_string);
                self.changes.push(format!("{at} had the {form} {old} and has another"));
            }
        }
    }

    fn ranges(&mut self, at: &str, before: &Value, after: &Value) {
        let number = |schema: &Value, key: &str| schema.get(key).and_then(Value::as_f64);
        for (key, narrower) in [
            ("minimum", f64::gt as fn(&f64, &f64) -> bool),
            ("maximum", f64::lt),
            ("minLength", f64::gt),
            ("maxLength", f64::lt),
            ("minItems", f64::gt),
            ("maxItems", f64::lt),
        ] {
            let narrowed = match (number(before, key), number(after, key)) {
                (Some(old), Some(new)) => narrower(&new, &old),
                (None, Some(_)) => true,
                (_, None) => false,
            };
            if narrowed {
                self.changes.push(format!("{at} has a narrower {key}"));
            }
        }
        if integer_bits(after) < integer_bits(before) {
            self.changes.push(format!("{at} has fewer bits"));
        }
    }

    fn properties(&mut self, path: &str, before: &'a Value, after: &'a Value) {
        let (old, new) = (before.get("properties"), after.get("properties"));
        let (old_required, new_required) = (required(before), required(after));
        for (name, schema) in old.and_then(Value::as_object).into_iter().flatten() {
            let field = format!("{path}/{name}");
            match new.and_then(|new| new.get(name)) {
                None => self.changes.push(format!("the field {field} was removed or renamed")),
                Some(now) => self.schemas(&field, schema, now),
            }
        }
        for name in new_required.difference(&old_required) {
            let known = old.is_some_and(|old| old.get(name).is_some());
            let change = if known { "was optional and is required" } else { "is new and required" };
            self.changes.push(format!("the field {path}/{name} {change}"));
        }
    }
}

fn place(path: &str) -> String {
    if path.is_empty() { "the payload".to_owned() } else { format!("the field {path}") }
}

fn takes_anything(schema: &Value) -> bool {
    let limits = ["type", "properties", "oneOf", "anyOf", "enum", "const", "$ref"];
    schema.as_bool() == Some(true)
        || (schema.is_object() && !limits.iter().any(|key| schema.get(key).is_some()))
}

fn branches(schema: &Value) -> Option<Vec<&Value>> {
    let list = schema.get("oneOf").or_else(|| schema.get("anyOf"))?.as_array()?;
    Some(list.iter().collect())
}

fn kinds(schema: &Value) -> BTreeSet<&str> {
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds.iter().filter_map(Value::as_str).collect(),
        Some(kind) => kind.as_str().into_iter().collect(),
        None => BTreeSet::new(),
    };
    let constant = schema.get("const").map(|constant| match constant {
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Null => "null",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    });
    if kind.is_empty() { constant.into_iter().collect() } else { kind }
}

/// Whether values of a kind are among the new kinds; every integer is a number.
fn fits(kind: &str, new: &BTreeSet<&str>) -> bool {
    new.contains(kind) || (kind == "integer" && new.contains("number"))
}

fn words(schema: &Value) -> Option<BTreeSet<String>> {
    match (schema.get("const"), schema.get("enum").and_then(Value::as_array)) {
        (Some(constant), _) => Some(BTreeSet::from([constant.to_string()])),
        (None, Some(list)) => Some(list.iter().map(Value::to_string).collect()),
        (None, None) => None,
    }
}

fn required(schema: &Value) -> BTreeSet<&str> {
    let list = schema.get("required").and_then(Value::as_array);
    list.into_iter().flatten().filter_map(Value::as_str).collect()
}

/// How wide an integer without range is; schemars gives a range to the narrow ones only.
fn integer_bits(schema: &Value) -> u32 {
    match schema.get("format").and_then(Value::as_str) {
        Some("int8" | "uint8") => 8,
        Some("int16" | "uint16") => 16,
        Some("int32" | "uint32") => 32,
        _ => 64,
    }
}

fn describe(schema: &Value) -> String {
    let fields = || {
        let names = schema.get("properties").and_then(Value::as_object)?.keys().cloned().collect::<Vec<_>>();
        Some(format!("an object with {}", names.join(", ")))
    };
    let constant = schema.get("const").map(Value::to_string);
    constant.or_else(fields).unwrap_or_else(|| kinds(schema).into_iter().collect::<Vec<_>>().join(" or "))
}
