//! `append`: the log beside raw inserts into the same tables.

mod postgres;
mod sqlite;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures::future::join_all;
use trunkline_kernel::Version;
use trunkline_log::{AppendError, Expect, Log, LogStats};

use crate::report::Measured;
use crate::workload::{Workload, part};
use crate::{Options, StoreName};

/// Rows of one raw batched insert, as the targets name it.
const RAW_ROWS: usize = 500;

pub(crate) async fn run(options: &Options) -> Result<()> {
    if options.wants(StoreName::Sqlite) {
        sqlite::run(options).await?;
    }
    if options.wants(StoreName::Postgres) {
        postgres::run(options).await?;
    }
    Ok(())
}

/// When to start and to stop counting.
#[derive(Clone)]
struct Window {
    counting: Arc<AtomicBool>,
    over: Arc<AtomicBool>,
    length: Duration,
}

impl Window {
    /// Opens after a fifth of `length` and closes after `length` more.
    fn open(length: Duration) -> Self {
        let window = Self { counting: Arc::default(), over: Arc::default(), length };
        let mine = window.clone();
        tokio::spawn(async move {
            tokio::time::sleep(mine.length / 5).await;
            mine.counting.store(true, Ordering::SeqCst);
            tokio::time::sleep(mine.length).await;
            mine.counting.store(false, Ordering::SeqCst);
            mine.over.store(true, Ordering::SeqCst);
        });
        window
    }

    fn is_over(&self) -> bool {
        self.over.load(Ordering::SeqCst)
    }

    /// Adds a latency if it falls into the window.
    fn count(&self, latencies: &mut Vec<Duration>, began: Instant) {
        if self.counting.load(Ordering::Relaxed) {
            latencies.push(began.elapsed());
        }
    }
}

/// Commands of one event by `writers` writers, each to its own stream, each expecting its version.
async fn distinct_streams(log: &Arc<dyn Log>, writers: usize, options: &Options) -> Result<Measured> {
    let window = Window::open(options.length());
    let tasks = (0..writers).map(|writer| {
        let (log, window, seed) =
            (Arc::clone(log), window.clone(), part(options.seed, "distinct", writer * 1_000 + writers));
        tokio::spawn(async move {
            let workload = Workload::new(seed)?;
            let stream = workload.stream();
            let mut latencies = Vec::new();
            let mut version = Version::EMPTY;
            while !window.is_over() {
                let append = workload.append(&stream, Expect::Exactly(version));
                let began = Instant::now();
                log.append(append).await?;
                window.count(&mut latencies, began);
                version = version.plus(1);
            }
            anyhow::Ok(latencies)
        })
    });
    let mut latencies = Vec::new();
    for task in join_all(tasks).await {
        latencies.extend(task??);
    }
    Measured::new(latencies, window.length)
}

/// Commands of one event by `writers` writers to one stream, each expecting the version it knows and trying
/// again when it was late. Counts those that were taken, from the first try on; the second figure is how many
/// tries conflicted in a second.
async fn hot_stream(log: &Arc<dyn Log>, writers: usize, options: &Options) -> Result<(Measured, f64)> {
    let window = Window::open(options.length());
    let stream = Workload::new(part(options.seed, "hot", writers))?.stream();
    let conflicts = Arc::new(AtomicU64::new(0));
    let tasks = (0..writers).map(|writer| {
        let (log, window, stream, conflicts) =
            (Arc::clone(log), window.clone(), stream.clone(), Arc::clone(&conflicts));
        let seed = part(options.seed, "rival", writer * 1_000 + writers);
        tokio::spawn(async move {
            let workload = Workload::new(seed)?;
            let mut latencies = Vec::new();
            let mut version = Version::EMPTY;
            let mut began = Instant::now();
            while !window.is_over() {
                match log.append(workload.append(&stream, Expect::Exactly(version))).await {
                    Ok(appended) => {
                        window.count(&mut latencies, began);
                        version = appended.versions.first().context("a version")?.1;
                        began = Instant::now();
                    }
                    Err(AppendError::Conflict { actual, .. }) => {
                        version = actual;
                        if window.counting.load(Ordering::Relaxed) {
                            conflicts.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                    Err(error) => return Err(error.into()),
                }
            }
            anyhow::Ok(latencies)
        })
    });
    let mut latencies = Vec::new();
    for task in join_all(tasks).await {
        latencies.extend(task??);
    }
    let conflicts = crate::report::count(conflicts.load(Ordering::Relaxed)) / window.length.as_secs_f64();
    Ok((Measured::new(latencies, window.length)?, conflicts))
}

/// Measures one hot stream with 1, 8 and 64 writers and prints whether useful work falls.
async fn hot_streams(log: &Arc<dyn Log>, options: &Options) -> Result<()> {
    let mut alone = None;
    for writers in [1, 8, 64] {
        let (measured, conflicts) = hot_stream(log, writers, options).await?;
        crate::report::line(&format!("log, one hot stream, {writers} writers"), &measured);
        println!("  (and {conflicts:.0} conflicts/s)");
        let alone = *alone.get_or_insert(measured.rate);
        if writers > 1 {
            let ratio = measured.rate / alone;
            crate::report::target(
                "useful appends beside one writer",
                ratio,
                " x",
                ">= 1, within 5 %",
                ratio >= 0.95,
            );
        }
    }
    println!();
    Ok(())
}

/// Prints how the log's appends so far were spread over its commits.
fn batches(stats: &LogStats) {
    let values = stats.batch_appends.values();
    let commits: Vec<String> = values
        .buckets
        .iter()
        .filter(|(_, commits)| *commits > 0)
        .map(|(bound, commits)| format!("{commits} of up to {bound}"))
        .collect();
    println!("  (commits by appends: {})", commits.join(", "));
}

/// Repeats one raw operation of `rows` rows and counts rows.
async fn repeat<F>(length: Duration, rows: usize, mut operation: F) -> Result<Measured>
where
    F: AsyncFnMut() -> Result<()>,
{
    let window = Window::open(length);
    let mut latencies = Vec::new();
    while !window.is_over() {
        let began = Instant::now();
        operation().await?;
        for _ in 0..rows {
            window.count(&mut latencies, began);
        }
    }
    Measured::new(latencies, length)
}
