//! A server with everything around it that it can speak to, and with every log line that it can write.

use std::fs::File;
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::routing::post;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Child;
use trunkline_testkit::opensearch::{Manners, Receiver};
use trunkline_testkit::{Client, Postgres, Redis, wait_for};

use super::search::of_redis;
use crate::binary::{command, run};

/// Rules that are met by whatever happens, so that alerts are raised and told.
const RULES: &str = "[[rule]]
name = \"everything\"
when.rows = { more_than = 1, within_minutes = 1440 }

[[rule]]
name = \"refused\"
when.refusals = { more_than = 1, within_minutes = 1440 }
";

/// What webhooks are signed with.
pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// Where the stores are, for the server and for every command.
pub(super) const STORES: [&str; 4] = ["--data-dir", "data", "--config", "store.toml"];

/// What somebody outside was sent, as text.
pub(super) type Sent = (String, String);

/// The server, those who speak to it, and those it speaks to.
pub(super) struct House {
    pub(super) folder: TempDir,
    database: Option<String>,
    server: Child,
    pub(super) base: String,
    pub(super) manager: Client,
    pub(super) agent: Client,
    pub(super) service: Client,
    pub(super) analyst: Client,
    pub(super) auditor: Client,
    pub(super) administrator: Client,
    redis: Redis,
    search: Receiver,
    heard: Arc<Mutex<Vec<Sent>>>,
}

impl House {
    /// On files of its own, or on this PostgreSQL database.
    pub(super) async fn build(database: Option<String>) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let store = database.as_ref().map(|url| format!("[log]\nstore = \"postgres\"\nurl = \"{url}\"\n"));
        std::fs::write(folder.path().join("store.toml"), store.unwrap_or_default())?;
        std::fs::create_dir(folder.path().join("made"))?;
        std::fs::write(folder.path().join("rules.toml"), RULES)?;
        let redis = Redis::start()?;
        let search = Receiver::start(Manners::default()).await?;
        let heard = Arc::<Mutex<Vec<Sent>>>::default();
        let ear = listen(Arc::clone(&heard)).await?;
        let mut serve =
            command(folder.path(), &[&["serve", "--listen", "127.0.0.1:0"][..], &STORES].concat())?;
        let log = File::create(folder.path().join("server.log"))?;
        let settings = [
            ("TRUNKLINE_IDENTITY_REQUIRED", "true".to_owned()),
            ("TRUNKLINE_TELEMETRY_LOG_FILTER", "trace".to_owned()),
            ("TRUNKLINE_POOL_STORE", "redis".to_owned()),
            ("TRUNKLINE_POOL_URL", format!("redis://127.0.0.1:{}/0", redis.port())),
            ("TRUNKLINE_OPENSEARCH_URL", search.url().to_owned()),
            ("TRUNKLINE_OPENSEARCH_REASONS", "true".to_owned()),
            ("TRUNKLINE_AUDIT_ALERT_RULES", "rules.toml".to_owned()),
            ("TRUNKLINE_AUDIT_WEBHOOK", format!("{ear}/webhook")),
            ("TRUNKLINE_AUDIT_WEBHOOK_SECRET", SECRET.to_owned()),
            ("TRUNKLINE_CTI_SECRETS", SECRET.to_owned()),
            ("TRUNKLINE_CTI_URL", format!("{ear}/switch")),
            ("TRUNKLINE_DIALER_LINE", "cti".to_owned()),
            ("TRUNKLINE_NOTARY_PUBLISH_WEBHOOK", format!("{ear}/heads")),
            ("TRUNKLINE_NOTARY_INTERVAL_MS", "200".to_owned()),
            ("TRUNKLINE_LIMITS_BAD_TOKENS_FREE", "1000".to_owned()),
            ("TRUNKLINE_LIMITS_STRANGERS_PER_SECOND", "1000.0".to_owned()),
        ];
        serve.envs(settings).stdout(Stdio::piped()).stderr(log);
        if has_traces(&folder, &ear).await? {
            serve.env("TRUNKLINE_TELEMETRY_OTLP_ENDPOINT", &ear);
        }
        let mut server = serve.spawn()?;
        let output = server.stdout.take().context("the server has an output")?;
        let line =
            BufReader::new(output).lines().next_line().await?.context("the server says where it serves")?;
        let base = line
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .context("no address")?
            .to_owned();
        let client = async |subject: &str, role: &str| -> Result<Client> {
            let issue = ["token", "issue", "--subject", subject, "--role", role];
            let token = run(folder.path(), &[&issue[..], &STORES].concat()).await?.success()?;
            Ok(Client::new(&base).with_header("authorization", &format!("Bearer {}", token.trim())))
        };
        Ok(Self {
            manager: client("zhao.lei", "manager").await?,
            agent: client("li.wei", "agent").await?,
            service: client("switch", "service").await?,
            analyst: client("sun.qi", "analyst").await?,
            auditor: client("chen.jing", "auditor").await?,
            administrator: client("root", "administrator").await?,
            folder,
            database,
            server,
            base,
            redis,
            search,
            heard,
        })
    }

    pub(super) fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// Everything that the database has, as text under this name among what was made.
    pub(super) fn dump(&self, name: &str) -> Result<()> {
        if let Some(url) = &self.database {
            let file = self.folder.path().join("made").join(name);
            let mut dump = std::process::Command::new(Postgres::program("pg_dump")?);
            let done = dump.arg("--dbname").arg(url).arg("--file").arg(&file).status()?;
            ensure!(done.success() && file.metadata()?.len() > 100_000, "the database was not written down");
        }
        Ok(())
    }

    /// Waits until the outside systems have all that is for them.
    pub(super) async fn everything_has_left(&self) -> Result<()> {
        wait_for("the log at the search service and an alert told", async || {
            let page: Value = serde_json::from_str(&self.administrator.page("/readyz").await?)?;
            let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let told = ["webhook", "heads"].iter().all(|place| heard.iter().any(|(name, _)| name == place));
            Ok((told && page["search"]["lag"] == 0).then_some(()))
        })
        .await
    }

    /// What the switch was ordered.
    pub(super) fn ordered(&self) -> Vec<String> {
        let heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
        heard.iter().filter(|(name, _)| name == "switch").map(|(_, text)| text.clone()).collect()
    }

    /// Stops the server; gives its log, what the outside systems were sent, what Redis has, and the folder.
    pub(super) async fn close(mut self) -> Result<(String, Vec<Sent>, Vec<u8>, TempDir)> {
        let id = self.server.id().context("the server runs")?.to_string();
        ensure!(
            std::process::Command::new("kill").args(["-s", "INT", &id]).status()?.success(),
            "not asked to stop"
        );
        ensure!(self.server.wait().await?.success(), "the server did not stop in order");
        self.search.check()?;
        let mut outside = std::mem::take(&mut *self.heard.lock().unwrap_or_else(PoisonError::into_inner));
        outside.push(("search".to_owned(), serde_json::to_string(&self.search.documents())?));
        let log = std::fs::read(self.folder.path().join("server.log"))?;
        let redis = of_redis(&self.redis)?;
        Ok((String::from_utf8_lossy(&log).into_owned(), outside, redis, self.folder))
    }
}

/// Whether the binary was built with traces.
async fn has_traces(folder: &TempDir, ear: &str) -> Result<bool> {
    let settings = format!("[telemetry]\notlp_endpoint = \"{ear}\"\n");
    std::fs::write(folder.path().join("traces.toml"), settings)?;
    Ok(run(folder.path(), &["config", "check", "--config", "traces.toml"]).await?.code == Some(0))
}

/// Takes alerts, heads and traces, and keeps what it hears.
async fn listen(heard: Arc<Mutex<Vec<Sent>>>) -> Result<String> {
    let take = |name: &'static str| {
        post(move |State(heard): State<Arc<Mutex<Vec<Sent>>>>, body: Bytes| async move {
            let text = String::from_utf8_lossy(&body).into_owned();
            heard.lock().unwrap_or_else(PoisonError::into_inner).push((name.to_owned(), text));
        })
    };
    let routes = Router::new()
        .route("/webhook", take("webhook"))
        .route("/heads", take("heads"))
        .route("/switch", take("switch"))
        .route("/v1/traces", take("traces"))
        .with_state(heard);
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    let ear = format!("http://{}", listener.local_addr()?);
    tokio::spawn(async move { axum::serve(listener, routes).await });
    Ok(ear)
}
