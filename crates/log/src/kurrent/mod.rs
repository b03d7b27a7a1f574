//! The log on KurrentDB (once EventStoreDB).
//!
//! # The ledger
//!
//! Trunkline appends to several streams at once, all or nothing. KurrentDB's Rust client can append atomically
//! to one stream only. So one KurrentDB stream, the *ledger* (default `trunkline`), holds every Trunkline event
//! of every stream in the order of the log. That gives one gapless order for all server processes, and a
//! conflict anywhere shows as a wrong expected revision of the ledger.
//!
//! Another program can read the ledger. One KurrentDB event is one Trunkline event:
//!
//! | KurrentDB | Trunkline |
//! |---|---|
//! | event number `n`, from 0 | position `n + 1` |
//! | event id | event id |
//! | event type | event type, for instance `call.bridged` |
//! | data, `application/json` | payload, canonical JSON (RFC 8785), byte for byte what was hashed |
//! | metadata, JSON | the rest of the envelope, below |
//!
//! The metadata is an object with `stream`, `version` (from 1), `schemaVersion`, `tags` (sorted texts `kind:key`),
//! `actor` (`kind:key`), `commandId`, `$correlationId` and `$causationId` (the names that KurrentDB's own tools
//! know; the second only where there is one), `traceId` (32 hexadecimal digits, only where there is one),
//! `occurredAt` and `recordedAt` (RFC 3339, UTC, microseconds), `digest` (SHA-256 in hexadecimal, see
//! [`trunkline_kernel::NewEvent::digest`]) and `commit`: `{"index": 1, "count": 3}` says that this is the first
//! of three events that were appended in one call. One call can hold several commands' appends; an append is
//! never split. KurrentDB's own `created` time is not used.
//!
//! The ledger must keep everything: no `$maxAge`, `$maxCount` or truncation. A gap is reported as damage.
//!
//! # The replica
//!
//! Each process keeps a local copy of the ledger in SQLite (see [`KurrentOptions::replica`]) and answers every
//! read from it: by stream, category, tag, type and time, none of which a single KurrentDB stream could answer.
//! It is fed from the ledger alone, by a subscription and by reading. A decision on a replica that is behind
//! shows as a wrong expected revision; the replica is then caught up and the decision made again. It can be
//! deleted at any time; the next start copies the ledger anew.
//!
//! # What that costs
//!
//! - An append is answered when its events have come back from the ledger into the replica. Concurrent appends
//!   share one call. The Rust client does not set `TCP_NODELAY`, so that against a server on Linux each call
//!   takes about 40 ms longer than it need; many writers at once do not notice, a single one does.
//! - Processes that append at the same moment race for the ledger's end; the losers catch up and try again.
//!   A few busy server processes are fine, dozens are not.
//! - A process reads its own appends at once, and another process's within a round trip, or at the latest
//!   [`KurrentOptions::interval`] later. While KurrentDB is away, reads go on and appends fail.
//! - One call holds at most KurrentDB's `MaxAppendSize` (1 MiB unless configured otherwise), which is why
//!   [`KurrentOptions::limits`] are smaller than elsewhere.
//!
//! # TLS
//!
//! The client needs a process-wide default of rustls, also for `tls=false`. `main` installs it first thing:
//! `rustls::crypto::aws_lc_rs::default_provider().install_default()`. Without it [`KurrentLog::open`] says so.

mod follow;
mod ledger;
mod record;
mod replica;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use kurrentdb::ClientSettings;
use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use trunkline_kernel::{Clock, Position, Recorded, StreamId, Timestamp, Version};

use crate::sequencer::Sequencer;
use crate::{
    Append, AppendError, Appended, Log, LogError, LogLimits, LogStats, Page, Query, SqliteLog, SqliteOptions,
};
use ledger::Ledger;
use replica::Replica;

/// How to reach a ledger and where to keep its replica.
#[derive(Clone, Debug)]
pub struct KurrentOptions {
    /// KurrentDB's connection string, for instance `kurrentdb://user:password@host:2113?tls=true`; `esdb://`
    /// works as well. Setting `log.url`.
    pub connection: String,
    /// The KurrentDB stream that is the ledger. Setting `log.ledger`, default `trunkline`.
    pub ledger: String,
    /// The SQLite file of the replica, of this process alone.
    pub replica: PathBuf,
    /// How long another process's append can stay unseen when no notification arrives. Default 500 ms.
    pub interval: Duration,
    /// How long one call may take. Default 10 s.
    pub patience: Duration,
    /// What the log takes at most; see [`KurrentOptions::limits`].
    pub limits: LogLimits,
}

impl KurrentOptions {
    /// The defaults for a server and a replica.
    pub fn new(connection: impl Into<String>, replica: impl Into<PathBuf>) -> Self {
        Self {
            connection: connection.into(),
            ledger: "trunkline".to_owned(),
            replica: replica.into(),
            interval: Duration::from_millis(500),
            patience: Duration::from_secs(10),
            limits: Self::limits(),
        }
    }

    /// The limits that keep a call below 1 MiB, KurrentDB's default `MaxAppendSize`: 512 KiB of payloads and 500
    /// events, which leaves 1 KiB for the metadata of each.
    pub fn limits() -> LogLimits {
        LogLimits {
            batch_events_max: 500,
            batch_bytes_max: 512 * 1024,
            event_bytes_max: 512 * 1024,
            events_per_append_max: 500,
            ..LogLimits::default()
        }
    }
}

/// The log on KurrentDB: see the module.
pub struct KurrentLog {
    replica: Arc<Replica>,
    sequencer: Sequencer,
    hint: watch::Sender<Position>,
    followers: Mutex<Option<Followers>>,
}

/// The tasks that keep the replica up to date. They stop by themselves when this is dropped.
struct Followers {
    tasks: Vec<JoinHandle<()>>,
    stop: watch::Sender<()>,
}

impl KurrentLog {
    /// Connects, opens the replica and catches it up with the ledger. The ledger need not exist yet.
    ///
    /// # Errors
    /// [`LogError::Store`] when the connection string is malformed, the server cannot be reached, the replica
    /// cannot be opened, or no default of rustls is installed; [`LogError::Damaged`] when the replica belongs to
    /// another ledger or the ledger holds what is not Trunkline's.
    pub async fn open(options: KurrentOptions, clock: Arc<dyn Clock>) -> Result<Self, LogError> {
        if rustls::crypto::CryptoProvider::get_default().is_none() {
            let text = "no default of rustls is installed; call \
                        rustls::crypto::aws_lc_rs::default_provider().install_default() first in main";
            return Err(LogError::Store(text.into()));
        }
        let settings: ClientSettings =
            options.connection.parse().map_err(|error: kurrentdb::ClientSettingsParseError| {
                LogError::Store(format!("the connection string cannot be read: {}", error.message()).into())
            })?;
        let ledger = Ledger::new(settings, options.ledger, options.patience);
        let copy = SqliteOptions { limits: options.limits.clone(), ..SqliteOptions::default() };
        let copy = SqliteLog::open(&options.replica, copy, Arc::clone(&clock)).await?;
        let hint = watch::Sender::new(Position::START);
        let replica = Arc::new(Replica::new(ledger, copy, hint.clone()).await?);
        let sequencer = Sequencer::start(Arc::clone(&replica), clock, options.limits, hint.clone()).await?;
        let (stop, stopped) = watch::channel(());
        let tasks = vec![
            tokio::spawn(follow::listen(Arc::clone(&replica), options.interval, stopped.clone())),
            tokio::spawn(follow::look(Arc::clone(&replica), options.interval, stopped)),
        ];
        let followers = Mutex::new(Some(Followers { tasks, stop }));
        Ok(Self { replica, sequencer, hint, followers })
    }

    /// What the log has done since it was opened.
    pub fn stats(&self) -> Arc<LogStats> {
        Arc::clone(self.sequencer.stats())
    }
}

#[async_trait]
impl Log for KurrentLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.sequencer.append(append).await
    }

    async fn read(&self, query: &Query) -> Result<Page, LogError> {
        self.replica.copy.read(query).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, LogError> {
        self.replica.copy.read_stream(stream, after, limit).await
    }

    /// Asks the ledger, so that it also tells whether KurrentDB can be reached.
    async fn head(&self) -> Result<Position, LogError> {
        let replica = Arc::clone(&self.replica);
        // A task of its own, because a caller may give up waiting, and copying must not stop half-way.
        let caught_up = tokio::spawn(async move { replica.catch_up(None).await });
        caught_up.await.map_err(ledger::store)??;
        Ok(self.replica.head().await)
    }

    async fn position_at(&self, time: Timestamp) -> Result<Position, LogError> {
        self.replica.copy.position_at(time).await
    }

    fn hint(&self) -> watch::Receiver<Position> {
        self.hint.subscribe()
    }

    async fn close(&self) {
        self.sequencer.close().await;
        let followers = self.followers.lock().take();
        if let Some(Followers { tasks, stop }) = followers {
            drop(stop);
            for task in tasks {
                // Fails only when the runtime is shutting down, and then the task is gone as well.
                task.await.ok();
            }
        }
        self.replica.copy.close().await;
    }
}
