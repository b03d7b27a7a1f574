//! The connection: made, kept, and made again.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use lapin::types::{LongString, ShortString, ShortStringError};
use lapin::{Confirmation, Connection, ConnectionProperties, PublisherConfirm};
use tokio_util::sync::CancellationToken;
use trunkline_app::{CommandError, Dispatcher};
use trunkline_database::{Database, DatabaseError};
use trunkline_kernel::{Clock, UnknownEvent};
use trunkline_log::{Log, LogError};

use super::outbox::Checkpoint;
use super::{BrokerSettings, BrokerStats};

/// The delivery mode of what the broker keeps over a restart.
pub(super) const PERSISTENT: u8 = 2;
/// The first pause before connecting again; each further one is twice as long.
const BACKOFF: Duration = Duration::from_millis(250);

/// Why the connection is made anew.
#[derive(Debug, thiserror::Error)]
pub(super) enum Trouble {
    #[error("the broker failed")]
    Broker(#[from] lapin::Error),
    #[error("the broker does not answer")]
    Silent(#[from] tokio::time::error::Elapsed),
    #[error("the broker could not keep a message")]
    Unkept,
    #[error("the broker ended the consumer, or a queue is gone")]
    Cancelled,
    #[error("the name of a queue or an exchange is too long")]
    Name(#[from] ShortStringError),
    #[error("a command failed")]
    Command(#[from] CommandError),
    #[error("the log failed")]
    Log(#[from] LogError),
    #[error("the database of the checkpoint failed")]
    Database(#[from] DatabaseError),
    #[error("a stored event cannot be read")]
    Unreadable(#[from] UnknownEvent),
}

/// What a broker is made of.
pub struct BrokerParts {
    /// The one path to the log.
    pub dispatcher: Arc<Dispatcher>,
    /// The log.
    pub log: Arc<dyn Log>,
    /// Where the checkpoint of the assignments is kept.
    pub database: Database,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
    /// Where and how.
    pub settings: BrokerSettings,
}

/// Takes work from RabbitMQ and tells it of assignments.
pub struct Broker {
    dispatcher: Arc<Dispatcher>,
    log: Arc<dyn Log>,
    checkpoint: Checkpoint,
    settings: BrokerSettings,
    stats: Arc<BrokerStats>,
}

/// The bookkeeping of a broker cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum Unopened {
    /// The log failed.
    #[error("the log failed")]
    Log(#[from] LogError),
    /// The database failed.
    #[error("the database of the checkpoint failed")]
    Database(#[from] DatabaseError),
}

impl Broker {
    /// Opens the bookkeeping. The broker itself need not be there yet.
    ///
    /// # Errors
    /// When the log or the database fails.
    pub async fn open(parts: BrokerParts) -> Result<Self, Unopened> {
        let BrokerParts { dispatcher, log, database, clock, settings } = parts;
        let head = log.head().await?;
        let checkpoint = Checkpoint::open(database, head, clock.now()).await?;
        Ok(Self { dispatcher, log, checkpoint, settings, stats: Arc::default() })
    }

    /// How it stands.
    pub fn stats(&self) -> &Arc<BrokerStats> {
        &self.stats
    }

    pub(super) fn dispatcher(&self) -> &Dispatcher {
        &self.dispatcher
    }

    pub(super) fn log(&self) -> &dyn Log {
        &*self.log
    }

    pub(super) fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    pub(super) fn settings(&self) -> &BrokerSettings {
        &self.settings
    }

    /// Works until it is told to stop. Whatever fails, the connection is made anew, after ever longer pauses.
    pub async fn run(self, stopping: CancellationToken) {
        let mut pause = BACKOFF;
        while let Some(ended) = stopping.run_until_cancelled(Box::pin(self.work())).await {
            let Err(trouble) = ended;
            if self.stats.connected() {
                pause = BACKOFF;
            }
            self.stats.connects(false);
            self.stats.is_troubled(Some(trouble.to_string()));
            tracing::warn!(error = &trouble as &dyn std::error::Error, "connecting to RabbitMQ again");
            stopping.run_until_cancelled(tokio::time::sleep(pause)).await;
            pause = (pause * 2).min(self.settings.backoff_max);
        }
        self.stats.connects(false);
    }

    /// One connection, from its beginning to its end.
    async fn work(&self) -> Result<Infallible, Trouble> {
        let properties = ConnectionProperties::default().with_connection_name(LongString::from("trunkline"));
        let connecting = Connection::connect(&self.settings.url, properties);
        let connection = tokio::time::timeout(self.settings.answer_max, connecting).await??;
        self.stats.connects(true);
        self.stats.is_troubled(None);
        tokio::select! {
            ended = self.take_work(&connection) => ended,
            ended = self.tell_assignments(&connection) => ended,
        }
    }
}

/// A text as AMQP writes names: 255 bytes at most.
pub(super) fn name(text: &str) -> Result<ShortString, ShortStringError> {
    ShortString::try_new(text)
}

/// Waits until the broker has a message for good. Gives false when it is in no queue, because none is there for it.
pub(super) async fn confirmed(promise: PublisherConfirm, patience: Duration) -> Result<bool, Trouble> {
    match tokio::time::timeout(patience, promise).await?? {
        Confirmation::Ack(None) => Ok(true),
        Confirmation::Ack(Some(_)) => Ok(false),
        Confirmation::Nack(_) | Confirmation::NotRequested => Err(Trouble::Unkept),
    }
}
