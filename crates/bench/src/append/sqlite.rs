//! SQLite, WAL with `synchronous=FULL`.

use std::sync::Arc;

use anyhow::Result;
use sqlx::sqlite::{SqliteConnectOptions, SqliteJournalMode, SqliteSynchronous};
use sqlx::{AssertSqlSafe, ConnectOptions as _, SqliteConnection};
use trunkline_kernel::{Id as _, SystemClock};
use trunkline_log::{Log, SqliteLog, SqliteOptions};

use super::{RAW_ROWS, batches, distinct_streams, hot_streams, repeat};
use crate::Options;
use crate::report::{line, section, target};
use crate::workload::{Crowd, part};

/// Rows of one statement of a raw batch; as many as SQLite takes fastest.
const STATEMENT_ROWS: usize = 50;

pub(super) async fn run(options: &Options) -> Result<()> {
    section("SQLite, WAL, synchronous=FULL (every commit is synced)");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("raw.db");
    // The log makes its own tables, so that the raw inserts meet the same indexes and triggers.
    SqliteLog::open(&file, SqliteOptions::default(), Arc::new(SystemClock)).await?.close().await;
    let mut raw = Raw::new(
        SqliteConnectOptions::new()
            .filename(&file)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            // As the log has them, so that the raw limit is the limit.
            .pragma("cache_size", "-65536")
            .pragma("wal_autocheckpoint", "8000")
            .connect()
            .await?,
        part(options.seed, "raw sqlite", 0),
    )?;
    let batched = repeat(options.length(), RAW_ROWS, async || raw.batch().await).await?;
    line("raw, 500 rows a transaction, one connection", &batched);
    let single = repeat(options.length(), 1, async || raw.insert(1).await).await?;
    line("raw, one row a transaction, one connection", &single);
    drop(raw);

    let file = folder.path().join("log.db");
    let log = SqliteLog::open(&file, SqliteOptions::default(), Arc::new(SystemClock)).await?;
    let stats = log.stats();
    let log: Arc<dyn Log> = Arc::new(log);
    let alone = distinct_streams(&log, 1, options).await?;
    line("log, 1 writer", &alone);
    let ratio = alone.quantile_ms(0.5) / single.quantile_ms(0.5);
    target("median latency beside one raw commit", ratio, " x", "<= 1.3", ratio <= 1.3);
    let many = distinct_streams(&log, 64, options).await?;
    line("log, 64 writers", &many);
    let many = distinct_streams(&log, 256, options).await?;
    line("log, 256 writers", &many);
    batches(&stats);
    let ratio = many.rate / batched.rate;
    target("of the raw batched limit", ratio * 100.0, " %", ">= 50 %", ratio >= 0.5);
    hot_streams(&log, options).await?;
    log.close().await;
    Ok(())
}

/// Raw inserts into the log's table.
struct Raw {
    connection: SqliteConnection,
    crowd: Crowd,
    position: i64,
}

impl Raw {
    fn new(connection: SqliteConnection, seed: u64) -> Result<Self> {
        Ok(Self { connection, crowd: Crowd::new(seed)?, position: 0 })
    }

    async fn batch(&mut self) -> Result<()> {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut self.connection).await?;
        for _ in 0..RAW_ROWS / STATEMENT_ROWS {
            self.insert(STATEMENT_ROWS).await?;
        }
        sqlx::query("COMMIT").execute(&mut self.connection).await?;
        Ok(())
    }

    async fn insert(&mut self, rows: usize) -> Result<()> {
        let values = vec!["(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"; rows].join(", ");
        let sql = format!(
            "INSERT INTO events (position, event_id, stream, version, category, type, schema_version, payload, \
             tags, actor, command_id, correlation_id, causation_id, trace_id, occurred_at, recorded_at, digest) \
             VALUES {values}"
        );
        let events: Vec<_> = (0..rows).map(|_| self.crowd.next()).collect();
        let mut query = sqlx::query(AssertSqlSafe(sql));
        for (event, stream, version) in &events {
            self.position += 1;
            query = query
                .bind(self.position)
                .bind(event.id.uuid())
                .bind(stream.as_str())
                .bind(version)
                .bind(stream.category())
                .bind(event.event_type.as_str())
                .bind(1)
                .bind(event.payload.as_str())
                .bind(serde_json::to_string(&event.tags)?)
                .bind("system:bench")
                .bind(event.cause.command.uuid())
                .bind(event.cause.correlation.uuid())
                .bind(None::<Vec<u8>>)
                .bind(None::<String>)
                .bind(event.occurred_at.micros())
                .bind(event.occurred_at.micros())
                .bind(&[7_u8; 32][..]);
        }
        query.execute(&mut self.connection).await?;
        Ok(())
    }
}
