//! The pool of agents and the router, as the configuration has them.

use std::sync::Arc;

use anyhow::Context as _;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_adapters::BrokerStats;
use trunkline_app::{Licensing, Queues};
use trunkline_database::Database;
use trunkline_kernel::{Clock, Ids};
use trunkline_log::Feed;
use trunkline_pool::models::{Drift, LiveModels, ModelStore};
use trunkline_pool::{ActiveScorer, AgentPool, Features, Pool, Router, RouterParts, Watches};

use crate::config::{PoolStore, Settings};
use crate::rabbitmq::Messaging;
use crate::recordings::Around;

/// The router, at work.
pub(crate) struct Routing {
    pub(crate) router: Arc<Router>,
    /// How it stands with the broker, where one is configured.
    pub(crate) broker: Option<Arc<BrokerStats>>,
    /// Ends after the stop was asked for.
    pub(crate) task: JoinHandle<()>,
}

impl Routing {
    /// Begins to route, until it is told to stop.
    ///
    /// # Errors
    /// When the declaration of features, the address of the shared pool, the log or a database cannot be used.
    pub(crate) async fn start(
        settings: &Settings,
        around: &Around,
        ids: &Arc<dyn Ids>,
        feed: &Arc<Feed>,
        database: &Database,
        stopping: &CancellationToken,
    ) -> anyhow::Result<Self> {
        let features = Arc::new(features(settings)?);
        let scorer = Arc::new(ActiveScorer::new(&features));
        let store = ModelStore::new(settings.routing.models.clone(), Arc::clone(&features));
        let models = Arc::new(LiveModels::new(store, Arc::clone(&scorer)));
        // Before the first decision: none is made by what was replaced long ago.
        let known = models.learn(&*around.log).await.context("cannot read which models there are")?;
        let retry = settings.routing.models_retry;
        let following =
            tokio::spawn(Arc::clone(&models).follow(Arc::clone(feed), known, retry, stopping.clone()));
        let pool = pool(settings, Arc::clone(&around.clock))?;
        let drift = Drift {
            models: Arc::clone(&models),
            features: Arc::clone(&features),
            log: Arc::clone(&around.log),
            dispatcher: Arc::clone(&around.dispatcher),
            pool: Arc::clone(&pool),
            settings: settings.routing.drift,
        };
        let measuring = Box::pin(drift.run(stopping.clone()));
        let (beside, dispatcher) = (Arc::clone(&models), Arc::clone(&around.dispatcher));
        let ending = stopping.clone();
        let shadowing = Box::pin(async move { beside.shadowing().run(&dispatcher, ending).await });
        let router = Router::new(RouterParts {
            dispatcher: Arc::clone(&around.dispatcher),
            log: Arc::clone(&around.log),
            reads: around.reads.clone(),
            pool,
            scorer,
            models: Some(models),
            watches: watches(settings, &features)?,
            licensing: Arc::new(licensing(settings)?),
            features,
            clock: Arc::clone(&around.clock),
            ids: Arc::clone(ids),
            policy: settings.policy,
            settings: settings.routing.router.clone(),
        });
        let router = Arc::new(router);
        let routing = Box::pin(Arc::clone(&router).run(Arc::clone(feed), stopping.clone()));
        let messaging = Messaging::start(settings, around, database, stopping).await?;
        let broker = messaging.stats.clone();
        let task = tokio::spawn(async move {
            // They end by the same token; a panic is in the log and takes nothing down.
            let _ = tokio::join!(routing, following, measuring, shadowing, messaging.ended());
        });
        Ok(Self { router, broker, task })
    }
}

/// The declaration of features: the file that is configured, or the one that is built in.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn features(settings: &Settings) -> anyhow::Result<Features> {
    let Some(file) = &settings.routing.features else { return Ok(Features::standard()?) };
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Features::read(&text).with_context(|| format!("`routing.features_file` is {}", file.display()))
}

/// What is watched for surges: the file that is configured, or nothing.
///
/// # Errors
/// When it cannot be read.
fn watches(settings: &Settings, features: &Features) -> anyhow::Result<Watches> {
    let Some(file) = &settings.routing.demand else { return Ok(Watches::default()) };
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Watches::read(&text, features).with_context(|| format!("`routing.demand_file` is {}", file.display()))
}

/// Which licences calls ask for: the file that is configured, or none.
///
/// # Errors
/// When it cannot be read.
fn licensing(settings: &Settings) -> anyhow::Result<Licensing> {
    let Some(file) = &settings.routing.licences else { return Ok(Licensing::default()) };
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Licensing::read(&text).with_context(|| format!("`routing.licences_file` is {}", file.display()))
}

/// What the queues of calls that arrive ask for: the file that is configured, or anybody.
///
/// # Errors
/// When it cannot be read.
pub(crate) fn queues(settings: &Settings) -> anyhow::Result<Queues> {
    let Some(file) = &settings.routing.queues else { return Ok(Queues::default()) };
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    Queues::read(&text).with_context(|| format!("`routing.queues_file` is {}", file.display()))
}

/// Reads every file of declarations and uses none of them.
///
/// # Errors
/// The first that cannot be read.
pub(crate) fn check(settings: &Settings) -> anyhow::Result<()> {
    watches(settings, &features(settings)?)?;
    licensing(settings)?;
    queues(settings).map(drop)
}

/// The files of models.
///
/// # Errors
/// When the declaration of features cannot be read.
pub(crate) fn models(settings: &Settings) -> anyhow::Result<ModelStore> {
    Ok(ModelStore::new(settings.routing.models.clone(), Arc::new(features(settings)?)))
}

/// The pool of agents.
///
/// # Errors
/// When the address of the shared one cannot be used.
fn pool(settings: &Settings, clock: Arc<dyn Clock>) -> anyhow::Result<Arc<AgentPool>> {
    let shared: Option<Arc<dyn Pool>> = match &settings.routing.pool {
        PoolStore::Memory => None,
        PoolStore::Redis { url } => Some(redis(url)?),
    };
    Ok(Arc::new(AgentPool::new(shared, clock)))
}

#[cfg(feature = "redis")]
fn redis(url: &str) -> anyhow::Result<Arc<dyn Pool>> {
    Ok(Arc::new(trunkline_adapters::RedisPool::new(url).context("`pool.url`")?))
}

#[cfg(not(feature = "redis"))]
fn redis(_url: &str) -> anyhow::Result<Arc<dyn Pool>> {
    anyhow::bail!("this build was made without Redis")
}
