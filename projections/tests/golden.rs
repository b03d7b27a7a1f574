//! Golden cases as data: `<model>/golden/<case>.events.json` gives the rows in `<case>.rows.json`. When they differ,
//! what was found is written beside as `<case>.rows.found.json`, for a person to judge.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result};
use serde::Deserialize;
use serde_json::Value;
use trunkline_kernel::{
    Actor, Cause, CommandId, CorrelationId, Digest, EventId, Id, NewEvent, Payload, Position, Recorded,
    SchemaVersion, StreamId, Tag, Timestamp, Version,
};
use trunkline_log::{Append, Expect, StreamWrite};
use uuid::Uuid;

use crate::ReadModel;
use crate::fold::Decoded;
use crate::runtime::{Replayed, Scratch};

/// One event of a case.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Given {
    stream: StreamId,
    #[serde(rename = "type")]
    event_type: String,
    at: Timestamp,
    #[serde(default)]
    tags: Vec<Tag>,
    payload: Value,
}

impl Given {
    fn event(self, place: u64) -> Result<NewEvent> {
        let uuid = Uuid::from_u128(u128::from(place));
        Ok(NewEvent {
            id: EventId::from_uuid(uuid),
            event_type: self.event_type.parse()?,
            schema_version: SchemaVersion::FIRST,
            tags: self.tags.into_iter().collect(),
            payload: Payload::of(&self.payload)?,
            cause: Cause {
                actor: Actor::system("golden"),
                command: CommandId::from_uuid(uuid),
                correlation: CorrelationId::from_uuid(uuid),
                causation: None,
                trace: None,
            },
            occurred_at: self.at,
        })
    }
}

/// The golden cases of read models as appends, for a log whose stories have nothing of the kind.
pub(super) fn appends(models: &[ReadModel]) -> Result<Vec<Append>> {
    let mut appends = Vec::new();
    let cases: Result<Vec<_>> = models.iter().map(|model| cases(*model)).collect();
    for case in cases?.into_iter().flatten() {
        let events: Vec<Given> = serde_json::from_str(&std::fs::read_to_string(&case)?)?;
        for given in events {
            let stream = given.stream.clone();
            let event = given.event(u64::try_from(appends.len())? + 1)?;
            let write = StreamWrite { stream, expect: Expect::Any, events: vec![event] };
            appends.push(Append { writes: vec![write], checks: Vec::new() });
        }
    }
    Ok(appends)
}

fn recorded(events: Vec<Given>) -> Result<Vec<Decoded>> {
    let mut versions: HashMap<StreamId, u64> = HashMap::new();
    let mut all = Vec::new();
    for (at, given) in events.into_iter().enumerate() {
        let place = u64::try_from(at)? + 1;
        let version = versions.entry(given.stream.clone()).or_default();
        *version += 1;
        let (stream, at) = (given.stream.clone(), given.at);
        let event = given.event(place)?;
        all.push(Decoded::new(Recorded {
            position: Position(place),
            stream,
            version: Version(*version),
            recorded_at: at,
            digest: Digest([0; 32]),
            event,
        }));
    }
    Ok(all)
}

/// The rows of every table that has some; what is absent is left out, so that a case shows what matters.
async fn rows(model: ReadModel, events: Vec<Given>) -> Result<BTreeMap<String, Vec<Value>>> {
    let mut scratch = Scratch::in_memory().await?;
    scratch.fold(recorded(events)?).await?;
    let replayed = Replayed::of(scratch, model);
    let mut tables: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    replayed
        .lines(|line| {
            let mut line: Value = serde_json::from_str(&line).unwrap_or_default();
            if let Some(row) = line.get_mut("row").and_then(Value::as_object_mut) {
                row.retain(|name, value| !(value.is_null() || name.ends_with("_ms") && *value == 0));
                if line["table"] == "kpi_rollups"
                    && let Some(row) = line.get_mut("row").and_then(Value::as_object_mut)
                {
                    row.retain(|_, value| *value != 0 && *value != "");
                }
            }
            let table = line["table"].as_str().unwrap_or_default().to_owned();
            tables.entry(table).or_default().push(line["row"].take());
            Ok::<_, crate::ReadError>(())
        })
        .await?;
    Ok(tables)
}

fn cases(model: ReadModel) -> Result<Vec<PathBuf>> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(model.name()).join("golden");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(&folder)
        .with_context(|| format!("{} has no golden cases", model.name()))?
        .map(|entry| Ok(entry?.path()))
        .collect::<Result<Vec<_>>>()?;
    cases.retain(|path| path.to_string_lossy().ends_with(".events.json"));
    cases.sort();
    Ok(cases)
}

#[tokio::test]
async fn every_golden_case_gives_its_rows() -> Result<()> {
    let mut differing = Vec::new();
    for model in ReadModel::ALL {
        let cases = cases(model)?;
        anyhow::ensure!(!cases.is_empty(), "{} has no golden cases", model.name());
        for case in cases {
            let events = serde_json::from_str(&std::fs::read_to_string(&case)?)
                .with_context(|| format!("{} cannot be read", case.display()))?;
            let found = serde_json::to_value(rows(model, events).await?)?;
            let expected = PathBuf::from(case.to_string_lossy().replace(".events.json", ".rows.json"));
            let wanted: Value = match std::fs::read_to_string(&expected) {
                Ok(text) => serde_json::from_str(&text)?,
                Err(_) => Value::Null,
            };
            if found != wanted {
                let beside =
                    PathBuf::from(expected.to_string_lossy().replace(".rows.json", ".rows.found.json"));
                std::fs::write(&beside, serde_json::to_string_pretty(&found)? + "\n")?;
                differing.push(case.file_name().unwrap_or_default().to_owned());
            }
        }
    }
    assert!(differing.is_empty(), "{differing:?} differ; compare *.rows.found.json with *.rows.json");
    Ok(())
}
