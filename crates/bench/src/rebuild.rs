//! `rebuild`: every read model from the first event of a log, with the memory it takes, and whether an event costs
//! the same in a log of any length.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use clap::Args;
use trunkline_database::{Database, PostgresOptions, SqliteOptions};
use trunkline_kernel::{Position, RandomIds, SystemClock, Timestamp};
use trunkline_log::{Filter, Log, Query, SqliteLog};
use trunkline_private_servers::{Durability, Postgres};
use trunkline_projections::ReadModel;
use trunkline_projections::runtime::{Runtime, Settings};
use trunkline_workload::{Size, Workload};

use crate::report::{count, section, target};
use crate::{Options, StoreName};

/// Events of one append while the log is filled.
const EVENTS_AT_ONCE: usize = 900;
const STREAMS_AT_ONCE: usize = 190;
const MEMORY_MIB_MAX: f64 = 512.0;

#[derive(Args, Clone)]
pub(crate) struct Arguments {
    /// Lengths of the logs in events; the first is held against the targets
    #[arg(long, value_delimiter = ',', default_values_t = [1_000_000, 100_000, 3_000_000])]
    events: Vec<u64>,
    /// Keep the logs in this folder and use them again
    #[arg(long)]
    logs: Option<PathBuf>,
}

impl Default for Arguments {
    fn default() -> Self {
        Self { events: vec![1_000_000, 100_000, 3_000_000], logs: None }
    }
}

pub(crate) async fn run(options: &Options, arguments: &Arguments) -> Result<()> {
    section("All read models from the first event, the log in SQLite");
    let own = tempfile::tempdir()?;
    let folder = arguments.logs.clone().unwrap_or_else(|| own.path().to_owned());
    std::fs::create_dir_all(&folder)?;
    let mut sqlite = Vec::new();
    for (at, &events) in arguments.events.iter().enumerate() {
        let file = folder.join(format!("log-{events}-{}.db", options.seed));
        let log = filled(&file, events, options.seed).await?;
        let raw = reading(log.as_ref()).await?;
        println!("{events} events: reading the log alone {raw:.0} events/s");
        if options.wants(StoreName::Sqlite) {
            let file = tempfile::tempdir()?;
            let database = Database::sqlite(&SqliteOptions::new(file.path().join("read-models.db"))).await?;
            let rate = measure("SQLite", database, log.clone(), raw, (at == 0).then_some(50_000.0)).await?;
            sqlite.push((events, rate));
        }
        if at == 0 && options.wants(StoreName::Postgres) {
            let server = Postgres::start(Durability::Full, &[])?;
            let database = Database::postgres(&PostgresOptions::new(server.fresh_database()?)).await?;
            measure("PostgreSQL, fsync on", database, log.clone(), raw, Some(25_000.0)).await?;
        }
        log.close().await;
    }
    let least = sqlite.iter().min_by_key(|(events, _)| *events);
    let most = sqlite.iter().max_by_key(|(events, _)| *events);
    if let (Some((few, fast)), Some((many, slow))) = (least, most)
        && few != many
    {
        let growth = (fast / slow - 1.0) * 100.0;
        let name = format!("cost of an event at {many} against {few}");
        target(&name, growth, " % more", "20 % at most", growth <= 20.0);
    }
    println!();
    Ok(())
}

/// A log of a contact centre with about this many events.
pub(crate) async fn filled(file: &Path, events: u64, seed: u64) -> Result<Arc<dyn Log>> {
    let log = SqliteLog::open(file, trunkline_log::SqliteOptions::default(), Arc::new(SystemClock)).await?;
    let start = Timestamp::from_millis(1_772_442_000_000);
    if log.head().await? == Position::START {
        let mut workload = Workload::new(seed, start, Size::default());
        log.append(workload.story()).await?;
        let mut head = Position::START;
        while head.0 < events {
            head = log.append(workload.stories_at_once(EVENTS_AT_ONCE, STREAMS_AT_ONCE)).await?.last;
        }
    }
    Ok(Arc::new(log))
}

/// Events a second when the log is only read, in the pages of the runtime: no rebuild can be faster.
async fn reading(log: &dyn Log) -> Result<f64> {
    let began = Instant::now();
    let mut from = Position::START;
    loop {
        let query = Query {
            filter: Filter::default(),
            direction: Default::default(),
            from: Some(from),
            until: None,
            limit: Settings::default().page_events,
        };
        let page = log.read(&query).await?;
        let Some(last) = page.events.last() else { break };
        from = last.position;
    }
    Ok(count(from.0) / began.elapsed().as_secs_f64())
}

async fn measure(
    name: &str,
    database: Database,
    log: Arc<dyn Log>,
    raw: f64,
    wanted: Option<f64>,
) -> Result<f64> {
    let head = log.head().await?;
    let settings = Settings::default();
    let runtime =
        Runtime::prepare(database.clone(), log, Arc::new(SystemClock), &RandomIds, settings).await?;
    memory::forget_peak()?;
    let began = Instant::now();
    let rebuilt = runtime.rebuild(&ReadModel::ALL, true).await?;
    let rate = count(head.0) / began.elapsed().as_secs_f64();
    anyhow::ensure!(
        rebuilt.iter().all(|one| one.position == head && one.switched),
        "not everything was rebuilt"
    );
    let peak = memory::peak_mib()?;
    println!(
        "{name:<24} {head} events: {rate:>8.0} events/s, {:.2} of reading alone, peak {peak:.0} MiB",
        rate / raw
    );
    if let Some(wanted) = wanted {
        target("rebuild", rate, " events/s", &format!("{wanted}"), rate >= wanted);
        target("memory", peak, " MiB", &format!("{MEMORY_MIB_MAX}"), peak < MEMORY_MIB_MAX);
    }
    runtime.stop().await;
    database.close().await;
    Ok(rate)
}

/// What the kernel knows of this process' memory.
mod memory {
    use super::*;

    /// Counts the peak from here on.
    pub(super) fn forget_peak() -> Result<()> {
        std::fs::write("/proc/self/clear_refs", "5").context("/proc/self/clear_refs cannot be written")
    }

    /// The greatest resident size since then.
    pub(super) fn peak_mib() -> Result<f64> {
        let status = std::fs::read_to_string("/proc/self/status")?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).context("no VmHWM")?;
        let kib: u64 = line.trim().trim_end_matches(" kB").trim().parse()?;
        Ok(count(kib) / 1_024.0)
    }
}
