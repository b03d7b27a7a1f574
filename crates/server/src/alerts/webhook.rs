//! A webhook that is told of alerts: in order, at least once, signed, and tried again a bounded number of times.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio_util::sync::CancellationToken;
use trunkline_database::{Cell as _, Database, DatabaseError, Migration};
use trunkline_domain::alert::{self, Raised};
use trunkline_domain::messages::Language;
use trunkline_kernel::{AlertId, Clock, EventType, Position, Recorded};
use trunkline_log::{Direction, Filter, Log, LogError, Query};

use crate::config::WebhookSettings;

/// Alerts that are read at once.
const PAGE: usize = 100;
/// The first pause after a refusal; each further one is twice as long.
const BACKOFF: Duration = Duration::from_secs(1);
/// The longest pause.
const BACKOFF_MAX: Duration = Duration::from_secs(60);
/// How long it trusts that no hint means no event.
const REREAD: Duration = Duration::from_millis(500);

const MIGRATIONS: &[Migration] = &[Migration {
    name: "alerts_0001",
    sqlite:
        "CREATE TABLE alert_webhook (id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL) STRICT;
        INSERT INTO alert_webhook VALUES (1, 0);",
    postgres: "CREATE TABLE alert_webhook (id integer PRIMARY KEY CHECK (id = 1), position bigint NOT NULL);
        INSERT INTO alert_webhook VALUES (1, 0);",
}];

/// Why it waits.
#[derive(Debug, thiserror::Error)]
enum Waits {
    #[error("the read models' database failed")]
    Database(#[from] DatabaseError),
    #[error("the log failed")]
    Log(#[from] LogError),
}

/// Tells one address.
pub(super) struct Webhook {
    settings: WebhookSettings,
    client: reqwest::Client,
    database: Database,
    log: Arc<dyn Log>,
    clock: Arc<dyn Clock>,
}

impl Webhook {
    /// Opens its bookkeeping: up to which position it has told.
    pub(super) async fn open(
        settings: WebhookSettings,
        database: Database,
        log: Arc<dyn Log>,
        clock: Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        database.migrate(MIGRATIONS, clock.now()).await?;
        let client = reqwest::Client::builder()
            .timeout(settings.timeout)
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        Ok(Self { settings, client, database, log, clock })
    }

    /// Tells of every alert until it is told to stop. Several servers may each tell of one: receivers know it by its id.
    pub(super) async fn run(self, stopping: CancellationToken) {
        let mut hint = self.log.hint();
        while !stopping.is_cancelled() {
            hint.mark_unchanged();
            if let Err(error) = self.catch_up(&stopping).await {
                tracing::warn!(error = &error as &dyn std::error::Error, "telling of alerts waits");
                stopping.run_until_cancelled(tokio::time::sleep(REREAD)).await;
            }
            let news = tokio::time::timeout(REREAD, hint.changed());
            stopping.run_until_cancelled(news).await;
        }
    }

    async fn catch_up(&self, stopping: &CancellationToken) -> Result<(), Waits> {
        loop {
            let filter = Filter { types: vec![EventType::known("alert.raised")], ..Filter::default() };
            let from = Some(self.told().await?);
            let query = Query { filter, direction: Direction::Forwards, from, until: None, limit: PAGE };
            let events = self.log.read(&query).await?.events;
            if events.is_empty() {
                return Ok(());
            }
            for recorded in events {
                if !self.tell(&recorded, stopping).await {
                    return Ok(());
                }
                let sql = "UPDATE alert_webhook SET position = $1 WHERE id = 1 AND position < $1";
                self.database.execute(sql, vec![recorded.position.value()]).await?;
            }
        }
    }

    async fn told(&self) -> Result<Position, DatabaseError> {
        let sql = "SELECT position FROM alert_webhook WHERE id = 1";
        let row = self.database.fetch_optional(sql, Vec::new()).await?;
        row.map_or(Ok(Position::START), |row| row.get("position"))
    }

    /// Tells of one alert; gives false when it has to stop before anybody took it. An alert that nobody takes is given up
    /// after some attempts, so that those after it are told.
    async fn tell(&self, recorded: &Recorded, stopping: &CancellationToken) -> bool {
        let Some((id, body)) = message(recorded) else { return true };
        let mut backoff = BACKOFF;
        for _ in 0..self.settings.attempts_max {
            let signed = self.settings.secret.sign(&id, self.clock.now(), body.as_bytes());
            let mut request = self.client.post(&self.settings.url).header("content-type", "application/json");
            for (name, value) in signed.headers() {
                request = request.header(name, value);
            }
            let sent = request.body(body.clone()).send().await.and_then(reqwest::Response::error_for_status);
            let Err(error) = sent else { return true };
            // The address can hold a secret.
            let error = error.without_url();
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                position = recorded.position.0,
                "an alert is not taken by the webhook"
            );
            if stopping.run_until_cancelled(tokio::time::sleep(backoff)).await.is_none() {
                return false;
            }
            backoff = (backoff * 2).min(BACKOFF_MAX);
        }
        tracing::error!(position = recorded.position.0, "an alert is given up: the webhook does not take it");
        true
    }
}

/// The id of an alert, and what is told of it.
fn message(recorded: &Recorded) -> Option<(String, String)> {
    let alert::Event::Raised(raised) = trunkline_domain::decode_as(recorded).ok()?.pop()?;
    let id: AlertId = recorded.stream.id()?;
    let id = format!("alert:{id}");
    let Raised { rule, kind, who, count, limit, since, at, position } = &raised;
    let body = json!({
        "id": id,
        "position": recorded.position.to_string(),
        "rule": rule,
        "kind": kind,
        "who": who,
        "count": count,
        "limit": limit,
        "since": since,
        "at": at,
        "accessPosition": position.to_string(),
        "message": {
            "en": alert::message(&raised, Language::English),
            "zh": alert::message(&raised, Language::Chinese),
        },
    });
    Some((id, body.to_string()))
}
