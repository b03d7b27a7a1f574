//! The alert rules of this server: who watches, and who is told.

#[cfg(test)]
mod tests;
mod webhook;

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_app::alerts::{AlertRules, OwnerBook, Owners, watch};
use trunkline_database::Database;
use trunkline_graphql::Services;
use trunkline_kernel::CustomerId;
use trunkline_projections::ReadModels;

use crate::config::AlertSettings;
use crate::store;
use webhook::Webhook;

/// The rules that hold when the configuration names no other file.
const STANDARD: &str = include_str!("../../../../deploy/alerts.toml");

/// What ends by the token.
pub(crate) struct Alerting {
    watching: JoinHandle<()>,
    telling: Option<JoinHandle<()>>,
}

impl Alerting {
    /// Begins to watch, and to tell where the configuration says to whom.
    ///
    /// # Errors
    /// When the rules cannot be read, or the webhook's bookkeeping cannot be made.
    pub(crate) async fn start(
        settings: &AlertSettings,
        services: &Services,
        database: Database,
        stopping: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let rules = rules(settings)?;
        let Services { log, feed, dispatcher, reads, .. } = services.clone();
        let telling = match &settings.webhook {
            Some(webhook) => {
                let webhook =
                    Webhook::open(webhook.clone(), database, Arc::clone(&log), store::clock()).await;
                let webhook = webhook.context("cannot begin to tell of alerts")?;
                Some(tokio::spawn(webhook.run(stopping.clone())))
            }
            None => None,
        };
        let stopping = stopping.clone();
        let watching = async move {
            let watched = watch(log, feed, dispatcher, Arc::new(Customers(reads)), rules, stopping).await;
            if let Err(error) = watched {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "accesses are not watched any more, until the server is started again"
                );
            }
        };
        Ok(Self { watching: tokio::spawn(watching), telling })
    }

    /// Waits until both have ended.
    pub(crate) async fn ended(self) {
        // A panic of one is in the log and takes nothing else down.
        let _ = self.watching.await;
        if let Some(telling) = self.telling {
            let _ = telling.await;
        }
    }
}

fn rules(settings: &AlertSettings) -> anyhow::Result<AlertRules> {
    let Some(file) = &settings.rules else {
        return toml::from_str(STANDARD).context("the standard alert rules");
    };
    let text = std::fs::read_to_string(file)
        .with_context(|| format!("cannot read the alert rules {} (`audit.alert_rules`)", file.display()))?;
    toml::from_str(&text).with_context(|| format!("{} holds no alert rules", file.display()))
}

/// The owners of customers as the read models have them.
struct Customers(ReadModels);

#[async_trait]
impl OwnerBook for Customers {
    async fn owners(&self, customers: &[CustomerId]) -> Owners {
        let mut owners = Owners::new();
        for some in customers.chunks(trunkline_projections::reads::IDS_MAX) {
            match self.0.customers_by_ids(some).await {
                Ok(rows) => {
                    owners.extend(rows.into_iter().filter_map(|row| Some((row.customer_id, row.owner_id?))));
                }
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "owners cannot be looked up");
                }
            }
        }
        owners
    }
}
