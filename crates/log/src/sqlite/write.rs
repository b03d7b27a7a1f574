//! The one writer: multi-row inserts of few fixed sizes, so that each is prepared once.

use std::fmt::Write as _;
use std::sync::OnceLock;

use sqlx::AssertSqlSafe;
use sqlx::query::Query;
use sqlx::sqlite::{Sqlite, SqliteArguments};
use trunkline_kernel::{Id, Recorded};

use super::Writer;
use crate::store::CommitError;
use crate::stored::{int, store_error};

/// Rows of one statement: a batch is cut into the largest that fit.
const ROWS: [usize; 7] = [64, 32, 16, 8, 4, 2, 1];

const INSERT: &str = "INSERT INTO events (position, event_id, stream, version, category, type, schema_version, \
     payload, tags, actor, command_id, correlation_id, causation_id, trace_id, occurred_at, recorded_at, digest) \
     VALUES ";
const VALUES: &str = "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)";

/// Begins a transaction that no other writer can get into; inside one, it stays as it is.
pub(super) async fn begin(writer: &mut Writer) -> sqlx::Result<()> {
    if !writer.held {
        sqlx::query("BEGIN IMMEDIATE").execute(&mut writer.connection).await?;
        writer.held = true;
    }
    Ok(())
}

/// Ends a transaction without effect.
pub(super) async fn end(writer: &mut Writer) {
    if writer.held {
        // SQLite ends some failed transactions by itself, and then there is nothing left to roll back.
        let _ = sqlx::query("ROLLBACK").execute(&mut writer.connection).await;
        writer.held = false;
    }
}

/// Inserts all or nothing. The table refuses positions that are taken, so the head needs no check.
pub(super) async fn commit(writer: &mut Writer, events: &[Recorded]) -> Result<(), CommitError> {
    let done = insert_all(writer, events).await;
    if done.is_err() {
        end(writer).await;
    }
    done.map_err(commit_error)
}

async fn insert_all(writer: &mut Writer, events: &[Recorded]) -> sqlx::Result<()> {
    if !writer.held && ROWS.contains(&events.len()) {
        // One statement is a transaction by itself and saves two trips to the connection's thread.
        insert(events).execute(&mut writer.connection).await?;
        return Ok(());
    }
    begin(writer).await?;
    let mut rest = events;
    for rows in ROWS {
        while let Some((chunk, after)) = rest.split_at_checked(rows) {
            insert(chunk).execute(&mut writer.connection).await?;
            rest = after;
        }
    }
    sqlx::query("COMMIT").execute(&mut writer.connection).await?;
    writer.held = false;
    Ok(())
}

fn insert(events: &[Recorded]) -> Query<'_, Sqlite, SqliteArguments> {
    let mut query = sqlx::query(AssertSqlSafe(statement(events.len())));
    for recorded in events {
        let event = &recorded.event;
        query = query
            .bind(int(recorded.position.0))
            .bind(event.id.uuid())
            .bind(recorded.stream.as_str())
            .bind(int(recorded.version.0))
            .bind(recorded.stream.category())
            .bind(event.event_type.as_str())
            .bind(i64::from(event.schema_version.0))
            .bind(event.payload.as_str())
            .bind(tags(recorded))
            .bind(event.cause.actor.to_string())
            .bind(event.cause.command.uuid())
            .bind(event.cause.correlation.uuid())
            .bind(event.cause.causation.map(Id::uuid))
            .bind(event.cause.trace.map(|trace| trace.to_string()))
            .bind(event.occurred_at.micros())
            .bind(recorded.recorded_at.micros())
            .bind(&recorded.digest.0[..]);
    }
    query
}

/// The statement for one of [`ROWS`], built once.
fn statement(rows: usize) -> &'static str {
    static STATEMENTS: OnceLock<Vec<String>> = OnceLock::new();
    let statements = STATEMENTS.get_or_init(|| ROWS.map(build).to_vec());
    let place = ROWS.iter().position(|size| *size == rows);
    place.and_then(|place| statements.get(place)).map_or("", String::as_str)
}

fn build(rows: usize) -> String {
    let mut sql = INSERT.to_owned();
    for row in 0..rows {
        let comma = if row == 0 { "" } else { ", " };
        // Writing to a text cannot fail.
        let _ = write!(sql, "{comma}{VALUES}");
    }
    sql
}

/// The tags as a JSON array, written the short way because tags without escapes are by far the most.
fn tags(recorded: &Recorded) -> String {
    serde_json::to_string(&recorded.event.tags).unwrap_or_else(|_| "[]".to_owned())
}

/// `SQLITE_CONSTRAINT_TRIGGER`: the only trigger that an insert can fail on says that a place is taken.
const TAKEN: u32 = 1811;

/// `SQLITE_BUSY`: another process holds the file.
const BUSY: u32 = 5;

fn commit_error(error: sqlx::Error) -> CommitError {
    let code = error.as_database_error().and_then(|error| error.code()?.parse::<u32>().ok());
    let unique = error.as_database_error().is_some_and(|error| error.is_unique_violation());
    if unique || code == Some(TAKEN) {
        return CommitError::Stale;
    }
    // The low byte is the code, the rest says what kind of it.
    let transient = code.is_some_and(|code| code & 0xff == BUSY);
    CommitError::Failed { error: store_error(error), transient }
}
