//! From an event of the log to documents of ECS, the Elastic Common Schema.
//!
//! The record of reads gives one document for each access, an alert one with its rule, and every other event one with its
//! envelope. What ECS has no name for stands under `trunkline`.

use serde_json::{Value, json};
use trunkline_domain::access::{self, Entry, Outcome, Way};
use trunkline_domain::alert::{self, Raised};
use trunkline_domain::messages::Language;
use trunkline_domain::{access_policy, decode_as, grant, token};
use trunkline_kernel::{Actor, EventType, Position, Recorded};
use trunkline_log::Filter;

/// The version of ECS that the names are of.
const ECS: &str = "8.17.0";

/// What in the name of an index stands for the month of recording.
const MONTH: &str = "{month}";

/// Which events are sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// All.
    All,
    /// Who read what, alerts, tokens, policies and rights that were lent.
    Audit,
}

/// What documents hold, and where they go.
#[derive(Clone, Debug)]
pub struct Contents {
    /// Which events are sent.
    pub wanted: Wanted,
    /// The index. `{month}` in it becomes the month in which the event was recorded, so that a document that is sent again
    /// goes to where it went before.
    pub index: String,
    /// Whether the reasons that people gave are sent.
    pub reasons: bool,
}

/// A document on its way.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Document {
    /// Its id, made of the event's.
    pub(super) id: String,
    /// Where it goes.
    pub(super) index: String,
    /// The event that it is about.
    pub(super) position: Position,
    /// What it says.
    pub(super) source: Value,
}

impl Wanted {
    /// The permanent name.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Audit => "audit",
        }
    }

    /// The same as a filter of the log.
    pub(super) fn filter(self) -> Filter {
        let declared = [
            access::Event::DECLARED,
            access_policy::Event::DECLARED,
            alert::Event::DECLARED,
            token::Event::DECLARED,
            grant::Event::DECLARED,
        ];
        let types = match self {
            Self::All => Vec::new(),
            Self::Audit => declared.iter().copied().flatten().map(|one| EventType::known(one.name)).collect(),
        };
        Filter { types, ..Filter::default() }
    }
}

impl Contents {
    /// The documents of one event, at least one. An event that this build cannot read is sent as its envelope.
    pub(super) fn of(&self, recorded: &Recorded) -> Vec<Document> {
        let id = recorded.event.id.to_string();
        match recorded.stream.category() {
            "access" => {
                let entries = entries(recorded);
                if entries.is_empty() {
                    return vec![self.document(recorded, id, envelope(recorded))];
                }
                let each = entries.iter().enumerate().map(|(number, entry)| {
                    let id = format!("{id}-{number}");
                    let source = self.access(recorded, &id, entry);
                    self.document(recorded, id, source)
                });
                each.collect()
            }
            "alert" => {
                let source =
                    raised(recorded).map_or_else(|| envelope(recorded), |raised| warning(recorded, &raised));
                vec![self.document(recorded, id, source)]
            }
            _ => vec![self.document(recorded, id, envelope(recorded))],
        }
    }

    fn document(&self, recorded: &Recorded, id: String, mut source: Value) -> Document {
        prune(&mut source);
        let month = recorded.recorded_at.datetime().format("%Y-%m").to_string();
        Document { id, index: self.index.replace(MONTH, &month), position: recorded.position, source }
    }

    /// Somebody got at data, or was refused it.
    fn access(&self, recorded: &Recorded, id: &str, entry: &Entry) -> Value {
        let refused = matches!(entry.outcome, Outcome::Refused);
        let category = if entry.way == Way::Login { "authentication" } else { "api" };
        let outcome = match entry.outcome {
            Outcome::Allowed | Outcome::Partial => "success",
            Outcome::Refused | Outcome::Failed => "failure",
        };
        json!({
            "@timestamp": entry.at,
            "ecs": { "version": ECS },
            "event": {
                "id": id, "kind": "event", "category": [category],
                "type": [kind_of(entry.way), if refused { "denied" } else { "allowed" }],
                "action": entry.way.as_str(), "outcome": outcome, "code": entry.code,
                "reason": entry.reason.as_ref().filter(|_| self.reasons),
                "duration": entry.took_us.saturating_mul(1_000),
                "module": "trunkline", "dataset": "trunkline.access",
                "created": recorded.recorded_at, "sequence": recorded.position.0,
            },
            "user": { "id": entry.who, "roles": entry.roles },
            "source": { "ip": entry.address },
            "related": { "user": entry.who, "ip": entry.address },
            "trace": { "id": entry.trace },
            "service": { "name": "trunkline" },
            "labels": { "outcome": entry.outcome, "event_id": recorded.event.id, "emergency": entry.emergency },
            "trunkline": {
                "operation": entry.operation, "shape": entry.shape, "fields": entry.fields,
                "clear": entry.clear, "masked": entry.masked, "things": entry.things,
                "grants": entry.grants, "rows": entry.rows, "times": entry.times,
            },
        })
    }
}

/// The entries of an event of the record of reads; none when this build cannot read it.
fn entries(recorded: &Recorded) -> Vec<Entry> {
    let events = decode_as::<access::Event>(recorded).unwrap_or_default();
    events.into_iter().flat_map(|access::Event::Recorded(recorded)| recorded.entries).collect()
}

fn raised(recorded: &Recorded) -> Option<Raised> {
    let alert::Event::Raised(raised) = decode_as(recorded).ok()?.pop()?;
    Some(raised)
}

/// What ECS calls the sort of access.
const fn kind_of(way: Way) -> &'static str {
    match way {
        Way::Query | Way::Reveal | Way::Export | Way::Playback | Way::Download => "access",
        Way::Mutation => "change",
        Way::Subscription | Way::Login | Way::Command => "start",
        Way::SubscriptionEnd => "end",
        Way::Request => "info",
    }
}

/// An alert.
fn warning(recorded: &Recorded, raised: &Raised) -> Value {
    let mut source = envelope(recorded);
    // Whoever has no name is known by their address.
    let named = raised.who.parse::<Actor>().is_ok();
    source["event"]["kind"] = json!("alert");
    source["event"]["category"] = json!(["intrusion_detection"]);
    source["event"]["type"] = json!(["info"]);
    source["event"]["dataset"] = json!("trunkline.alert");
    source["@timestamp"] = json!(raised.at);
    source["message"] = json!(alert::message(raised, Language::English));
    source["rule"] = json!({ "name": raised.rule, "category": raised.kind });
    source["user"] = json!({ "id": named.then_some(&raised.who) });
    source["source"] = json!({ "ip": (!named).then_some(&raised.who) });
    source["trunkline"]["count"] = json!(raised.count);
    source["trunkline"]["limit"] = json!(raised.limit);
    source["trunkline"]["since"] = json!(raised.since);
    source["trunkline"]["access_position"] = json!(raised.position.0);
    source
}

/// What every event says beside its payload. The payload stays at home.
fn envelope(recorded: &Recorded) -> Value {
    let Recorded { position, stream, version, recorded_at, digest, event } = recorded;
    let rights = matches!(stream.category(), "access_policy" | "grant" | "token");
    json!({
        "@timestamp": event.occurred_at,
        "ecs": { "version": ECS },
        "event": {
            "id": event.id, "kind": "event", "category": [if rights { "iam" } else { "database" }],
            "type": ["change"], "action": event.event_type.as_str(), "outcome": "success",
            "module": "trunkline", "dataset": "trunkline.log", "hash": digest.to_string(),
            "created": recorded_at, "sequence": position.0,
        },
        "user": { "id": event.cause.actor },
        "related": { "user": event.cause.actor },
        "trace": { "id": event.cause.trace.map(|trace| trace.to_string()) },
        "service": { "name": "trunkline" },
        "labels": { "stream": stream, "category": stream.category() },
        "trunkline": {
            "version": version.0, "schema_version": event.schema_version.0, "tags": event.tags,
            "command_id": event.cause.command, "correlation_id": event.cause.correlation,
            "causation_id": event.cause.causation,
        },
    })
}

/// Takes away what says nothing: ECS has no nulls and no empty lists.
fn prune(value: &mut Value) {
    let Value::Object(fields) = value else { return };
    fields.values_mut().for_each(prune);
    fields.retain(|_, value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        Value::Object(fields) => !fields.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => true,
    });
}
