//! The log on its way to a search service, where the configuration names one.

use std::sync::Arc;

use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_adapters::ShippingStats;
use trunkline_database::Database;
use trunkline_log::Log;

use crate::config::Settings;

/// Ends by the token.
#[derive(Default)]
pub(crate) struct ShippingOut {
    stats: Option<ShippingStats>,
    task: Option<JoinHandle<()>>,
}

impl ShippingOut {
    /// Begins to ship, if there is somebody to ship to.
    ///
    /// # Errors
    /// When the connection cannot be used, or the bookkeeping cannot be made.
    pub(crate) async fn start(
        settings: &Settings,
        log: &Arc<dyn Log>,
        database: &Database,
        stopping: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let Some(settings) = &settings.opensearch else { return Ok(Self::default()) };
        #[cfg(feature = "opensearch")]
        {
            let shipper = opensearch::shipper(settings, log, database).await?;
            let stats = Some(shipper.stats());
            let task = Some(tokio::spawn(shipper.run(stopping.clone())));
            Ok(Self { stats, task })
        }
        #[cfg(not(feature = "opensearch"))]
        {
            let _ = (log, database, stopping);
            anyhow::bail!("this build cannot ship to {settings:?}")
        }
    }

    /// How it gets on, where there is somebody to ship to.
    pub(crate) fn stats(&self) -> Option<ShippingStats> {
        self.stats.clone()
    }

    /// Waits until it has ended.
    pub(crate) async fn ended(self) {
        if let Some(task) = self.task {
            // A panic of it is in the log and takes nothing else down.
            let _ = task.await;
        }
    }
}

/// What `/readyz` says of it. Its trouble does not stop the server from serving.
pub(crate) fn health(stats: &ShippingStats) -> serde_json::Value {
    let now = stats.now();
    serde_json::json!({
        "shipping": now.shipping,
        "position": now.position,
        "lag": now.lag,
        "rejected": now.rejected,
        "trouble": now.trouble,
    })
}

#[cfg(feature = "opensearch")]
mod opensearch {
    use std::sync::Arc;

    use anyhow::Context as _;
    use trunkline_adapters::opensearch::{Connection, Contents, Credentials, Limits, Shipper, Wanted};
    use trunkline_database::Database;
    use trunkline_log::Log;

    use crate::config::OpenSearchSettings;
    use crate::store;

    pub(super) async fn shipper(
        settings: &OpenSearchSettings,
        log: &Arc<dyn Log>,
        database: &Database,
    ) -> anyhow::Result<Shipper> {
        let connection = connection(settings)?;
        let contents = Contents {
            wanted: if settings.audit_only { Wanted::Audit } else { Wanted::All },
            index: settings.index.clone(),
            reasons: settings.reasons,
        };
        let limits = Limits {
            page_events: settings.page_events,
            batch_rows_max: settings.batch_rows_max,
            batch_bytes_max: settings.batch_bytes_max,
            reread: settings.reread,
            backoff_first: settings.backoff_first,
            backoff_max: settings.backoff_max,
            lease: settings.lease,
            rejected_max: settings.rejected_max,
        };
        let parts = (&connection, contents, limits);
        let owner = store::ids().uuid();
        Shipper::open(parts, database.clone(), Arc::clone(log), store::clock(), owner)
            .await
            .context("cannot begin to ship the log to `opensearch.url`")
    }

    fn connection(settings: &OpenSearchSettings) -> anyhow::Result<Connection> {
        let authority = settings.authority.as_ref().map(|file| {
            std::fs::read(file)
                .with_context(|| format!("cannot read {} (`opensearch.authority`)", file.display()))
        });
        let credentials = match (settings.api_key.as_str(), settings.user.as_str()) {
            ("", "") => Credentials::None,
            ("", user) => Credentials::Basic { user: user.to_owned(), password: settings.password.clone() },
            (key, _) => Credentials::ApiKey(key.to_owned()),
        };
        Ok(Connection {
            url: settings.url.clone(),
            credentials,
            authority: authority.transpose()?,
            timeout: settings.timeout,
            answer_bytes_max: settings.answer_bytes_max,
        })
    }
}
