//! RabbitMQ, as the configuration has it.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_adapters::BrokerStats;
use trunkline_database::Database;

use crate::config::Settings;
use crate::recordings::Around;

/// The connection to RabbitMQ, at work.
#[derive(Default)]
pub(crate) struct Messaging {
    /// How it stands; absent where no broker is configured.
    pub(crate) stats: Option<Arc<BrokerStats>>,
    task: Option<JoinHandle<()>>,
}

impl Messaging {
    /// Begins to take work and to tell of assignments, where a broker is configured.
    ///
    /// # Errors
    /// When the bookkeeping cannot be opened; the broker itself need not be there.
    #[cfg(feature = "rabbitmq")]
    pub(crate) async fn start(
        settings: &Settings,
        around: &Around,
        database: &Database,
        stopping: &CancellationToken,
    ) -> anyhow::Result<Self> {
        use anyhow::Context as _;
        use trunkline_adapters::{Broker, BrokerParts};
        let Some(settings) = settings.rabbitmq.clone() else { return Ok(Self::default()) };
        let broker = Broker::open(BrokerParts {
            dispatcher: Arc::clone(&around.dispatcher),
            log: Arc::clone(&around.log),
            database: database.clone(),
            clock: Arc::clone(&around.clock),
            settings,
        });
        let broker = broker.await.context("cannot begin to speak with RabbitMQ")?;
        let stats = Some(Arc::clone(broker.stats()));
        Ok(Self { stats, task: Some(tokio::spawn(broker.run(stopping.clone()))) })
    }

    /// Does nothing: the configuration refuses a broker in this build.
    ///
    /// # Errors
    /// None.
    #[cfg(not(feature = "rabbitmq"))]
    #[expect(clippy::unused_async, reason = "the build with RabbitMQ waits here")]
    pub(crate) async fn start(
        _settings: &Settings,
        _around: &Around,
        _database: &Database,
        _stopping: &CancellationToken,
    ) -> anyhow::Result<Self> {
        Ok(Self::default())
    }

    /// Waits until it has ended, after the stop was asked for.
    pub(crate) async fn ended(self) {
        if let Some(task) = self.task {
            // A panic is in the log and takes nothing else down.
            let _ = task.await;
        }
    }
}

/// What `/readyz` says. A server without its broker serves all the same, so it stays ready.
pub(crate) fn health(stats: &BrokerStats) -> serde_json::Value {
    serde_json::json!({ "connected": stats.connected(), "trouble": stats.trouble() })
}
