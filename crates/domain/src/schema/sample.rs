//! A first sample of a payload, made from its schema: every field present, every value plain.

use serde_json::{Map, Value, json};

/// A value that has the schema's shape.
pub(super) fn of(schema: &Value) -> Value {
    value(schema, schema, "example")
}

fn value(root: &Value, schema: &Value, name: &str) -> Value {
    let schema = super::compare::resolve(root, schema);
    if let Some(constant) = schema.get("const") {
        return constant.clone();
    }
    if let Some(first) = schema.pointer("/enum/0") {
        return first.clone();
    }
    for choice in ["oneOf", "anyOf"] {
        if let Some(first) = schema.get(choice).and_then(|branches| branches.get(0)) {
            return value(root, first, name);
        }
    }
    let kind = schema.get("type").and_then(|kind| kind.get(0).unwrap_or(kind).as_str());
    match kind {
        Some("object") => object(root, schema),
        Some("array") => json!([value(root, &schema["items"], name)]),
        Some("string") => json!(text(schema, name)),
        Some("integer") => json!(3),
        Some("number") => json!(0.5),
        Some("boolean") => json!(true),
        Some("null") => Value::Null,
        _ => json!({ "any": name }),
    }
}

fn object(root: &Value, schema: &Value) -> Value {
    let mut object = Map::new();
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        for (name, property) in properties {
            object.insert(name.clone(), value(root, property, name));
        }
    } else if let Some(entry) = schema.get("additionalProperties").filter(|entry| entry.is_object()) {
        object.insert("example".to_owned(), value(root, entry, "example"));
    }
    Value::Object(object)
}

fn text(schema: &Value, name: &str) -> String {
    match (schema.get("format").and_then(Value::as_str), schema.get("pattern")) {
        (Some("uuid"), _) => "01890a5d-ac96-774b-bcce-b302099a8057".to_owned(),
        (Some("sha-256"), _) => "5e".repeat(32),
        (Some("date-time"), _) => "2026-01-31T09:00:00Z".to_owned(),
        (_, Some(_)) => "+8613812345678".to_owned(),
        (_, None) => format!("the {name}"),
    }
}
