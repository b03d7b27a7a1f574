//! PostgreSQL, a private cluster with `fsync` and `synchronous_commit` on.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Instant;

use anyhow::Result;
use futures::future::join_all;
use sqlx::{Connection as _, PgConnection};
use trunkline_kernel::{Id as _, NewEvent, StreamId, SystemClock};
use trunkline_log::{Log, PostgresLog, PostgresOptions};
use trunkline_private_servers::{Durability, Postgres};

use super::{RAW_ROWS, Window, batches, distinct_streams, hot_streams, repeat};
use crate::Options;
use crate::report::{Measured, line, section, target};
use crate::workload::{Crowd, part};

/// One prepared statement, whatever the number of rows.
const INSERT: &str = "INSERT INTO events (position, event_id, stream, version, category, type, schema_version, \
     payload, tags, actor, command_id, correlation_id, occurred_at, recorded_at, digest) \
     SELECT position, event_id, stream, version, 'call', 'call.held', 1, payload::json, \
     string_to_array(tag_list, ' '), 'system:bench', command_id, correlation_id, occurred, occurred, digest \
     FROM unnest($1::bigint[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::uuid[], $7::uuid[], \
     $8::timestamptz[], $9::bytea[], $10::bigint[]) \
     AS e (position, event_id, stream, payload, tag_list, command_id, correlation_id, occurred, digest, version)";

/// Connections of the comparison with one INSERT per transaction.
const CONNECTIONS: usize = 64;

pub(super) async fn run(options: &Options) -> Result<()> {
    section("PostgreSQL, fsync on, synchronous_commit on");
    let settings = [("shared_buffers", "1GB"), ("max_wal_size", "8GB"), ("checkpoint_timeout", "30min")];
    let server = Postgres::start(Durability::Full, &settings)?;
    let raw = server.fresh_database()?;
    // The log makes its own tables, so that the raw inserts meet the same indexes and triggers.
    PostgresLog::open(&raw, PostgresOptions::default(), Arc::new(SystemClock)).await?.close().await;
    let position = Arc::new(AtomicI64::new(0));
    let mut one = Raw::connect(&raw, &position, part(options.seed, "raw postgres", 0)).await?;
    let batched = repeat(options.length(), RAW_ROWS, async || one.insert(RAW_ROWS).await).await?;
    line("raw, prepared 500-row INSERT, one connection", &batched);
    let single = repeat(options.length(), 1, async || one.insert(1).await).await?;
    line("raw, one row a transaction, one connection", &single);
    let crowd = one_insert_each(&raw, &position, options).await?;
    line("raw, one row a transaction, 64 connections", &crowd);

    let log = PostgresLog::open(&server.fresh_database()?, PostgresOptions::default(), Arc::new(SystemClock))
        .await?;
    let stats = log.stats();
    let log: Arc<dyn Log> = Arc::new(log);
    let alone = distinct_streams(&log, 1, options).await?;
    line("log, 1 writer", &alone);
    let ratio = alone.quantile_ms(0.5) / single.quantile_ms(0.5);
    target("median latency beside one raw commit", ratio, " x", "<= 1.3", ratio <= 1.3);
    let many = distinct_streams(&log, 64, options).await?;
    line("log, 64 writers", &many);
    let ratio = many.rate / crowd.rate;
    target("beside 64 connections", ratio, " x", ">= 1.5", ratio >= 1.5);
    let p99 = many.quantile_ms(0.99);
    target("p99", p99, " ms", "< 25 ms", p99 < 25.0);
    let many = distinct_streams(&log, 256, options).await?;
    line("log, 256 writers", &many);
    batches(&stats);
    let ratio = many.rate / batched.rate;
    target("of the raw batched limit", ratio * 100.0, " %", ">= 60 %", ratio >= 0.6);
    let ratio = many.rate / crowd.rate;
    target("beside 64 connections", ratio, " x", ">= 2.5", ratio >= 2.5);
    hot_streams(&log, options).await?;
    log.close().await;
    Ok(())
}

/// What 64 connections reach with one INSERT per transaction.
async fn one_insert_each(url: &str, position: &Arc<AtomicI64>, options: &Options) -> Result<Measured> {
    let mut connections = Vec::new();
    for index in 1..=CONNECTIONS {
        connections.push(Raw::connect(url, position, part(options.seed, "raw postgres", index)).await?);
    }
    let window = Window::open(options.length());
    let tasks = connections.into_iter().map(|mut raw| {
        let window = window.clone();
        tokio::spawn(async move {
            let mut latencies = Vec::new();
            while !window.is_over() {
                let began = Instant::now();
                raw.insert(1).await?;
                window.count(&mut latencies, began);
            }
            anyhow::Ok(latencies)
        })
    });
    let mut latencies = Vec::new();
    for task in join_all(tasks).await {
        latencies.extend(task??);
    }
    Measured::new(latencies, options.length())
}

/// Raw inserts into the log's table.
struct Raw {
    connection: PgConnection,
    crowd: Crowd,
    position: Arc<AtomicI64>,
}

impl Raw {
    async fn connect(url: &str, position: &Arc<AtomicI64>, seed: u64) -> Result<Self> {
        let connection = PgConnection::connect(url).await?;
        Ok(Self { connection, crowd: Crowd::new(seed)?, position: Arc::clone(position) })
    }

    async fn insert(&mut self, rows: usize) -> Result<()> {
        type Row = (NewEvent, StreamId, i64);
        fn column<'e, T>(rows: &'e [Row], of: impl Fn(&'e Row) -> T) -> Vec<T> {
            rows.iter().map(of).collect()
        }
        let count = i64::try_from(rows)?;
        let rows: Vec<Row> = (0..rows).map(|_| self.crowd.next()).collect();
        let first = self.position.fetch_add(count, Ordering::SeqCst) + 1;
        let tags = |row: &Row| row.0.tags.iter().map(|tag| tag.as_str()).collect::<Vec<_>>().join(" ");
        sqlx::query(INSERT)
            .bind((first..first + count).collect::<Vec<_>>())
            .bind(column(&rows, |row| row.0.id.uuid()))
            .bind(column(&rows, |row| row.1.as_str()))
            .bind(column(&rows, |row| row.0.payload.as_str()))
            .bind(column(&rows, tags))
            .bind(column(&rows, |row| row.0.cause.command.uuid()))
            .bind(column(&rows, |row| row.0.cause.correlation.uuid()))
            .bind(column(&rows, |row| row.0.occurred_at.datetime()))
            .bind(column(&rows, |_| &[7_u8; 32][..]))
            .bind(column(&rows, |row| row.2))
            .execute(&mut self.connection)
            .await?;
        Ok(())
    }
}
