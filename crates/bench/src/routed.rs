//! From the request for an agent to the durable offer, on one server: the whole way through the router, the pool and the
//! log. The machine's share is in `append`: a route is two appends, one after the other.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use futures::future::try_join_all;
use tokio_util::sync::CancellationToken;
use trunkline_adapters::RedisPool;
use trunkline_app::cases::RequestRouting;
use trunkline_app::{Action, ActionError, DispatchLimits, Dispatcher, Request, Work};
use trunkline_database::{Database, PostgresOptions, SqliteOptions};
use trunkline_domain::agent::{self, Agent};
use trunkline_domain::call::{self, Call};
use trunkline_domain::routing::{Needs, Requested};
use trunkline_domain::{Policy, words};
use trunkline_kernel::{Actor, AgentId, CallId, Clock, Ids, Millis, Personal, RandomIds, SystemClock};
use trunkline_log::{Feed, FeedLimits, Log, PostgresLog, SqliteLog};
use trunkline_pool::{AgentPool, Pool, Router, RouterParts};
use trunkline_private_servers::{Durability, Postgres, Redis};
use trunkline_projections::ReadModels;
use trunkline_projections::runtime::{Runtime, Settings};
use trunkline_vault::Vault;

use crate::report::{Measured, line, section, target};
use crate::{Options, StoreName};

/// How many agents there are, and then twice as many.
const AGENTS: usize = 10_000;
/// How many routes are measured one after the other by so many clients, and then all at once by so many.
const CALM: (usize, usize) = (1_000, 4);
const RUSH: (usize, usize) = (4_000, 200);
/// How many agents, or calls, one append makes known.
const TOGETHER: usize = 100;
/// How long the router may take to hear of its last offers.
const SETTLED_MAX: Duration = Duration::from_secs(30);
/// No offer runs out while it is measured.
const OFFER: Millis = Millis::from_mins(60);

/// Runs it on each pair of stores.
///
/// # Errors
/// When a store cannot be opened, or work is not offered.
pub(crate) async fn run(options: &Options) -> Result<()> {
    section("route, end to end");
    if options.wants(StoreName::Sqlite) {
        let mut medians = Vec::new();
        for agents in [AGENTS, 2 * AGENTS] {
            let folder = tempfile::tempdir()?;
            let path = folder.path();
            let clock = Arc::new(SystemClock);
            let log = SqliteLog::open(path.join("log.db"), Default::default(), clock).await?;
            let reads = Database::sqlite(&SqliteOptions::new(path.join("read-models.db"))).await?;
            medians.push(on("memory and SQLite", Arc::new(log), reads, None, agents, 20.0).await?);
        }
        twice(&medians);
    }
    if options.wants(StoreName::Postgres) {
        let (server, redis) = (Postgres::start(Durability::Full, &[])?, Redis::start()?);
        let mut medians = Vec::new();
        for agents in [AGENTS, 2 * AGENTS] {
            let url = server.fresh_database()?;
            let log = PostgresLog::open(&url, Default::default(), Arc::new(SystemClock)).await?;
            let schema = PostgresOptions { schema: "read_models".to_owned(), ..PostgresOptions::new(url) };
            let shared: Arc<dyn Pool> = Arc::new(RedisPool::new(&redis.fresh_database()?)?);
            let reads = Database::postgres(&schema).await?;
            let name = "Redis and PostgreSQL";
            medians.push(on(name, Arc::new(log), reads, Some(shared), agents, 25.0).await?);
        }
        twice(&medians);
    }
    println!();
    Ok(())
}

fn twice(medians: &[f64]) {
    if let [once, twice] = medians {
        target("twice the agents cost", twice / once, " times", "at most 2.2", twice / once <= 2.2);
    }
}

/// Measures one pair of stores. Gives the median of calm routes, in milliseconds.
async fn on(
    name: &str,
    log: Arc<dyn Log>,
    reads: Database,
    shared: Option<Arc<dyn Pool>>,
    agents: usize,
    target_ms: f64,
) -> Result<f64> {
    let office = Office::open(log, reads, shared, agents).await?;
    // The first routes fill caches.
    office.measure(CALM.0 / 5, CALM.1).await?;
    let calm = office.measure(CALM.0, CALM.1).await?;
    line(&format!("{agents} agents, {name}: {} clients", CALM.1), &calm);
    let rush = office.measure(RUSH.0, RUSH.1).await?;
    line(&format!("{agents} agents, {name}: {} clients", RUSH.1), &rush);
    if agents == AGENTS {
        let p99 = calm.quantile_ms(0.99);
        target("p99, calm", p99, " ms", &format!("at most {target_ms} ms"), p99 <= target_ms);
        target("rate", rush.rate, "/s", "at least 1,000/s", rush.rate >= 1_000.0);
    }
    office.close().await;
    Ok(calm.quantile_ms(0.5))
}

/// A server without its API, with agents who wait for work.
struct Office {
    dispatcher: Arc<Dispatcher>,
    router: Arc<Router>,
    runtime: Runtime,
    log: Arc<dyn Log>,
    stopping: CancellationToken,
}

impl Office {
    async fn open(
        log: Arc<dyn Log>,
        database: Database,
        shared: Option<Arc<dyn Pool>>,
        agents: usize,
    ) -> Result<Self> {
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn Ids> = Arc::new(RandomIds);
        let vault = Vault::passing(Arc::clone(&clock)).await?;
        let (the_log, the_clock, the_ids) = (Arc::clone(&log), Arc::clone(&clock), Arc::clone(&ids));
        let dispatcher = Dispatcher::new(the_log, vault, the_clock, the_ids, DispatchLimits::default());
        let dispatcher = Arc::new(dispatcher);
        let settings = Settings::default();
        let runtime =
            Runtime::start(database.clone(), Arc::clone(&log), Arc::clone(&clock), &*ids, settings).await?;
        let reads = ReadModels::new(database, runtime.reached(), ReadModels::WAIT_MAX);
        let feed = Arc::new(Feed::start(Arc::clone(&log), FeedLimits::default()));
        let router = Arc::new(Router::new(RouterParts {
            pool: Arc::new(AgentPool::new(shared, Arc::clone(&clock))),
            policy: Policy { offer: OFFER, ..Policy::default() },
            ..RouterParts::alone(&dispatcher, &log, reads, &clock, &ids)?
        }));
        let stopping = CancellationToken::new();
        tokio::spawn(Arc::clone(&router).run(feed, stopping.clone()));
        let office = Self { dispatcher, router, runtime, log, stopping };
        for _ in 0..agents / TOGETHER {
            office.carry_out(&Agents).await?;
        }
        // The roster follows the log; it is complete when it knows everybody.
        while office.router.roster().count() != (agents, agents) {
            tokio::task::yield_now().await;
        }
        Ok(office)
    }

    async fn carry_out<A: Action>(&self, action: &A) -> Result<A::Answer> {
        Ok(self.dispatcher.execute(Request::by(Actor::system("bench")), action).await?.answer)
    }

    /// Routes so many calls with so many clients. Each is timed from the request to the answer, when its offer is
    /// durable.
    async fn measure(&self, routes: usize, clients: usize) -> Result<Measured> {
        let mut calls = Vec::with_capacity(routes);
        while calls.len() < routes {
            calls.extend(self.carry_out(&Calls).await?);
        }
        let next = AtomicUsize::new(0);
        let begun = Instant::now();
        let client = async || -> Result<Vec<Duration>> {
            let mut took = Vec::new();
            while let Some(call) = calls[..routes].get(next.fetch_add(1, Ordering::Relaxed)) {
                let asked = Instant::now();
                let requested = wanted(*call);
                self.carry_out(&RequestRouting(requested.clone())).await?;
                self.router.route(&requested).await;
                took.push(asked.elapsed());
            }
            Ok(took)
        };
        let took = try_join_all((0..clients).map(|_| client())).await?.concat();
        let length = begun.elapsed();
        // The log tells the router of its own offers a moment later.
        let settled = async {
            while self.router.waiting() > 0 {
                tokio::task::yield_now().await;
            }
        };
        tokio::time::timeout(SETTLED_MAX, settled).await.context("calls were not offered")?;
        Measured::new(took, length)
    }

    async fn close(self) {
        self.stopping.cancel();
        self.runtime.stop().await;
        self.log.close().await;
    }
}

fn wanted(call: CallId) -> Requested {
    Requested::of(words::Work::Call(call), Needs::default())
}

/// Makes agents known who wait for work.
struct Agents;

impl Action for Agents {
    type Answer = ();

    async fn perform(&self, unit: &mut Work<'_>) -> Result<(), ActionError> {
        for number in 0..TOGETHER {
            let id: AgentId = unit.new_id();
            let skill = ["企业版", "云客服", "智能质检"][number % 3].to_owned();
            let registered = agent::Registered {
                name: Personal::Open(format!("坐席{number}")),
                team: None,
                skills: [(skill, 1 + u8::try_from(number % 5).unwrap_or(0))].into(),
                languages: ["zh-CN".to_owned()].into(),
                capacity: 1,
                extension: None,
                licences: Default::default(),
                shifts: Vec::new(),
            };
            unit.run::<Agent>(id, agent::Command::Register(registered)).await?;
            unit.run::<Agent>(id, agent::Command::SignIn).await?;
            unit.run::<Agent>(id, agent::Command::MakeAvailable).await?;
        }
        Ok(())
    }
}

/// Makes calls known that wait for an agent.
struct Calls;

impl Action for Calls {
    type Answer = Vec<CallId>;

    async fn perform(&self, unit: &mut Work<'_>) -> Result<Vec<CallId>, ActionError> {
        let mut calls = Vec::with_capacity(TOGETHER);
        for number in 0..TOGETHER {
            let id: CallId = unit.new_id();
            let product = ["企业版", "云客服", "智能质检"][number % 3].to_owned();
            let created = call::Created {
                product: Some(product.clone()),
                ..call::Created::new(words::Direction::Inbound)
            };
            unit.run::<Call>(id, call::Command::Create(created)).await?;
            let queued = call::Queued { queue: product, priority: None };
            unit.run::<Call>(id, call::Command::Queue(queued)).await?;
            calls.push(id);
        }
        Ok(calls)
    }
}
