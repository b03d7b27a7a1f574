//! The API served in this process over a log of the benchmark's own, and the fastest clients that are honest: real
//! HTTP over loopback, in the same process, so that their cost is in both sides of every ratio.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;
use trunkline_app::privacy::Rights;
use trunkline_app::{AccessLimits, Authority, DispatchLimits, Dispatcher};
use trunkline_database::{Database, SqliteOptions};
use trunkline_domain::Policy;
use trunkline_graphql::{Api, Limits, Services};
use trunkline_kernel::{Clock, Ids, RandomIds, SystemClock};
use trunkline_log::{Feed, FeedLimits, Log};
use trunkline_projections::names::NameIndex;
use trunkline_projections::runtime::{Runtime, Settings};
use trunkline_projections::{ReadModel, ReadModels};
use trunkline_vault::Vault;

use crate::access::introduce;

/// A running server.
pub(crate) struct Serving {
    pub(crate) address: SocketAddr,
    pub(crate) reads: ReadModels,
    runtime: Runtime,
    stopping: CancellationToken,
}

impl Serving {
    /// Brings the read models in `folder` to the head of the log and serves the API and `beside`.
    pub(crate) async fn start(
        log: Arc<dyn Log>,
        folder: &Path,
        beside: impl FnOnce(ReadModels) -> Router,
    ) -> Result<Self> {
        let database = Database::sqlite(&SqliteOptions::new(folder.join("read-models.db"))).await?;
        let clock: Arc<dyn Clock> = Arc::new(SystemClock);
        let ids: Arc<dyn Ids> = Arc::new(RandomIds);
        let runtime = Runtime::prepare(
            database.clone(),
            Arc::clone(&log),
            Arc::clone(&clock),
            &RandomIds,
            Settings::default(),
        )
        .await?;
        runtime.rebuild(&ReadModel::ALL, true).await?;
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
        let services = Services {
            rights: Arc::new(Rights::new(dispatcher.clone(), Vec::new())),
            names: Arc::new(names),
            dispatcher,
            policy: Policy::default(),
            feed,
            log,
            reads: reads.clone(),
            notary: None,
            authority,
            clock,
            ids,
        };
        let stopping = CancellationToken::new();
        let api = Api::new(services, Limits::default(), stopping.clone());
        let routes = api.router().layer(axum::middleware::from_fn(introduce)).merge(beside(reads.clone()));
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let address = listener.local_addr()?;
        let stop = stopping.clone().cancelled_owned();
        tokio::spawn(async move { axum::serve(listener, routes).with_graceful_shutdown(stop).await });
        Ok(Self { address, reads, runtime, stopping })
    }

    pub(crate) async fn stop(self) {
        self.stopping.cancel();
        self.runtime.stop().await;
    }
}
