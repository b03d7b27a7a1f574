//! What these tests share.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use trunkline_database::{Database, PostgresOptions, SqliteOptions};
use trunkline_kernel::{Clock, Position, RandomIds, SystemClock, Timestamp};
use trunkline_log::{Append, Log, MemoryLog};
use trunkline_private_servers::Postgres;
use trunkline_workload::{Size, Workload};

use crate::runtime::{Runtime, Settings, TableDigest, digest};
use crate::{ReadModel, ReadModels};

/// 2026-03-02T09:00:00Z.
pub(super) const START: Timestamp = Timestamp::from_millis(1_772_442_000_000);

/// A database that goes away with the test.
pub(super) struct TestDatabase {
    pub(super) database: Database,
    _folder: Option<tempfile::TempDir>,
}

pub(super) async fn sqlite() -> Result<TestDatabase> {
    let folder = tempfile::tempdir()?;
    let database = Database::sqlite(&SqliteOptions::new(folder.path().join("read-models.db"))).await?;
    Ok(TestDatabase { database, _folder: Some(folder) })
}

pub(super) async fn postgres() -> Result<TestDatabase> {
    let server = Postgres::shared()?;
    let options = PostgresOptions::new(server.fresh_database()?);
    Ok(TestDatabase { database: Database::postgres(&options).await?, _folder: None })
}

/// Runs a test on both databases, and says on which it failed.
pub(super) async fn on_both(test: impl AsyncFn(Database) -> Result<()>) -> Result<()> {
    let made = sqlite().await?;
    test(made.database.clone()).await.context("on SQLite")?;
    made.database.close().await;
    let made = postgres().await?;
    test(made.database.clone()).await.context("on PostgreSQL")?;
    made.database.close().await;
    Ok(())
}

/// Limits that make many small pages and quick leases.
pub(super) fn hurried() -> Settings {
    Settings {
        page_events: 97,
        reread: Duration::from_millis(20),
        gather: Duration::from_millis(20),
        lease: Duration::from_millis(900),
        renew: Duration::from_millis(200),
        backoff: Duration::from_millis(50),
    }
}

pub(super) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

pub(super) fn small() -> Size {
    Size { agents: 6, campaigns: 3, newcomers: 20 }
}

pub(super) fn stories(seed: u64, events: usize) -> Vec<Append> {
    Workload::new(seed, START, small()).stories(events)
}

/// A log in memory with the events of a small contact centre.
pub(super) async fn filled_log(seed: u64, events: usize) -> Result<Arc<MemoryLog>> {
    let log = Arc::new(MemoryLog::new(clock()));
    for story in stories(seed, events) {
        log.append(story).await?;
    }
    Ok(log)
}

pub(super) async fn start(database: &Database, log: &Arc<MemoryLog>, settings: Settings) -> Result<Runtime> {
    Ok(Runtime::start(database.clone(), log.clone(), clock(), &RandomIds, settings).await?)
}

/// Read models that wait long enough for a busy machine.
pub(super) fn asking(runtime: &Runtime, database: &Database) -> ReadModels {
    ReadModels::new(database.clone(), runtime.reached(), Duration::from_secs(60))
}

/// Waits until everything in the log is in every read model.
pub(super) async fn caught_up(runtime: &Runtime, database: &Database, log: &dyn Log) -> Result<Position> {
    let head = log.head().await?;
    asking(runtime, database).reach(Some(head), &ReadModel::ALL).await?;
    Ok(head)
}

/// The digests of one generation of every read model.
pub(super) async fn digests(database: &Database, generation: u32) -> Result<Vec<Vec<TableDigest>>> {
    let mut all = Vec::new();
    for model in ReadModel::ALL {
        all.push(digest(database, model, generation).await?);
    }
    Ok(all)
}

/// What a fresh rebuild of everything in a log gives, in large pages, on SQLite.
pub(super) async fn rebuilt_afresh(log: &Arc<MemoryLog>) -> Result<Vec<Vec<TableDigest>>> {
    rebuilt_of(log.clone()).await
}

/// The same of any log.
pub(super) async fn rebuilt_of(log: Arc<dyn Log>) -> Result<Vec<Vec<TableDigest>>> {
    let made = sqlite().await?;
    let settings = Settings { page_events: 10_000, ..Settings::default() };
    let runtime = Runtime::start(made.database.clone(), log.clone(), clock(), &RandomIds, settings).await?;
    caught_up(&runtime, &made.database, log.as_ref()).await?;
    runtime.stop().await;
    digests(&made.database, 1).await
}

/// A database with the first generation of every read model.
pub(super) async fn prepared(database: Database) -> Result<Database> {
    crate::runtime::prepare_for_tests(&database).await?;
    Ok(database)
}
