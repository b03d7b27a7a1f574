//! Which fields of which events are personal, and whose they are: read from the schemas that the types declare, so
//! that there is one declaration.
//!
//! A personal field has the type [`Personal`](trunkline_kernel::Personal), which is `x-personal` in its schema, and
//! says whose it is by `x-subject`: the noun of a [`SubjectKind`].

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::Value;
use smallvec::SmallVec;
use trunkline_kernel::{NewEvent, StreamId, Subject, SubjectKind};

use crate::schema::resolve;
use crate::{DECLARED, EventDeclaration};

/// How deep schemas are searched; one that refers to itself has no end.
const DEPTH_MAX: usize = 16;

/// The personal fields below one place of a payload.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fields {
    /// This is one.
    Own(SubjectKind),
    /// Fields of an object.
    Named(Vec<(String, Fields)>),
    /// Every entry of a list.
    Listed(Box<Fields>),
    /// Every value of a map.
    Mapped(Box<Fields>),
}

static ALL: LazyLock<HashMap<&'static str, Fields>> = LazyLock::new(|| {
    let declared = DECLARED.iter().copied().flatten();
    declared.filter_map(|event| Some((event.name, fields_of(event).ok()??))).collect()
});

/// The personal fields of events of a type, when it has any.
pub fn fields(event_type: &str) -> Option<&'static Fields> {
    ALL.get(event_type)
}

/// Whose a field is that belongs to somebody of this kind: of the one whose event it is or who is among its tags,
/// or else of the very thing that it happened to, such as a task that is about no customer.
pub fn subject(kind: SubjectKind, stream: &StreamId, event: &NewEvent) -> Option<Subject> {
    let own = Subject::of_stream(stream);
    let tagged = || {
        let tag = event.tags.iter().find(|tag| tag.kind() == kind.as_str())?;
        tag.as_str().parse().ok()
    };
    own.filter(|own| own.kind == kind).or_else(tagged).or(own)
}

/// A personal field that does not say whose it is.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("the personal field {field} of {event} has no `x-subject`: say whose it is beside its type")]
pub struct Undeclared {
    event: &'static str,
    field: String,
}

fn fields_of(event: &EventDeclaration) -> Result<Option<Fields>, Undeclared> {
    let schema = Value::from((event.schema)());
    let mut path = Vec::new();
    search(&schema, &schema, None, &mut path)
        .map_err(|()| Undeclared { event: event.name, field: path.join("/") })
}

/// The fields below a schema; on failure `path` is where.
fn search(
    root: &Value,
    schema: &Value,
    above: Option<SubjectKind>,
    path: &mut Vec<String>,
) -> Result<Option<Fields>, ()> {
    if path.len() > DEPTH_MAX {
        return Ok(None);
    }
    let said = schema.get("x-subject").and_then(Value::as_str);
    let subject = said.and_then(SubjectKind::named).or(above);
    let schema = resolve(root, schema);
    if schema.get("x-personal").is_some() {
        return subject.map(|kind| Some(Fields::Own(kind))).ok_or(());
    }
    for choice in ["anyOf", "oneOf", "allOf"] {
        for branch in schema.get(choice).and_then(Value::as_array).into_iter().flatten() {
            if let Some(found) = search(root, branch, subject, path)? {
                return Ok(Some(found));
            }
        }
    }
    let mut named = Vec::new();
    for (name, property) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        path.push(name.clone());
        if let Some(found) = search(root, property, subject, path)? {
            named.push((name.clone(), found));
        }
        path.pop();
    }
    if !named.is_empty() {
        return Ok(Some(Fields::Named(named)));
    }
    for (inner, wrap) in
        [("items", Fields::Listed as fn(Box<Fields>) -> Fields), ("additionalProperties", Fields::Mapped)]
    {
        if let Some(found) =
            schema.get(inner).map(|schema| search(root, schema, subject, path)).transpose()?
        {
            return Ok(found.map(|found| wrap(Box::new(found))));
        }
    }
    Ok(None)
}

/// One personal value of a payload.
#[derive(Debug)]
pub struct Found<'a> {
    /// Its place as a JSON pointer (RFC 6901).
    pub field: String,
    /// Whose it is.
    pub kind: SubjectKind,
    /// The value.
    pub value: &'a mut Value,
}

impl Fields {
    /// Every personal value that is there, absent ones left out.
    pub fn find<'a>(&self, payload: &'a mut Value) -> SmallVec<[Found<'a>; 4]> {
        let mut found = SmallVec::new();
        self.collect(payload, &mut String::new(), &mut found);
        found
    }

    fn collect<'a>(&self, value: &'a mut Value, path: &mut String, found: &mut SmallVec<[Found<'a>; 4]>) {
        let length = path.len();
        match (self, value) {
            (_, Value::Null) => {}
            (Self::Own(kind), value) => found.push(Found { field: path.clone(), kind: *kind, value }),
            (Self::Named(fields), Value::Object(object)) => {
                for (name, value) in object.iter_mut() {
                    if let Some((_, fields)) = fields.iter().find(|(field, _)| field == name) {
                        step(path, name);
                        fields.collect(value, path, found);
                        path.truncate(length);
                    }
                }
            }
            (Self::Listed(fields), Value::Array(list)) => {
                for (at, value) in list.iter_mut().enumerate() {
                    step(path, &at.to_string());
                    fields.collect(value, path, found);
                    path.truncate(length);
                }
            }
            (Self::Mapped(fields), Value::Object(map)) => {
                for (name, value) in map.iter_mut() {
                    step(path, name);
                    fields.collect(value, path, found);
                    path.truncate(length);
                }
            }
            // A payload always has the shape of its schema; what has not is nobody's.
            (Self::Named(_) | Self::Listed(_) | Self::Mapped(_), _) => {}
        }
    }
}

fn step(path: &mut String, name: &str) {
    path.push('/');
    for c in name.chars() {
        match c {
            '~' => path.push_str("~0"),
            '/' => path.push_str("~1"),
            other => path.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use trunkline_kernel::{CustomerId, Id as _, Tag, Tags, TaskId};
    use uuid::Uuid;

    use super::*;

    #[test]
    fn every_personal_field_of_every_event_says_whose_it_is() {
        let faults: Vec<String> = DECLARED
            .iter()
            .copied()
            .flatten()
            .filter_map(|event| fields_of(event).err().map(|error| error.to_string()))
            .collect();
        assert!(faults.is_empty(), "{faults:#?}");
        // And whoever writes such an event has a key, even when nobody else is named in it.
        for event in DECLARED.iter().copied().flatten().filter(|event| fields(event.name).is_some()) {
            let category = event.name.split_once('.').unwrap().0;
            assert!(
                SubjectKind::named(category).is_some(),
                "{}: things of its category have no key",
                event.name
            );
        }
    }

    #[test]
    fn the_declared_fields_are_these() {
        let named = |fields: &[(&str, Fields)]| {
            Fields::Named(fields.iter().map(|(name, field)| ((*name).to_owned(), field.clone())).collect())
        };
        let own = Fields::Own(SubjectKind::Customer);
        let profile = named(&[("attributes", Fields::Mapped(Box::new(own.clone()))), ("name", own.clone())]);
        assert_eq!(fields("customer.registered"), Some(&named(&[("profile", profile)])));
        assert_eq!(fields("agent.registered"), Some(&named(&[("name", Fields::Own(SubjectKind::Agent))])));
        let Some(Fields::Named(annotated)) = fields("interaction.annotated") else { panic!("it has fields") };
        assert_eq!(annotated[0].0, "insight");
        assert_eq!(fields("call.bridged"), None);
    }

    #[test]
    fn a_schema_without_a_subject_is_found_out() {
        #[derive(schemars::JsonSchema)]
        #[expect(dead_code, reason = "only its schema is used")]
        struct Said {
            of: Vec<trunkline_kernel::Personal<String>>,
        }
        let event = EventDeclaration { name: "x.said", version: 1, schema: || schemars::schema_for!(Said) };
        let undeclared = fields_of(&event).unwrap_err();
        assert_eq!(undeclared, Undeclared { event: "x.said", field: "of".to_owned() });
    }

    #[test]
    fn values_are_found_by_pointers_that_no_two_share() {
        let mut payload = json!({
            "profile": { "name": "王芳", "attributes": { "a/b": "1", "a~1b": "2", "a": "3" }, "language": "zh" }
        });
        let found = fields("customer.registered").unwrap().find(&mut payload);
        let places: Vec<_> = found.iter().map(|found| found.field.as_str()).collect();
        assert_eq!(
            places,
            [
                "/profile/attributes/a",
                "/profile/attributes/a~1b",
                "/profile/attributes/a~01b",
                "/profile/name"
            ]
        );
        let mut nothing = json!({ "profile": {} });
        assert!(fields("customer.registered").unwrap().find(&mut nothing).is_empty());
    }

    #[test]
    fn two_subjects_in_one_event_are_told_apart() {
        #[derive(schemars::JsonSchema)]
        #[expect(dead_code, reason = "only its schema is used")]
        struct Complained {
            #[schemars(extend("x-subject" = "customer"))]
            text: trunkline_kernel::Personal<String>,
            #[schemars(extend("x-subject" = "agent"))]
            about: Option<trunkline_kernel::Personal<String>>,
        }
        let event = EventDeclaration {
            name: "task.complained",
            version: 1,
            schema: || schemars::schema_for!(Complained),
        };
        let fields = fields_of(&event).unwrap().unwrap();
        let mut payload = json!({ "text": "x", "about": "y" });
        let kinds: Vec<_> =
            fields.find(&mut payload).iter().map(|found| (found.field.clone(), found.kind)).collect();
        let expected = [("/about", SubjectKind::Agent), ("/text", SubjectKind::Customer)];
        assert_eq!(kinds, expected.map(|(field, kind)| (field.to_owned(), kind)));
    }

    #[test]
    fn a_field_is_the_customers_who_is_named_or_else_the_tasks_own() {
        let (customer, task) =
            (CustomerId::from_uuid(Uuid::from_u128(1)), TaskId::from_uuid(Uuid::from_u128(2)));
        let event = |tags: &[Tag]| NewEvent { tags: tags.iter().cloned().collect::<Tags>(), ..sample() };
        let stream = StreamId::of(task);
        let whose = |event| subject(SubjectKind::Customer, &stream, &event);
        assert_eq!(whose(event(&[Tag::of(customer)])), Some(customer.into()));
        assert_eq!(whose(event(&[])), Some(task.into()));
    }

    fn sample() -> NewEvent {
        use trunkline_kernel::{Cause, CommandId, CorrelationId, EventId, EventType, Payload, SchemaVersion};
        NewEvent {
            id: EventId::from_uuid(Uuid::from_u128(3)),
            event_type: EventType::known("task.opened"),
            schema_version: SchemaVersion::FIRST,
            tags: Tags::default(),
            payload: Payload::stored("{}"),
            cause: Cause {
                actor: "user:li.wei".parse().unwrap(),
                command: CommandId::from_uuid(Uuid::from_u128(4)),
                correlation: CorrelationId::from_uuid(Uuid::from_u128(4)),
                causation: None,
                trace: None,
            },
            occurred_at: trunkline_kernel::Timestamp::from_millis(0),
        }
    }
}
