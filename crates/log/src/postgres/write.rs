//! The one writer of this process: one statement a batch.

use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection};
use trunkline_kernel::{EventId, Id, Recorded, StreamId};

use super::read;
use crate::LogError;
use crate::store::{CommitError, Snapshot};
use crate::stored::{int, store_error};

const APPEND: &str =
    "SELECT append_events($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)";

/// The same lock as in `append_events`, which the same session may take again.
const LOCK: &str = "SELECT pg_advisory_xact_lock(8390898172853776231)";

/// A server can be set up to answer before a commit is on disk; this session asks it not to.
const DURABLE: &str = "SELECT set_config('synchronous_commit', 'on', false) \
     WHERE current_setting('synchronous_commit') = 'off'";

/// A connection that is made when it is needed and given up after any fault.
pub(super) struct Writer {
    options: PgConnectOptions,
    timeout: Duration,
    connection: Option<PgConnection>,
    /// Whether it is inside a transaction that has the lock.
    held: bool,
}

impl Writer {
    pub(super) fn new(options: PgConnectOptions, timeout: Duration) -> Self {
        Self { options, timeout, connection: None, held: false }
    }

    /// The connection, made now if need be.
    pub(super) async fn connection(&mut self) -> Result<&mut PgConnection, LogError> {
        let connection = match self.connection.take() {
            Some(connection) => connection,
            None => {
                let made = tokio::time::timeout(self.timeout, self.options.connect()).await;
                let mut made = made.map_err(|late| LogError::Store(Box::new(late)))?.map_err(store_error)?;
                sqlx::query(DURABLE).execute(&mut made).await.map_err(store_error)?;
                made
            }
        };
        Ok(self.connection.insert(connection))
    }

    /// Begins a transaction, takes the lock and looks.
    pub(super) async fn hold(
        &mut self,
        streams: &[StreamId],
        events: &[EventId],
    ) -> Result<Snapshot, LogError> {
        let looked = self.hold_and_look(streams, events).await;
        if looked.is_err() {
            self.give_up();
        }
        looked
    }

    async fn hold_and_look(
        &mut self,
        streams: &[StreamId],
        events: &[EventId],
    ) -> Result<Snapshot, LogError> {
        let begun = self.held;
        let connection = self.connection().await?;
        if !begun {
            sqlx::query("BEGIN").execute(&mut *connection).await.map_err(store_error)?;
            sqlx::query(LOCK).execute(&mut *connection).await.map_err(store_error)?;
        }
        let snapshot = read::look_up(connection, streams, events).await?;
        self.held = true;
        Ok(snapshot)
    }

    /// Lets other writers in again.
    pub(super) async fn release(&mut self) {
        if !self.held {
            return;
        }
        self.held = false;
        if let Some(connection) = &mut self.connection
            && sqlx::query("ROLLBACK").execute(connection).await.is_err()
        {
            self.give_up();
        }
    }

    pub(super) async fn commit(&mut self, events: &[Recorded]) -> Result<(), CommitError> {
        match self.append(events).await {
            Ok(true) => Ok(()),
            Ok(false) => {
                self.release().await;
                Err(CommitError::Stale)
            }
            Err(error) => {
                let stale = error.as_database_error().is_some_and(|error| error.is_unique_violation());
                let transient = is_transient(&error);
                if stale || !transient {
                    self.release().await;
                } else {
                    self.give_up();
                }
                if stale {
                    return Err(CommitError::Stale);
                }
                Err(CommitError::Failed { error: store_error(error), transient })
            }
        }
    }

    /// Appends and says whether the head was as expected.
    async fn append(&mut self, events: &[Recorded]) -> sqlx::Result<bool> {
        let held = self.held;
        let connection = match self.connection().await {
            Ok(connection) => connection,
            Err(LogError::Store(error)) => return Err(sqlx::Error::Io(std::io::Error::other(error))),
            Err(error) => return Err(sqlx::Error::Io(std::io::Error::other(error))),
        };
        let head: Option<i64> = append(events).fetch_one(&mut *connection).await?;
        if held && head.is_some() {
            sqlx::query("COMMIT").execute(connection).await?;
            self.held = false;
        }
        Ok(head.is_some())
    }

    /// Drops the connection: the server rolls back whatever it was in.
    fn give_up(&mut self) {
        self.connection = None;
        self.held = false;
    }

    pub(super) async fn close(&mut self) {
        self.release().await;
        if let Some(connection) = self.connection.take() {
            // Whether the server hears the farewell makes no difference.
            let _ = connection.close().await;
        }
    }
}

/// The call of `append_events`, one array a column.
fn append(
    events: &[Recorded],
) -> sqlx::query::QueryScalar<'_, sqlx::Postgres, Option<i64>, sqlx::postgres::PgArguments> {
    fn column<'e, T>(events: &'e [Recorded], of: impl Fn(&'e Recorded) -> T) -> Vec<T> {
        events.iter().map(of).collect()
    }
    let before = events.first().map_or(0, |first| first.position.0.saturating_sub(1));
    let recorded_at = events.first().map(|first| first.recorded_at.datetime());
    sqlx::query_scalar(APPEND)
        .bind(int(before))
        .bind(recorded_at)
        .bind(column(events, |event| event.event.id.uuid()))
        .bind(column(events, |event| event.stream.as_str()))
        .bind(column(events, |event| int(event.version.0)))
        .bind(column(events, |event| event.event.event_type.as_str()))
        .bind(column(events, |event| i32::from(event.event.schema_version.0)))
        .bind(column(events, |event| event.event.payload.as_str()))
        .bind(column(events, tags))
        .bind(column(events, |event| event.event.cause.actor.to_string()))
        .bind(column(events, |event| event.event.cause.command.uuid()))
        .bind(column(events, |event| event.event.cause.correlation.uuid()))
        .bind(column(events, |event| event.event.cause.causation.map(Id::uuid)))
        .bind(column(events, |event| event.event.cause.trace.map(|trace| trace.to_string())))
        .bind(column(events, |event| event.event.occurred_at.datetime()))
        .bind(column(events, |event| &event.digest.0[..]))
}

/// The tags with a space between them, which no tag can contain.
fn tags(recorded: &Recorded) -> String {
    let tags: Vec<&str> = recorded.event.tags.iter().map(|tag| tag.as_str()).collect();
    tags.join(" ")
}

/// Whether the same commit may succeed on another connection or later.
fn is_transient(error: &sqlx::Error) -> bool {
    match error.as_database_error() {
        // Connection exceptions, rollbacks for the sake of others, lack of resources, an operator's hand.
        Some(error) => error
            .code()
            .is_some_and(|code| ["08", "40", "53", "57"].iter().any(|class| code.starts_with(class))),
        None => true,
    }
}
