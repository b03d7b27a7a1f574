//! The API served in this process over a log of the benchmark's own, and the fastest clients that are honest: real
//! HTTP over loopback, in the same process, so that their cost is in both sides of every ratio.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Result;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use trunkline_access::{Later, Sight, Unrecorded, Witness};
use trunkline_app::privacy::Rights;
use trunkline_app::{AccessLimits, Authority, DispatchLimits, Dispatcher, Recorder, RecorderLimits};
use trunkline_database::{Database, SqliteOptions};
use trunkline_domain::Policy;
use trunkline_graphql::{Api, Limits, Services};
use trunkline_kernel::{Clock, Ids, RandomIds, SystemClock};
use trunkline_log::{Feed, FeedLimits, Log};
use trunkline_pool::{Router, RouterParts};
use trunkline_projections::names::NameIndex;
use trunkline_projections::runtime::{Runtime, Settings};
use trunkline_projections::{ReadModel, ReadModels};
use trunkline_routing::compliance::RuleBook;
use trunkline_vault::Vault;

use crate::access::introduce;

/// A running server.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    pub(crate) reads: ReadModels,
    pub(crate) record: Arc<Switch>,
    runtime: Runtime,
    stopping: CancellationToken,
}

impl Serving {
    /// Brings the read models in `folder` to the head of the log and serves the API and `beside`.
    pub(crate) async fn start(
        log: Arc<dyn Log>,
        folder: &Path,
        beside: impl FnOnce(ReadModels) -> axum::Router,
    ) -> Result<Self> {
        let database = Database::sqlite(&SqliteOptions::new(folder.join("read-models.db"))).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn Ids> = Arc::new(RandomIds);
        let runtime = caught_up(&database, &log, &clock).await?;
        let reads_database = database.clone();
        let reads = ReadModels::new(database, runtime.reached(), ReadModels::WAIT_MAX);
        let vault = Vault::passing(Arc::clone(&clock)).await?;
        let names = NameIndex::start(
            reads_database,
            Arc::clone(&log),
            Arc::clone(&vault),
            &*clock,
            ReadModels::WAIT_MAX,
        )
        .await?;
        let dispatcher = Dispatcher::new(
            Arc::clone(&log),
            vault,
            Arc::clone(&clock),
            Arc::clone(&ids),
            DispatchLimits::default(),
        );
        let dispatcher = Arc::new(dispatcher);
        let feed = Arc::new(Feed::start(Arc::clone(&log), FeedLimits::default()));
        let policy = trunkline_access::Policy::standard();
        let authority =
            Authority::start(policy, AccessLimits::default(), Arc::clone(&clock), &*log, &feed).await?;
        let parts = RouterParts::alone(&dispatcher, &log, reads.clone(), &clock, &ids)?;
        let router = Arc::new(Router::new(parts));
        let routed = Arc::clone(&feed);
        let limits = RecorderLimits::default();
        let recorder = Recorder::start(Arc::clone(&log), Arc::clone(&clock), Arc::clone(&ids), limits);
        let record = Arc::new(Switch { recorder, on: AtomicBool::new(false) });
        let services = Services {
            router: Arc::clone(&router),
            rights: Arc::new(Rights::new(dispatcher.clone(), Vec::new())),
            names: Arc::new(names),
            dispatcher,
            policy: Policy::default(),
            rules: Arc::new(RuleBook::published()?),
            pacing: Arc::default(),
            feed,
            log,
            reads: reads.clone(),
            notary: None,
            authority,
            witness: Arc::clone(&record) as Arc<dyn Witness>,
            clock,
            ids,
        };
        let stopping = CancellationToken::new();
        tokio::spawn(router.run(Arc::clone(&routed), stopping.clone()));
        let api = Api::new(services, Limits::default(), stopping.clone());
        let routes = api.router().layer(axum::middleware::from_fn(introduce)).merge(beside(reads.clone()));
        let address = listen(routes, &stopping).await?;
        Ok(Self { address, reads, record, runtime, stopping })
    }

    pub(crate) async fn stop(self) {
        self.stopping.cancel();
        self.record.recorder.close().await;
        self.runtime.stop().await;
    }
}

/// Read models at the head of the log, which follow what the measurement itself appends, as a server's do.
async fn caught_up(database: &Database, log: &Arc<dyn Log>, clock: &Arc<dyn Clock>) -> Result<Runtime> {
    let settings = Settings::default;
    let (log, clock) = (|| Arc::clone(log), || Arc::clone(clock));
    let runtime = Runtime::prepare(database.clone(), log(), clock(), &RandomIds, settings()).await?;
    runtime.rebuild(&ReadModel::ALL, true).await?;
    runtime.stop().await;
    Ok(Runtime::start(database.clone(), log(), clock(), &RandomIds, settings()).await?)
}

async fn listen(routes: axum::Router, stopping: &CancellationToken) -> Result<SocketAddr> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?;
    let stop = stopping.clone().cancelled_owned();
    tokio::spawn(async move { axum::serve(listener, routes).with_graceful_shutdown(stop).await });
    Ok(address)
}

/// The record of reads, turned off at first, to measure what it costs.
pub(crate) struct Switch {
    recorder: Arc<Recorder>,
    on: AtomicBool,
}

impl Switch {
    pub(crate) fn turn_on(&self) {
        self.on.store(true, Ordering::Relaxed);
    }
}

impl Witness for Switch {
    fn saw(&self, sight: Sight) {
        if self.on.load(Ordering::Relaxed) {
            self.recorder.saw(sight);
        }
    }

    fn noted(&self, sight: Sight) -> Later<'_, Result<(), Unrecorded>> {
        if self.on.load(Ordering::Relaxed) {
            self.recorder.noted(sight)
        } else {
            Box::pin(std::future::ready(Ok(())))
        }
    }
}
