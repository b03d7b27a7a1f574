//! Against a receiver that reads the bulk API to the letter, and that refuses, stalls and breaks off.

use std::collections::BTreeSet;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_database::{Database, PostgresOptions};
use trunkline_domain::access::{Entry, Outcome, Way};
use trunkline_domain::alert::{AlertKind, Raised};
use trunkline_domain::{access, agent, alert};
use trunkline_kernel::{
    Actor, AgentId, AlertId, Cause, Clock, CommandId, CorrelationId, EventId, Id as _, Ids, NewEvent,
    Position, RandomIds, StoredEvent, StreamId, SystemClock, Tags, Timestamp,
};
use trunkline_log::{Append, Expect, Log, MemoryLog, StreamWrite};
use trunkline_testkit::opensearch::{Manners, Mood, Receiver};
use trunkline_testkit::{Postgres, wait_for};

use super::document::Contents;
use super::{Connection, Credentials, Limits, Shipper, Wanted};
use crate::ShippingStats;

const REASON: &str = "客户要求回电";

struct Scene {
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
    database: Database,
    contents: Contents,
    limits: Limits,
    credentials: Credentials,
}

/// One run of the shipper.
struct Running {
    stats: ShippingStats,
    stopping: CancellationToken,
    task: JoinHandle<()>,
}

impl Running {
    async fn stop(self) -> Result<()> {
        self.stopping.cancel();
        Ok(self.task.await?)
    }
}

impl Scene {
    async fn new() -> Result<Self> {
        Self::on(Database::sqlite_in_memory().await?)
    }

    fn on(database: Database) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let limits = Limits {
            page_events: NonZeroUsize::new(20).context("not zero")?,
            batch_rows_max: 7,
            batch_bytes_max: 6_000,
            reread: Duration::from_millis(50),
            backoff_first: Duration::from_millis(1),
            backoff_max: Duration::from_millis(20),
            lease: Duration::from_millis(500),
            rejected_max: 3,
        };
        let contents =
            Contents { wanted: Wanted::All, index: "trunkline-{month}".to_owned(), reasons: false };
        Ok(Self {
            log: Arc::new(MemoryLog::new(Arc::clone(&clock))),
            clock,
            database,
            contents,
            limits,
            credentials: Credentials::None,
        })
    }

    async fn ship(&self, url: &str) -> Result<Running> {
        let connection = Connection {
            url: url.to_owned(),
            credentials: self.credentials.clone(),
            authority: None,
            timeout: Duration::from_millis(300),
            answer_bytes_max: 100_000,
        };
        let parts = (&connection, self.contents.clone(), self.limits.clone());
        let (log, clock) = (Arc::clone(&self.log), Arc::clone(&self.clock));
        let shipper = Shipper::open(parts, self.database.clone(), log, clock, RandomIds.uuid()).await?;
        let (stats, stopping) = (shipper.stats(), CancellationToken::new());
        let task = tokio::spawn(shipper.run(stopping.clone()));
        Ok(Running { stats, stopping, task })
    }

    async fn append(&self, stream: StreamId, event: &impl StoredEvent) -> Result<Position> {
        let cause = Cause {
            actor: Actor::system("test"),
            command: CommandId::from_uuid(RandomIds.uuid()),
            correlation: CorrelationId::from_uuid(RandomIds.uuid()),
            causation: None,
            trace: None,
        };
        let event = NewEvent {
            id: EventId::from_uuid(RandomIds.uuid()),
            event_type: event.event_type(),
            schema_version: event.schema_version(),
            tags: Tags::default(),
            payload: event.payload()?,
            cause,
            occurred_at: self.clock.now(),
        };
        let write = StreamWrite { stream, expect: Expect::Any, events: vec![event] };
        let appended = self.log.append(Append { writes: vec![write], checks: Vec::new() }).await?;
        Ok(appended.last)
    }

    async fn accesses(&self, count: usize) -> Result<Position> {
        let entries = (0..count).map(|number| entry(&format!("customer:{number}"))).collect();
        let stream = StreamId::named(access::CATEGORY, "server")?;
        self.append(stream, &access::Event::from(access::Recorded { entries })).await
    }

    async fn alert(&self) -> Result<Position> {
        let raised = Raised {
            rule: "many rows".to_owned(),
            kind: AlertKind::Rows,
            who: "user:li.wei".to_owned(),
            count: 12,
            limit: 10,
            since: Timestamp::from_millis(0),
            at: Timestamp::from_millis(1_000),
            position: Position(1),
        };
        let stream = StreamId::of(AlertId::from_uuid(RandomIds.uuid()));
        self.append(stream, &alert::Event::from(raised)).await
    }
}

fn entry(thing: &str) -> Entry {
    Entry {
        at: Timestamp::from_millis(1_700_000_000_000),
        who: Some("user:li.wei".to_owned()),
        roles: BTreeSet::from(["agent".to_owned()]),
        grants: BTreeSet::new(),
        emergency: false,
        address: Some("192.0.2.7".to_owned()),
        way: Way::Reveal,
        operation: None,
        shape: None,
        fields: BTreeSet::from(["revealIdentifier".to_owned()]),
        clear: BTreeSet::from(["Identifier.value".to_owned()]),
        masked: BTreeSet::new(),
        things: BTreeSet::from([thing.to_owned()]),
        rows: 1,
        reason: Some(REASON.to_owned()),
        outcome: Outcome::Allowed,
        code: None,
        took_us: 250,
        trace: Some("4bf92f3577b34da6a3ce929d0e0e4736".to_owned()),
        times: 1,
    }
}

async fn arrived(receiver: &Receiver, running: &Running, position: Position) -> Result<()> {
    wait_for("everything to arrive", async || {
        Ok((running.stats.now().position >= position.0 && running.stats.now().lag == 0).then_some(()))
    })
    .await?;
    receiver.check()
}

#[tokio::test]
async fn an_access_and_an_alert_are_told_in_the_words_of_ecs() -> Result<()> {
    let scene = Scene::new().await?;
    scene.accesses(1).await?;
    let last = scene.alert().await?;
    let receiver = Receiver::start(Manners::default()).await?;
    let running = scene.ship(receiver.url()).await?;
    arrived(&receiver, &running, last).await?;
    running.stop().await?;
    let documents = receiver.documents();
    let of = |dataset: &str| -> Result<(String, String, Value)> {
        let found = documents.iter().find(|(_, (_, source))| source["event"]["dataset"] == dataset);
        let (id, (index, source)) = found.context("no such document")?;
        Ok((id.clone(), index.clone(), source.clone()))
    };
    let (id, index, access) = of("trunkline.access")?;
    ensure!(id.ends_with("-0") && index.len() == "trunkline-2026-11".len(), "{id} in {index}");
    assert_eq!(access["@timestamp"], "2023-11-14T22:13:20Z");
    assert_eq!(access["event"]["action"], "reveal");
    assert_eq!(access["event"]["category"], json!(["api"]));
    assert_eq!(access["event"]["type"], json!(["access", "allowed"]));
    assert_eq!(access["event"]["outcome"], "success");
    assert_eq!(access["event"]["duration"], 250_000);
    assert_eq!(access["user"], json!({ "id": "user:li.wei", "roles": ["agent"] }));
    assert_eq!(access["source"]["ip"], "192.0.2.7");
    assert_eq!(access["trace"]["id"], "4bf92f3577b34da6a3ce929d0e0e4736");
    assert_eq!(access["trunkline"]["things"], json!(["customer:0"]));
    ensure!(!access.to_string().contains(REASON), "reasons stay at home unless they are asked for");
    let (_, _, alert) = of("trunkline.alert")?;
    assert_eq!(alert["event"]["kind"], "alert");
    assert_eq!(alert["rule"], json!({ "name": "many rows", "category": "rows" }));
    assert_eq!(alert["user"]["id"], "user:li.wei");
    ensure!(alert["message"].as_str().context("a message")?.contains("12 rows"), "{alert}");
    Ok(())
}

#[tokio::test]
async fn whatever_goes_wrong_each_document_is_there_once_in_the_end() -> Result<()> {
    let scene = Scene::new().await?;
    let moods = [
        Mood::Refuse(429),
        Mood::Half(429),
        Mood::Take,
        Mood::Refuse(503),
        Mood::BreakOff,
        Mood::Half(503),
        Mood::Stall,
        Mood::Refuse(500),
        Mood::Take,
    ];
    let receiver = Receiver::start(Manners { moods: moods.to_vec(), ..Manners::default() }).await?;
    let running = scene.ship(receiver.url()).await?;
    for count in [1, 30, 3, 0, 9] {
        scene.accesses(count).await?;
    }
    let last = scene.alert().await?;
    arrived(&receiver, &running, last).await?;
    let now = running.stats.now();
    running.stop().await?;
    // An event without entries is there by its envelope.
    assert_eq!(receiver.documents().len(), 1 + 30 + 3 + 1 + 9 + 1);
    ensure!(receiver.arrivals() > receiver.documents().len(), "some came more than once");
    ensure!(now.repeated > 0 && now.rejected == 0, "{now:?}");
    // Nothing is sent again after a restart.
    let requests = receiver.requests();
    let running = scene.ship(receiver.url()).await?;
    arrived(&receiver, &running, last).await?;
    running.stop().await?;
    assert_eq!(receiver.requests(), requests);
    Ok(())
}

#[tokio::test]
async fn what_does_not_fit_is_passed_over_and_noted() -> Result<()> {
    a_misfit(Scene::new().await?).await?;
    let options = PostgresOptions::new(Postgres::shared()?.fresh_database()?);
    a_misfit(Scene::on(Database::postgres(&options).await?)?).await
}

async fn a_misfit(scene: Scene) -> Result<()> {
    let manners =
        Manners { misfit: Some("\"customer:3\"".to_owned()), body_bytes_max: 2_500, ..Manners::default() };
    let receiver = Receiver::start(manners).await?;
    let last = scene.accesses(10).await?;
    let running = scene.ship(receiver.url()).await?;
    arrived(&receiver, &running, last).await?;
    let now = running.stats.now();
    running.stop().await?;
    assert_eq!((receiver.documents().len(), now.taken, now.rejected), (9, 9, 1));
    let books =
        super::books::Books::open(scene.database.clone(), "any".to_owned(), 3, scene.clock.now()).await?;
    let rejected = books.rejected().await?;
    ensure!(rejected.len() == 1 && rejected[0].0.ends_with("-3"), "{rejected:?}");
    assert_eq!(rejected[0].1, "document_parsing_exception");
    Ok(())
}

#[tokio::test]
async fn a_service_that_does_not_let_us_in_is_told_of_and_waited_for() -> Result<()> {
    let mut scene = Scene::new().await?;
    let last = scene.accesses(2).await?;
    let authorization = Some("ApiKey c2VjcmV0".to_owned());
    let receiver = Receiver::start(Manners { authorization, ..Manners::default() }).await?;
    let running = scene.ship(receiver.url()).await?;
    wait_for("the trouble to be told", async || {
        Ok(running.stats.now().trouble.filter(|trouble| trouble.contains("opensearch.api_key")))
    })
    .await?;
    assert_eq!(running.stats.now().position, 0);
    running.stop().await?;
    scene.credentials = Credentials::ApiKey("c2VjcmV0".to_owned());
    let running = scene.ship(receiver.url()).await?;
    arrived(&receiver, &running, last).await?;
    assert_eq!(running.stats.now().trouble, None);
    running.stop().await
}

#[tokio::test]
async fn of_two_servers_one_ships_and_the_other_takes_over() -> Result<()> {
    let scene = Scene::new().await?;
    let receiver = Receiver::start(Manners::default()).await?;
    let first = scene.ship(receiver.url()).await?;
    let last = scene.accesses(3).await?;
    arrived(&receiver, &first, last).await?;
    let second = scene.ship(receiver.url()).await?;
    ensure!(!second.stats.now().shipping, "the first one has the lease");
    // A power cut: nobody gives the lease up.
    first.task.abort();
    let last = scene.accesses(3).await?;
    arrived(&receiver, &second, last).await?;
    second.stop().await?;
    assert_eq!((receiver.documents().len(), receiver.arrivals()), (6, 6));
    Ok(())
}

#[tokio::test]
async fn another_log_is_shipped_from_its_beginning() -> Result<()> {
    let mut scene = Scene::new().await?;
    let receiver = Receiver::start(Manners::default()).await?;
    scene.accesses(2).await?;
    let last = scene.accesses(2).await?;
    let running = scene.ship(receiver.url()).await?;
    arrived(&receiver, &running, last).await?;
    running.stop().await?;
    scene.log = Arc::new(MemoryLog::new(Arc::clone(&scene.clock)));
    scene.accesses(1).await?;
    let last = scene.accesses(1).await?;
    let running = scene.ship(receiver.url()).await?;
    wait_for("the other log", async || Ok((receiver.documents().len() == 6).then_some(()))).await?;
    arrived(&receiver, &running, last).await?;
    running.stop().await
}

#[tokio::test]
async fn the_audit_alone_is_sent_when_no_more_is_wanted() -> Result<()> {
    let mut scene = Scene::new().await?;
    scene.contents.wanted = Wanted::Audit;
    scene.contents.reasons = true;
    let receiver = Receiver::start(Manners::default()).await?;
    let running = scene.ship(receiver.url()).await?;
    let stream = StreamId::of(AgentId::from_uuid(RandomIds.uuid()));
    let raised = access::Event::from(access::Recorded { entries: vec![entry("customer:1")] });
    scene.append(stream, &agent::Event::from(agent::SignedIn {})).await?;
    let last = scene.append(StreamId::named(access::CATEGORY, "server")?, &raised).await?;
    arrived(&receiver, &running, last).await?;
    running.stop().await?;
    let documents = receiver.documents();
    assert_eq!(documents.len(), 1);
    ensure!(documents.values().all(|(_, source)| source["event"]["reason"] == REASON), "{documents:?}");
    Ok(())
}
