//! The log in one SQLite file, the embedded default: WAL, `synchronous=FULL`, one connection that writes and a
//! few that read.

mod read;
mod schema;
mod write;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::SqliteConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqlitePool, SqlitePoolOptions, SqliteSynchronous};
use tokio::sync::{Mutex, watch};
use trunkline_database::open_file;
use trunkline_kernel::{Clock, EventId, Position, Recorded, StreamId, Timestamp, Version};

use crate::sequencer::Sequencer;
use crate::store::{CommitError, Snapshot, Store};
use crate::stored::store_error;
use crate::{Append, AppendError, Appended, Log, LogError, LogLimits, LogStats, Page, Query};

/// How long to wait for another process that writes to the same file.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// Statements that each connection keeps prepared.
const STATEMENTS_MAX: usize = 200;

/// The page cache of the writer, negative because it is in KiB: 64 MiB, so that the leaves of the tags' index
/// that are in use stay at hand.
const WRITER_CACHE_KIB: &str = "-65536";

/// The page cache of each reader: 8 MiB.
const READER_CACHE_KIB: &str = "-8192";

/// Pages of 4 KiB in the write-ahead log before they are moved into the file: 32 MiB.
const CHECKPOINT_PAGES: &str = "8000";

/// Rows that SQLite's thread reads ahead of whoever takes them, so that the two do not wait for each other at every
/// row of a page.
const ROWS_AHEAD: usize = 1_000;

/// How an SQLite log is opened.
#[derive(Clone, Debug)]
pub struct SqliteOptions {
    /// Connections that read. Default 4.
    pub readers: u32,
    /// What it takes at most.
    pub limits: LogLimits,
}

impl Default for SqliteOptions {
    fn default() -> Self {
        Self { readers: 4, limits: LogLimits::default() }
    }
}

/// A log in an SQLite file.
pub struct SqliteLog {
    store: Arc<SqliteStore>,
    sequencer: Sequencer,
    hint: watch::Sender<Position>,
    limits: LogLimits,
}

/// The connections.
pub(crate) struct SqliteStore {
    writer: Mutex<Writer>,
    readers: SqlitePool,
}

/// The one connection that writes, and whether it is inside a transaction that [`Store::hold`] began.
struct Writer {
    connection: SqliteConnection,
    held: bool,
}

impl SqliteStore {
    /// Opens the file, creates or migrates its tables.
    pub(crate) async fn open(path: &Path, readers: u32) -> Result<Self, LogError> {
        let options = SqliteConnectOptions::new()
            .filename(path)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT)
            .row_buffer_size(ROWS_AHEAD)
            .statement_cache_capacity(STATEMENTS_MAX)
            .pragma("cache_size", WRITER_CACHE_KIB)
            .pragma("wal_autocheckpoint", CHECKPOINT_PAGES);
        let mut connection = open_file(options.clone(), BUSY_TIMEOUT).await.map_err(store_error)?;
        schema::migrate(&mut connection).await?;
        let readers = SqlitePoolOptions::new()
            .max_connections(readers.max(1))
            .test_before_acquire(false)
            .connect_with(options.pragma("query_only", "ON").pragma("cache_size", READER_CACHE_KIB))
            .await
            .map_err(store_error)?;
        Ok(Self { writer: Mutex::new(Writer { connection, held: false }), readers })
    }

    async fn close(&self) {
        self.readers.close().await;
        let mut writer = self.writer.lock().await;
        write::end(&mut writer).await;
        // Leaves the write-ahead log empty behind it; a failure only leaves that to the next opening.
        let _ = sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(&mut writer.connection).await;
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn look_up(&self, streams: &[StreamId], events: &[EventId]) -> Result<Snapshot, LogError> {
        let mut connection = self.readers.acquire().await.map_err(store_error)?;
        read::look_up(&mut connection, streams, events).await
    }

    async fn hold(&self, streams: &[StreamId], events: &[EventId]) -> Result<Snapshot, LogError> {
        let mut writer = self.writer.lock().await;
        write::begin(&mut writer).await.map_err(store_error)?;
        read::look_up(&mut writer.connection, streams, events).await
    }

    async fn release(&self) {
        write::end(&mut *self.writer.lock().await).await;
    }

    async fn commit(&self, events: &[Recorded]) -> Result<(), CommitError> {
        write::commit(&mut *self.writer.lock().await, events).await
    }
}

impl SqliteLog {
    /// Opens the log in this file; a file that does not exist is created.
    ///
    /// # Errors
    /// When the file cannot be opened or is not a log of this or an older version.
    pub async fn open(
        path: impl AsRef<Path> + Send,
        options: SqliteOptions,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, LogError> {
        let store = Arc::new(SqliteStore::open(path.as_ref(), options.readers).await?);
        let hint = watch::Sender::new(Position::START);
        let limits = options.limits;
        let sequencer = Sequencer::start(Arc::clone(&store), clock, limits.clone(), hint.clone()).await?;
        Ok(Self { store, sequencer, hint, limits })
    }

    /// The database below, for an adapter that keeps a copy of another log in it.
    #[cfg(feature = "kurrentdb")]
    pub(crate) fn store(&self) -> &SqliteStore {
        &self.store
    }

    /// What it has done since it was opened.
    pub fn stats(&self) -> Arc<LogStats> {
        Arc::clone(self.sequencer.stats())
    }
}

#[async_trait]
impl Log for SqliteLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.sequencer.append(append).await
    }

    async fn read(&self, query: &Query) -> Result<Page, LogError> {
        self.limits.admit(query)?;
        read::page(&self.store.readers, query).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, LogError> {
        self.limits.admit_page(limit)?;
        read::stream(&self.store.readers, stream, after, limit).await
    }

    async fn head(&self) -> Result<Position, LogError> {
        read::head(&self.store.readers).await
    }

    async fn position_at(&self, time: Timestamp) -> Result<Position, LogError> {
        read::position_at(&self.store.readers, time).await
    }

    fn hint(&self) -> watch::Receiver<Position> {
        self.hint.subscribe()
    }

    async fn close(&self) {
        self.sequencer.close().await;
        self.store.close().await;
    }
}
