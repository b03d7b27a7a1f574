//! What is checked in beside the code and made of it: the JSON Schema, a sample and its present reading of every
//! event type, a page about every refusal, and the diagrams of the state machines. Pure: files come in and go
//! out as texts; the binary `trunkline-event-schemas` reads and writes them.

mod compare;
mod machines;
mod sample;

use std::collections::BTreeMap;
use std::error::Error;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::messages::{REFUSALS, WRITTEN};
use crate::upcast::{self, UPCASTERS, Upcaster};
use crate::{DECLARED, Event, EventDeclaration};

pub use compare::incompatibilities;
pub(crate) use compare::resolve;
pub use machines::state_machines;

/// Texts by their path from the root of the repository, parts separated by `/`.
pub type Files = BTreeMap<String, String>;

/// The folders and files that [`plan`] speaks of; everything else is none of its business.
pub const ROOTS: &[&str] = &["schema/events", "schema/errors", DIAGRAMS];

const DIAGRAMS: &str = "docs/state-machines.md";
const EVENTS: &str = "schema/events/";
const ERRORS: &str = "schema/errors/";

/// What ought to be checked in.
#[derive(Debug, Default)]
pub struct Plan {
    /// Every file under [`ROOTS`] as it ought to be.
    pub files: Files,
    /// What no writing of files can mend, each in a sentence.
    pub faults: Vec<String>,
}

impl Plan {
    /// The files that are there and that nothing in the code makes any more. Pages about errors that other
    /// rooms have written are none of these.
    pub fn stray<'a>(&self, present: &'a Files) -> Vec<&'a str> {
        let ours = |(path, text): &(&String, &String)| !path.starts_with(ERRORS) || text.starts_with(WRITTEN);
        let unplanned = present.iter().filter(|(path, _)| !self.files.contains_key(*path));
        unplanned.filter(ours).map(|(path, _)| path.as_str()).collect()
    }
}

/// One stored event as its sample file has it: only what reading depends on.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Read {
    #[serde(rename = "type")]
    event_type: String,
    schema_version: u16,
    payload: Value,
}

/// A shape that was checked in: `schema/events/call/bridged.v1.json` is `call.bridged` in version 1.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Shape {
    event_type: String,
    version: u16,
}

impl Shape {
    /// The shape that a file of this path and ending is about.
    fn of(path: &str, ending: &str) -> Option<Self> {
        let (category, file) = path.strip_prefix(EVENTS)?.split_once('/')?;
        let (name, version) = file.strip_suffix(ending)?.rsplit_once(".v")?;
        Some(Self { event_type: format!("{category}.{name}"), version: version.parse().ok()? })
    }

    fn path(&self, ending: &str) -> String {
        let Self { event_type, version } = self;
        format!("{EVENTS}{}.v{version}{ending}", event_type.replacen('.', "/", 1))
    }
}

const SCHEMA: &str = ".json";
const SAMPLE: &str = ".sample.json";
const EXPECTED: &str = ".expected.json";

/// What ought to be checked in, given what is. Schemas of past versions and all samples are history and stay as
/// they are; a schema of the present version may only change in ways that leave stored events readable.
pub fn plan(present: &Files) -> Plan {
    let declared: Vec<&EventDeclaration> = DECLARED.iter().copied().flatten().collect();
    plan_of(present, &declared, UPCASTERS)
}

fn plan_of(present: &Files, declared: &[&EventDeclaration], upcasters: &[Upcaster]) -> Plan {
    let mut plan = Plan::default();
    for event in declared {
        plan_declared(&mut plan, present, event);
    }
    for (path, text) in present {
        if let Some(shape) = Shape::of(path, SCHEMA).filter(|_| !is_sample(path)) {
            plan_past(&mut plan, present, &shape, text, upcasters);
        }
    }
    plan_readings(&mut plan, upcasters);
    for refusal in REFUSALS.iter().copied().flatten() {
        plan.files.insert(format!("{ERRORS}{}.md", refusal.code), refusal.page());
    }
    plan.files.insert(DIAGRAMS.to_owned(), state_machines());
    plan
}

fn is_sample(path: &str) -> bool {
    path.ends_with(SAMPLE) || path.ends_with(EXPECTED)
}

fn plan_declared(plan: &mut Plan, present: &Files, event: &EventDeclaration) {
    let shape = Shape { event_type: event.name.to_owned(), version: event.version };
    let schema = Value::from((event.schema)());
    let path = shape.path(SCHEMA);
    if let Some(text) = present.get(&path) {
        match serde_json::from_str(text) {
            Ok(before) => plan.faults.extend(incompatibilities(&before, &schema).into_iter().map(|change| {
                format!(
                    "{path}: {change}; events of this shape may be stored, so declare {} in version {} and \
                     add an upcaster from version {}",
                    event.name,
                    event.version + 1,
                    event.version
                )
            })),
            Err(error) => plan.faults.push(format!("{path}: not JSON: {error}")),
        }
    }
    let sample = shape.path(SAMPLE);
    let text = present.get(&sample).cloned().unwrap_or_else(|| pretty(&sample::of(&schema)));
    plan.files.insert(sample, text);
    plan.files.insert(path, pretty(&schema));
}

/// Keeps what was shipped before and is not written any more.
fn plan_past(plan: &mut Plan, present: &Files, shape: &Shape, schema: &str, upcasters: &[Upcaster]) {
    let path = shape.path(SCHEMA);
    if plan.files.contains_key(&path) {
        return;
    }
    if !upcasters.iter().any(|upcaster| upcaster.reads(&shape.event_type, shape.version)) {
        plan.faults.push(format!(
            "{path}: {} in version {} was shipped and is not declared any more; add an upcaster that reads it",
            shape.event_type, shape.version
        ));
    }
    match present.get(&shape.path(SAMPLE)) {
        Some(sample) => {
            plan.files.insert(shape.path(SAMPLE), sample.clone());
        }
        None => {
            plan.faults.push(format!("{}: the sample of a shipped version is missing", shape.path(SAMPLE)))
        }
    }
    plan.files.insert(path, schema.to_owned());
}

/// Reads every sample as a stored event would be read today.
fn plan_readings(plan: &mut Plan, upcasters: &[Upcaster]) {
    let mut readings = Files::new();
    for (path, text) in &plan.files {
        let Some(shape) = Shape::of(path, SAMPLE) else { continue };
        match read(&shape, text, upcasters) {
            Ok(events) => {
                readings.insert(shape.path(EXPECTED), pretty(&events));
            }
            Err(error) => {
                let cause = error.source().map_or(String::new(), |cause| format!(": {cause}"));
                plan.faults.push(format!("{path}: cannot be read any more: {error}{cause}"));
            }
        }
    }
    plan.files.extend(readings);
}

fn read(shape: &Shape, sample: &str, upcasters: &[Upcaster]) -> Result<Vec<Read>, Box<dyn Error>> {
    let version = trunkline_kernel::SchemaVersion(shape.version);
    let events: smallvec::SmallVec<[Event; 1]> =
        upcast::decode(upcasters, &shape.event_type, version, sample)?;
    events
        .iter()
        .map(|event| {
            Ok(Read {
                event_type: event.name().to_owned(),
                schema_version: event.schema_version().0,
                payload: event.payload()?.read()?,
            })
        })
        .collect()
}

/// JSON as it is checked in: indented, with a line end.
fn pretty<T: Serialize>(value: &T) -> String {
    // A value made of texts, numbers and lists always has a JSON form; an empty file would fail the check.
    serde_json::to_string_pretty(value).map(|text| text + "\n").unwrap_or_default()
}

#[cfg(test)]
mod tests;
