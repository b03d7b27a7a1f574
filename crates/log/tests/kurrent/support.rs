//! A ledger to test on.

use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tempfile::TempDir;
use trunkline_kernel::{
    Actor, Category, Cause, CommandId, CorrelationId, EventId, EventType, Id as _, NewEvent, Payload,
    Position, RandomIds, Recorded, SchemaVersion, StreamId, SystemClock, Tag, Tags,
};
use trunkline_kernel::{Clock as _, Ids as _};
use trunkline_log::{
    Append, Direction, Expect, Filter, KurrentLog, KurrentOptions, Log as _, LogError, Query, StreamWrite,
};
use trunkline_testkit::PATIENCE;
use trunkline_testkit::kurrent::TestLedger;

/// A ledger of its own, and a folder for replicas.
pub(crate) struct Ledger {
    ledger: TestLedger,
    folder: TempDir,
}

impl Ledger {
    /// On the real server where one is named, and otherwise in this process.
    pub(crate) async fn start() -> Result<Self> {
        Self::new(TestLedger::start().await?)
    }

    /// In this process, where it can be made to misbehave.
    pub(crate) async fn in_this_process() -> Result<Self> {
        Self::new(TestLedger::in_this_process().await?)
    }

    fn new(ledger: TestLedger) -> Result<Self> {
        // The client of KurrentDB needs it, as `main` does. Fails only when another test of this process was first.
        rustls::crypto::aws_lc_rs::default_provider().install_default().ok();
        Ok(Self { ledger, folder: TempDir::new()? })
    }

    /// What the process called `name` would open the log with.
    pub(crate) fn options(&self, name: &str) -> KurrentOptions {
        let mut options = KurrentOptions::new(self.connection.as_str(), self.replica(name));
        options.ledger.clone_from(&self.stream);
        options.interval = Duration::from_millis(50);
        options
    }

    pub(crate) fn replica(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.db"))
    }

    /// Opens the log as the process called `name`.
    pub(crate) async fn open(&self, name: &str) -> Result<KurrentLog, LogError> {
        KurrentLog::open(self.options(name), Arc::new(SystemClock)).await
    }

    /// As [`Ledger::open`], with a timer of another speed.
    pub(crate) async fn open_with_interval(
        &self,
        name: &str,
        interval: Duration,
    ) -> Result<KurrentLog, LogError> {
        let options = KurrentOptions { interval, ..self.options(name) };
        KurrentLog::open(options, Arc::new(SystemClock)).await
    }
}

impl Deref for Ledger {
    type Target = TestLedger;

    fn deref(&self) -> &TestLedger {
        &self.ledger
    }
}

pub(crate) fn stream(key: &str) -> StreamId {
    StreamId::named(Category::new("call"), key).unwrap()
}

pub(crate) fn event(text: &str) -> NewEvent {
    let ids = RandomIds;
    NewEvent {
        id: EventId::from_uuid(ids.uuid()),
        event_type: EventType::known("call.noted"),
        schema_version: SchemaVersion::FIRST,
        tags: Tags::from_iter(["customer:li".parse::<Tag>().unwrap(), "agent:wei".parse().unwrap()]),
        payload: Payload::of(&serde_json::json!({ "text": text, "number": 1.5 })).unwrap(),
        cause: Cause {
            actor: Actor::system("test"),
            command: CommandId::from_uuid(ids.uuid()),
            correlation: CorrelationId::from_uuid(ids.uuid()),
            causation: Some(EventId::from_uuid(ids.uuid())),
            trace: trunkline_kernel::TraceId::new(7),
        },
        occurred_at: SystemClock.now(),
    }
}

pub(crate) fn append(key: &str, expect: Expect, texts: &[&str]) -> Append {
    let events = texts.iter().map(|text| event(text)).collect();
    Append { writes: vec![StreamWrite { stream: stream(key), expect, events }], checks: Vec::new() }
}

/// Everything that a process has copied.
pub(crate) async fn all(log: &KurrentLog) -> Result<Vec<Recorded>> {
    let query = Query {
        filter: Filter::default(),
        direction: Direction::Forwards,
        from: None,
        until: None,
        limit: 5_000,
    };
    Ok(log.read(&query).await?.events)
}

/// The texts of all events, in the order of the log, which must be gapless.
pub(crate) async fn texts(log: &KurrentLog) -> Result<Vec<String>> {
    let events = all(log).await?;
    for (event, position) in events.iter().zip(1..) {
        assert_eq!(event.position, Position(position));
        assert!(event.is_intact());
    }
    let text = |event: &Recorded| {
        let value: serde_json::Value = event.event.payload.read().unwrap();
        value["text"].as_str().unwrap().to_owned()
    };
    Ok(events.iter().map(text).collect())
}

/// Waits until a process knows of a position.
pub(crate) async fn until(log: &KurrentLog, position: Position) -> Result<()> {
    let mut hint = log.hint();
    tokio::time::timeout(PATIENCE, hint.wait_for(|known| *known >= position)).await??;
    Ok(())
}
