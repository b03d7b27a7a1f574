//! A server of the API in the test's own process, over a database of its own.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use trunkline_access::{Blind, Identity, Role, Witness};
use trunkline_app::privacy::Rights;
use trunkline_app::{AccessLimits, Authority, DispatchLimits, Dispatcher, Recorder, RecorderLimits};
use trunkline_database::{Database, PostgresOptions, SqliteOptions};
use trunkline_domain::Policy;
use trunkline_graphql::{Api, Limits, Services, Stats};
use trunkline_kernel::{Clock, Ids, RandomIds, SystemClock};
use trunkline_log::{Feed, FeedLimits, Log, PostgresLog, SqliteLog};
use trunkline_pool::{Router, RouterParts};
use trunkline_projections::ReadModels;
use trunkline_projections::names::NameIndex;
use trunkline_projections::runtime::{Runtime, Settings};
use trunkline_routing::compliance::RuleBook;
use trunkline_testkit::{Client, Postgres, time_zone_of_day};
use trunkline_vault::Vault;

/// Says who asks, in place of a token.
const WHO_HEADER: &str = "x-test-who";

/// The way in of these tests: it establishes who asks, as tokens do in front of the real server.
async fn introduce(
    mut request: axum::extract::Request,
    next: axum::middleware::Next,
) -> axum::response::Response {
    if let Some(identity) = request.headers().get(WHO_HEADER).and_then(|who| who_asks(who.as_bytes())) {
        request.extensions_mut().insert(identity);
    }
    next.run(request).await
}

fn who_asks(who: &[u8]) -> Option<Identity> {
    let who: Value = serde_json::from_slice(who).ok()?;
    let name = who["agent"].as_str().map_or_else(|| "user:somebody".to_owned(), |id| format!("agent:{id}"));
    Some(Identity {
        roles: serde_json::from_value(who["roles"].clone()).ok()?,
        agent: who["agent"].as_str().map(str::parse).transpose().ok()?,
        teams: serde_json::from_value(who["teams"].clone()).ok()?,
        ..Identity::unrestricted(name.parse().ok()?)
    })
}

/// A server; it ends when it is dropped.
pub(crate) struct House {
    pub client: Client,
    pub log: Arc<dyn Log>,
    pub stats: Arc<Stats>,
    pub reads: Database,
    recorder: Option<Arc<Recorder>>,
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
        Self::over(Arc::new(log), reads, limits, false, folder).await
    }

    /// A server over PostgreSQL, log and read models in one database.
    pub(crate) async fn postgres() -> Result<Self> {
        Self::over_postgres(false).await
    }

    /// A server that records reads, over SQLite.
    pub(crate) async fn recording() -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let log = SqliteLog::open(folder.path().join("log.db"), Default::default(), clock).await?;
        let reads = Database::sqlite(&SqliteOptions::new(folder.path().join("read-models.db"))).await?;
        Self::over(Arc::new(log), reads, Limits::default(), true, folder).await
    }

    /// The same over PostgreSQL.
    pub(crate) async fn recording_on_postgres() -> Result<Self> {
        Self::over_postgres(true).await
    }

    async fn over_postgres(records: bool) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let url = Postgres::shared()?.fresh_database()?;
        let log = PostgresLog::open(&url, Default::default(), Arc::new(SystemClock)).await?;
        let options = PostgresOptions { schema: "read_models".to_owned(), ..PostgresOptions::new(url) };
        let reads = Database::postgres(&options).await?;
        Self::over(Arc::new(log), reads, Limits::default(), records, folder).await
    }

    async fn over(
        log: Arc<dyn Log>,
        reads: Database,
        limits: Limits,
        records: bool,
        folder: TempDir,
    ) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn Ids> = Arc::new(RandomIds);
        let settings = Settings::default();
        let runtime = Runtime::start(reads.clone(), log.clone(), clock.clone(), &*ids, settings).await?;
        let vault = Vault::passing(clock.clone()).await?;
        let names =
            NameIndex::start(reads.clone(), log.clone(), vault.clone(), &*clock, ReadModels::WAIT_MAX)
                .await?;
        let dispatcher =
            Dispatcher::new(log.clone(), vault, clock.clone(), ids.clone(), DispatchLimits::default());
        let dispatcher = Arc::new(dispatcher);
        let feed = Arc::new(Feed::start(log.clone(), FeedLimits::default()));
        let limits_of_access = AccessLimits { reveals_per_hour_max: 2, ..AccessLimits::default() };
        let policy = trunkline_access::Policy::standard();
        let authority = Authority::start(policy, limits_of_access, clock.clone(), &*log, &feed).await?;
        let models = ReadModels::new(reads.clone(), runtime.reached(), ReadModels::WAIT_MAX);
        let parts = RouterParts::alone(&dispatcher, &log, models, &clock, &ids)?;
        let router = Arc::new(Router::new(parts));
        let routed = Arc::clone(&feed);
        let limits_of_record = RecorderLimits::default();
        let recorder =
            records.then(|| Recorder::start(log.clone(), clock.clone(), ids.clone(), limits_of_record));
        let witness: Arc<dyn Witness> = match &recorder {
            Some(recorder) => recorder.clone(),
            None => Arc::new(Blind),
        };
        let services = Services {
            router: Arc::clone(&router),
            rights: Arc::new(Rights::new(dispatcher.clone(), Vec::new())),
            names: Arc::new(names),
            dispatcher,
            policy: Policy::default(),
            rules: Arc::new(RuleBook::published()?),
            pacing: Arc::default(),
            log: log.clone(),
            feed,
            reads: ReadModels::new(reads.clone(), runtime.reached(), ReadModels::WAIT_MAX),
            notary: None,
            authority,
            witness,
            clock,
            ids,
        };
        let stopping = CancellationToken::new();
        tokio::spawn(router.run(Arc::clone(&routed), stopping.clone()));
        let api = Api::new(services, limits, stopping.clone());
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
        let client = Client::new(format!("http://{}", listener.local_addr()?));
        let router = api.router().layer(axum::middleware::from_fn(introduce));
        let (stats, ended) = (api.stats(), stopping.clone());
        tokio::spawn(async move {
            let serve = axum::serve(listener, router);
            tokio::select! {
                served = async { serve.await } => served,
                () = ended.cancelled() => Ok(()),
            }
        });
        Ok(Self { client, log, stats, reads, recorder, runtime: Some(runtime), stopping, _folder: folder })
    }

    /// Waits until what was read so far is in the log, and gives its head; from then on nothing is recorded.
    pub(crate) async fn recorded(&self) -> Result<String> {
        if let Some(recorder) = &self.recorder {
            recorder.close().await;
        }
        Ok(self.log.head().await?.to_string())
    }

    /// Ends the projections, so that the read models stay behind from now on.
    pub(crate) async fn stop_projections(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.stop().await;
        }
    }

    /// A client of somebody with these roles: the agent of this id, of these teams.
    pub(crate) fn client_of(&self, roles: &[Role], agent: Option<&str>, teams: &[&str]) -> Client {
        let roles: Vec<&str> = roles.iter().map(|role| role.as_str()).collect();
        let agent = agent.map(|id| id.trim_start_matches("agent:"));
        let who = json!({ "roles": roles, "agent": agent, "teams": teams });
        self.client.clone().with_header(WHO_HEADER, &who.to_string())
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
            "stopCampaign" => "CampaignReasonInput".to_owned(),
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

    /// A registered customer, where it is day. Gives the id and the position.
    pub(crate) async fn customer(&self, name: &str) -> Result<(String, String)> {
        let profile = json!({ "name": name, "timeZone": time_zone_of_day() });
        let input = json!({ "kind": "PERSON", "profile": profile });
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
