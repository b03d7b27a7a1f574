//! A server that is killed at any instruction neither loses nor repeats an event.
//!
//! The server is this very test binary, run again with the ignored test below; it is killed with SIGKILL at random
//! moments, and afterwards the read models are compared with a fresh rebuild.

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result};
use trunkline_database::{Database, PostgresOptions, SqliteOptions};
use trunkline_kernel::{Position, RandomIds};
use trunkline_log::{Direction, Filter, Log, Query, SqliteLog};
use trunkline_testkit::wait_for;

use super::support::{clock, digests, rebuilt_of, stories};
use crate::ReadModel;
use crate::fold::Decoded;
use crate::runtime::{Runtime, Settings, TRIES_MAX, generations, parked};

const KILLS: usize = 200;
const KILLS_ON_POSTGRES: usize = 40;
const EVENTS: usize = 6_000;
const FOLDER: &str = "TRUNKLINE_KILLED_FOLDER";
const POSTGRES: &str = "TRUNKLINE_KILLED_POSTGRES";
/// The position of an event that ends the process of the child when the task board folds it.
const DEADLY: &str = "TRUNKLINE_KILLED_BY";

/// Small pages, so that there are many places to die in, and leases that are over when the next one starts.
fn settings() -> Settings {
    Settings {
        page_events: 17,
        reread: Duration::from_millis(5),
        gather: Duration::from_millis(5),
        lease: Duration::from_millis(40),
        renew: Duration::from_millis(15),
        backoff: Duration::from_millis(5),
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the arguments of a child that is a test come through its environment"
)]
fn argument(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Ends the process as a fault of memory would, which no handler survives.
pub(crate) fn end_if_deadly(model: ReadModel, event: &Decoded) {
    let deadly = argument(DEADLY).and_then(|position| position.parse().ok());
    if model == ReadModel::TaskBoard && deadly == Some(event.recorded.position.0) {
        std::process::abort();
    }
}

async fn open(folder: &Path, postgres: Option<String>) -> Result<Database> {
    Ok(match postgres {
        Some(url) => Database::postgres(&PostgresOptions::new(url)).await?,
        None => Database::sqlite(&SqliteOptions::new(folder.join("read-models.db"))).await?,
    })
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "the process that the tests below start and kill"]
async fn the_server_that_is_killed() -> Result<()> {
    let folder = argument(FOLDER).context("started without a folder")?;
    let folder = Path::new(&folder);
    let log = SqliteLog::open(folder.join("log.db"), Default::default(), clock()).await?;
    let database = open(folder, argument(POSTGRES)).await?;
    let runtime = Runtime::start(database, Arc::new(log), clock(), &RandomIds, settings()).await?;
    let mut progress = runtime.progress();
    let mut told = false;
    loop {
        progress.changed().await?;
        let reached = progress.borrow_and_update().values().map(|progress| progress.position).min();
        if !told && reached > Some(Position::START) {
            told = true;
            println!("\nfollowing");
        }
    }
}

/// The server as a process of its own.
fn server(folder: &Path, postgres: Option<&str>) -> Result<Command> {
    let name =
        format!("{}::the_server_that_is_killed", module_path!().split_once("::").context("a module")?.1);
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["--exact", &name, "--ignored", "--nocapture"]).env(FOLDER, folder).stderr(Stdio::null());
    if let Some(url) = postgres {
        command.env(POSTGRES, url);
    }
    Ok(command)
}

/// Starts the server, waits until it follows, and kills it a moment later.
fn live_and_die(folder: &Path, postgres: Option<&str>, moment: Duration) -> Result<()> {
    let mut child = server(folder, postgres)?.stdout(Stdio::piped()).spawn()?;
    let lines = BufReader::new(child.stdout.take().context("no output")?).lines();
    let follows = lines.map_while(Result::ok).any(|line| line.trim() == "following");
    std::thread::sleep(moment);
    child.kill()?;
    child.wait()?;
    anyhow::ensure!(follows, "the server ended by itself");
    Ok(())
}

async fn killed_over_and_over(kills: usize, postgres: Option<String>) -> Result<()> {
    let made = tempfile::tempdir()?;
    let folder = made.path();
    let mut waiting = stories(81, EVENTS).into_iter();
    let first = super::support::prepared(open(folder, postgres.clone()).await?).await?;
    first.close().await;
    for kill in 0..kills {
        // There is always something left to do: about thirty events for each life.
        let log = SqliteLog::open(folder.join("log.db"), Default::default(), clock()).await?;
        let share = EVENTS / 10 / kills.max(1) + 3;
        for story in waiting.by_ref().take(share) {
            log.append(story).await?;
        }
        log.close().await;
        // A different moment each time, up to 12 ms, spread evenly.
        let moment = Duration::from_micros(u64::try_from(kill * 7_919 % 12_000)?);
        let (folder, url) = (folder.to_owned(), postgres.clone());
        tokio::task::spawn_blocking(move || live_and_die(&folder, url.as_deref(), moment)).await??;
    }
    let log: Arc<dyn Log> =
        Arc::new(SqliteLog::open(folder.join("log.db"), Default::default(), clock()).await?);
    let head = log.head().await?;
    let database = open(folder, postgres).await?;
    let runtime = Runtime::start(database.clone(), log.clone(), clock(), &RandomIds, settings()).await?;
    super::support::asking(&runtime, &database).reach(Some(head), &ReadModel::ALL).await?;
    runtime.stop().await;
    assert_eq!(digests(&database, 1).await?, rebuilt_of(log).await?);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_200_random_points_sqlite_holds_every_effect_once() -> Result<()> {
    killed_over_and_over(KILLS, None).await
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_at_random_points_postgres_holds_every_effect_once() -> Result<()> {
    let url = trunkline_private_servers::Postgres::shared()?.fresh_database()?;
    killed_over_and_over(KILLS_ON_POSTGRES, Some(url)).await
}

/// How often the event of the next test ends the server at most: pages that are folded whole are ended by it as well,
/// and blame nothing.
const ENDS_MAX: usize = 10;

/// A process that ends without progress makes the next one fold one event at a time; after three tries of this kind the
/// event is parked for the read model that folded it, and everything else goes on.
#[tokio::test(flavor = "multi_thread")]
async fn an_event_that_ends_its_process_is_parked_after_its_tries() -> Result<()> {
    let made = tempfile::tempdir()?;
    let folder = made.path();
    let log = SqliteLog::open(folder.join("log.db"), Default::default(), clock()).await?;
    for story in stories(82, 300) {
        log.append(story).await?;
    }
    let head = log.head().await?;
    let tasks = Filter { category: Some("task".to_owned()), ..Default::default() };
    let query = Query { filter: tasks, direction: Direction::Forwards, from: None, until: None, limit: 5 };
    let deadly = log.read(&query).await?.events.pop().context("tasks")?.position;
    log.close().await;
    let database = super::support::prepared(open(folder, None).await?).await?;
    let mut ends = 0;
    let mut child = loop {
        let mut child =
            server(folder, None)?.env(DEADLY, deadly.0.to_string()).stdout(Stdio::null()).spawn()?;
        let ended = wait_for("an end, or all events folded", async || {
            let rows = generations(&database).await?;
            let folded = rows.iter().all(|generation| generation.position == head);
            Ok(child.try_wait()?.map(Some).or(folded.then_some(None)))
        });
        let Some(status) = ended.await? else { break child };
        assert_eq!(status.signal(), Some(6), "it ended of something else");
        ends += 1;
        assert!(ends <= ENDS_MAX, "nothing is parked");
    };
    child.kill()?;
    child.wait()?;
    let list = parked(&database, None).await?;
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].model, list[0].position, list[0].tries), (ReadModel::TaskBoard, deadly, TRIES_MAX));
    Ok(())
}
