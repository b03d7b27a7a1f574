//! The log in PostgreSQL. Several processes can write to one: an advisory lock serialises their commits, and
//! one statement appends a whole batch.

mod listen;
mod read;
mod schema;
mod write;

use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use tokio::sync::{Mutex, watch};
use tokio::task::JoinHandle;
use trunkline_kernel::{Clock, EventId, Position, Recorded, StreamId, Timestamp, Version};

use crate::sequencer::Sequencer;
use crate::store::{CommitError, Snapshot, Store};
use crate::stored::store_error;
use crate::{Append, AppendError, Appended, Log, LogError, LogLimits, LogStats, Page, Query};

/// Settings of every session. Each statement of an append has to see what was committed before it got the lock.
/// And every read walks an index in its order and stops: a planner that knows too little of a young table
/// would rather collect all that a tag has and sort it, and would plan anew each time.
const SESSION: [(&str, &str); 7] = [
    ("default_transaction_isolation", "read committed"),
    ("enable_bitmapscan", "off"),
    ("enable_hashjoin", "off"),
    ("enable_mergejoin", "off"),
    ("enable_seqscan", "off"),
    ("jit", "off"),
    ("plan_cache_mode", "force_generic_plan"),
];

/// How a PostgreSQL log is opened.
#[derive(Clone, Debug)]
pub struct PostgresOptions {
    /// Connections that read. Default 8. One more writes and one listens.
    pub readers: u32,
    /// How long to wait for a connection. Default 5 s.
    pub connect_timeout: Duration,
    /// What it takes at most.
    pub limits: LogLimits,
}

impl Default for PostgresOptions {
    fn default() -> Self {
        Self { readers: 8, connect_timeout: Duration::from_secs(5), limits: LogLimits::default() }
    }
}

/// A log in a PostgreSQL database.
pub struct PostgresLog {
    store: Arc<PostgresStore>,
    sequencer: Sequencer,
    hint: watch::Sender<Position>,
    listener: JoinHandle<()>,
    limits: LogLimits,
}

/// The connections.
struct PostgresStore {
    writer: Mutex<write::Writer>,
    readers: PgPool,
}

#[async_trait]
impl Store for PostgresStore {
    async fn look_up(&self, streams: &[StreamId], events: &[EventId]) -> Result<Snapshot, LogError> {
        let mut connection = self.readers.acquire().await.map_err(store_error)?;
        read::look_up(&mut connection, streams, events).await
    }

    async fn hold(&self, streams: &[StreamId], events: &[EventId]) -> Result<Snapshot, LogError> {
        self.writer.lock().await.hold(streams, events).await
    }

    async fn release(&self) {
        self.writer.lock().await.release().await;
    }

    async fn commit(&self, events: &[Recorded]) -> Result<(), CommitError> {
        self.writer.lock().await.commit(events).await
    }
}

impl PostgresLog {
    /// Opens the log in the database that `url` names (`postgres://user@host/database`), and creates or
    /// migrates its tables where they are not of this version.
    ///
    /// # Errors
    /// When the URL cannot be read, the database cannot be reached, or its log is newer than this program.
    pub async fn open(url: &str, options: PostgresOptions, clock: Arc<dyn Clock>) -> Result<Self, LogError> {
        let connect = PgConnectOptions::from_str(url).map_err(store_error)?.options(SESSION);
        let pool = PgPoolOptions::new()
            .max_connections(options.readers.max(1))
            .acquire_timeout(options.connect_timeout)
            .test_before_acquire(false)
            .connect_with(connect.clone().application_name("trunkline log reader"))
            .await
            .map_err(store_error)?;
        let mut writer =
            write::Writer::new(connect.application_name("trunkline log writer"), options.connect_timeout);
        schema::migrate(writer.connection().await?).await?;
        let store = Arc::new(PostgresStore { writer: Mutex::new(writer), readers: pool.clone() });
        let hint = watch::Sender::new(Position::START);
        let limits = options.limits;
        let sequencer = Sequencer::start(Arc::clone(&store), clock, limits.clone(), hint.clone()).await?;
        let listener = tokio::spawn(listen::listen(pool, hint.clone()));
        Ok(Self { store, sequencer, hint, listener, limits })
    }

    /// What it has done since it was opened.
    pub fn stats(&self) -> Arc<LogStats> {
        Arc::clone(self.sequencer.stats())
    }
}

impl Drop for PostgresLog {
    fn drop(&mut self) {
        self.listener.abort();
    }
}

#[async_trait]
impl Log for PostgresLog {
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
        self.listener.abort();
        self.store.writer.lock().await.close().await;
        self.store.readers.close().await;
    }
}
