//! `subscribe`: how long an event takes from its append to a subscriber of the feed.

use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures::future::join_all;
use trunkline_kernel::{Position, SystemClock};
use trunkline_log::{
    Expect, Feed, FeedLimits, Filter, Log, PostgresLog, PostgresOptions, SqliteLog, SqliteOptions,
};
use trunkline_private_servers::{Durability, Postgres};

use crate::report::{Measured, line, section, target};
use crate::workload::{Workload, part};
use crate::{Options, StoreName};

const EVENTS_PER_SECOND: u32 = 2_000;
const SUBSCRIBERS: usize = 500;

/// Appends of one tick of the steady rate.
const PER_TICK: u32 = 20;

pub(crate) async fn run(options: &Options) -> Result<()> {
    section("From append to subscriber, 2,000 events/s, 500 subscribers of one feed");
    if options.wants(StoreName::Sqlite) {
        let folder = tempfile::tempdir()?;
        let file = folder.path().join("log.db");
        let log = SqliteLog::open(&file, SqliteOptions::default(), Arc::new(SystemClock)).await?;
        measure("SQLite, synchronous=FULL", Arc::new(log), options).await?;
    }
    if options.wants(StoreName::Postgres) {
        let server = Postgres::start(Durability::Full, &[])?;
        let url = server.fresh_database()?;
        let log = PostgresLog::open(&url, PostgresOptions::default(), Arc::new(SystemClock)).await?;
        measure("PostgreSQL, fsync on", Arc::new(log), options).await?;
    }
    println!();
    Ok(())
}

async fn measure(name: &str, log: Arc<dyn Log>, options: &Options) -> Result<()> {
    let feed = Feed::start(Arc::clone(&log), FeedLimits::default());
    let ticks = options.seconds * u64::from(EVENTS_PER_SECOND / PER_TICK);
    let events = usize::try_from(ticks)? * PER_TICK as usize;
    let began = Instant::now();
    let subscribers = (0..SUBSCRIBERS).map(|_| {
        let mut subscription = feed.subscribe(Filter::default(), Position::START);
        tokio::spawn(async move {
            let mut received = Vec::with_capacity(events);
            while received.len() < events {
                let batch = subscription.next().await?;
                let now = began.elapsed();
                received.extend(batch.events.iter().map(|_| now));
            }
            anyhow::Ok(received)
        })
    });
    let subscribers: Vec<_> = subscribers.collect();
    let sent = append_steadily(&log, ticks, began, options).await?;
    let mut latencies = Vec::with_capacity(events * SUBSCRIBERS);
    for received in join_all(subscribers).await {
        // The first second warms up.
        let pairs = received??.into_iter().zip(&sent).skip(EVENTS_PER_SECOND as usize);
        latencies.extend(pairs.map(|(received, sent)| received.saturating_sub(*sent)));
    }
    let measured = Measured::new(latencies, Duration::from_secs(options.seconds.saturating_sub(1).max(1)))?;
    line(&format!("{name}: deliveries"), &measured);
    let p99 = measured.quantile_ms(0.99);
    target("p99 from the call of append to each subscriber", p99, " ms", "< 50 ms", p99 < 50.0);
    log.close().await;
    Ok(())
}

/// Appends at a steady rate and returns when each event, by position, was handed to the log.
async fn append_steadily(
    log: &Arc<dyn Log>,
    ticks: u64,
    began: Instant,
    options: &Options,
) -> Result<Vec<Duration>> {
    let workload = Workload::new(part(options.seed, "subscribe", 0))?;
    let mut ticker = tokio::time::interval(Duration::from_secs(1) / (EVENTS_PER_SECOND / PER_TICK));
    let mut appends = Vec::new();
    for _ in 0..ticks {
        ticker.tick().await;
        for _ in 0..PER_TICK {
            let append = workload.append(&workload.stream(), Expect::NoStream);
            let log = Arc::clone(log);
            appends.push(tokio::spawn(async move {
                let sent = began.elapsed();
                log.append(append).await.map(|appended| (appended.first, sent))
            }));
        }
    }
    let mut sent = vec![Duration::ZERO; appends.len()];
    for append in join_all(appends).await {
        let (position, at) = append??;
        let place = usize::try_from(position.0)?.checked_sub(1).context("positions start at one")?;
        *sent.get_mut(place).context("positions have no gap")? = at;
    }
    Ok(sent)
}
