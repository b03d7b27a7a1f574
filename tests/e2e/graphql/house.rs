//! A server of the API in the test's own process, over a database of its own.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use trunkline_app::{DispatchLimits, Dispatcher};
use trunkline_database::{Database, PostgresOptions, SqliteOptions};
use trunkline_domain::Policy;
use trunkline_graphql::{Api, Limits, Services, Stats};
use trunkline_kernel::{Clock, Ids, RandomIds, SystemClock};
use trunkline_log::{Feed, FeedLimits, Log, PostgresLog, SqliteLog};
use trunkline_projections::ReadModels;
use trunkline_projections::runtime::{Runtime, Settings};
use trunkline_testkit::{Client, Postgres};

/// A server; it ends when it is dropped.
pub(crate) struct House {
    pub client: Client,
    pub log: Arc<dyn Log>,
    pub stats: Arc<Stats>,
    pub reads: Database,
    runtime: Option<Runtime>,
    stopping: CancellationToken,
    _folder: TempDir,
}

impl House {
    /// A server with the default limits over SQLite.
    pub(crate) async fn new() -> Result<Self> {
        Self::within(Limits::default()).await
    }

    /// A server with limits of its own over SQLite.
    pub(crate) async fn within(limits: Limits) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let log = SqliteLog::open(folder.path().join("log.db"), Default::default(), clock).await?;
        let reads = Database::sqlite(&SqliteOptions::new(folder.path().join("read-models.db"))).await?;
        Self::over(Arc::new(log), reads, limits, folder).await
    }

    /// A server over PostgreSQL, log and read models in one database.
    pub(crate) async fn postgres() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = Postgres::shared()?.fresh_database()?;
        let log = PostgresLog::open(&url, Default::default(), Arc::new(SystemClock)).await?;
        let options = PostgresOptions { schema: "read_models".to_owned(), ..PostgresOptions::new(url) };
        Self::over(Arc::new(log), Database::postgres(&options).await?, Limits::default(), folder).await
    }

    async fn over(log: Arc<dyn Log>, reads: Database, limits: Limits, folder: TempDir) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn Ids> = Arc::new(RandomIds);
        let settings = Settings::default();
        let runtime = Runtime::start(reads.clone(), log.clone(), clock.clone(), &*ids, settings).await?;
        let dispatcher = Dispatcher::new(log.clone(), clock.clone(), ids.clone(), DispatchLimits::default());
        let services = Services {
            dispatcher: Arc::new(dispatcher),
            policy: Policy::default(),
            log: log.clone(),
            feed: Arc::new(Feed::start(log.clone(), FeedLimits::default())),
            reads: ReadModels::new(reads.clone(), runtime.reached(), ReadModels::WAIT_MAX),
            clock,
            ids,
        };
        let stopping = CancellationToken::new();
        let api = Api::new(services, limits, stopping.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let client = Client::new(format!("http://{}", listener.local_addr()?));
        let (router, stats, ended) = (api.router(), api.stats(), stopping.clone());
        tokio::spawn(async move {
            let serve = axum::serve(listener, router);
            tokio::select! {
                served = async { serve.await } => served,
                () = ended.cancelled() => Ok(()),
            }
        });
        Ok(Self { client, log, stats, reads, runtime: Some(runtime), stopping, _folder: folder })
    }

    /// Ends the projections, so that the read models stay behind from now on.
    pub(crate) async fn stop_projections(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.stop().await;
        }
    }

    /// Runs a mutation that has to succeed. Gives its payload.
    pub(crate) async fn mutate(&self, mutation: &str, input: Value) -> Result<Value> {
        let payload = self.try_mutate(mutation, input).await?;
        anyhow::ensure!(payload["userErrors"] == json!([]), "{mutation} was refused: {payload}");
        Ok(payload)
    }

    /// Runs a mutation. Gives its payload, refused or not.
    pub(crate) async fn try_mutate(&self, mutation: &str, input: Value) -> Result<Value> {
        let mut letters = mutation.chars();
        let capital: String =
            letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect();
        let kind = match mutation {
            "signIn" | "signOut" | "makeAvailable" | "endWrap" => "AgentInput".to_owned(),
            "readyLead" | "queueLead" | "unqueueLead" => "LeadInput".to_owned(),
            "ringCall" | "answerCall" | "holdCall" | "resumeCall" => "CallInput".to_owned(),
            "startCampaign" => "CampaignInput".to_owned(),
            "startTask" | "releaseTask" | "unblockTask" => "TaskInput".to_owned(),
            "acceptReservation" => "ReservationTokenInput".to_owned(),
            _ => format!("{capital}Input"),
        };
        let query = format!(
            "mutation M($input: {kind}!) {{ payload: {mutation}(input: $input) {{ \
             id position eventIds repeated userErrors {{ code field message }} }} }}"
        );
        let mut data = self.client.run(&query, json!({ "input": input })).await?;
        Ok(data["payload"].take())
    }

    /// A registered customer. Gives the id and the position.
    pub(crate) async fn customer(&self, name: &str) -> Result<(String, String)> {
        let input = json!({ "kind": "PERSON", "profile": { "name": name } });
        named(self.mutate("registerCustomer", input).await?)
    }

    /// A registered agent. Gives the id and the position.
    pub(crate) async fn agent(&self, name: &str) -> Result<(String, String)> {
        named(self.mutate("registerAgent", json!({ "name": name, "team": "华东" })).await?)
    }

    /// An opened task about a customer.
    pub(crate) async fn task(&self, title: &str, customer: &str) -> Result<(String, String)> {
        let input = json!({ "kind": "FOLLOW_UP", "title": title, "customerId": customer });
        named(self.mutate("openTask", input).await?)
    }
}

fn named(payload: Value) -> Result<(String, String)> {
    let text = |field: &str| payload[field].as_str().map(str::to_owned);
    text("id").zip(text("position")).ok_or_else(|| anyhow::anyhow!("no id or position in {payload}"))
}

impl Drop for House {
    fn drop(&mut self) {
        self.stopping.cancel();
    }
}
