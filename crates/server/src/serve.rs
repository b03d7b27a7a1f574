//! Serving: wiring, and a shutdown that loses no acknowledged command.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;
use trunkline_access::Blind;
use trunkline_app::Authority;
use trunkline_app::privacy::{ErasureTarget, Rights};
use trunkline_graphql::{Api, Services};
use trunkline_log::Feed;
use trunkline_projections::ReadModels;
use trunkline_projections::names::NameIndex;
use trunkline_projections::runtime::Runtime;

use crate::config::Settings;
use crate::gate;
use crate::http::{Station, router};
use crate::metrics::{Metrics, Sources};
use crate::notary::Notarising;
use crate::recordings::{Around, Room};
use crate::timers::Timers;
use crate::transport::{self, Tls, Transport};
use crate::{erasure, shutdown, store};

/// What runs beside the server, given its address, until the token is cancelled.
pub(crate) type Companion =
    Box<dyn FnOnce(SocketAddr, CancellationToken) -> futures::future::BoxFuture<'static, ()> + Send>;

/// Serves until the process is asked to stop.
///
/// # Errors
/// When a store cannot be opened or the address cannot be listened on.
pub(crate) async fn serve(settings: &Settings, companion: Option<Companion>) -> anyhow::Result<()> {
    let stopping = shutdown::on_signal()?;
    let (listener, address) = transport::listen(settings).await?;
    let tls = settings.transport.tls.clone().map(|tls| Tls::start(tls, stopping.clone())).transpose()?;
    let opened = store::open_log(settings).await?;
    let log = Arc::clone(&opened.log);
    let feed = Arc::new(Feed::start(Arc::clone(&log), settings.feed.clone()));
    let vault = store::open_vault(settings).await?;
    let database = store::open_read_models(settings).await?;
    let (ids, clock) = (store::ids(), store::clock());
    let gate = gate::build(settings, &log, &feed, address, Arc::new(Blind)).await?;
    let limits = settings.projections.clone();
    let runtime = Runtime::start(database.clone(), Arc::clone(&log), Arc::clone(&clock), &*ids, limits).await;
    let runtime = Arc::new(runtime.context("cannot begin to keep the read models")?);
    let reads = ReadModels::new(database.clone(), runtime.reached(), settings.reads_wait_max);
    let wait_max = settings.reads_wait_max;
    let names = NameIndex::start(database.clone(), Arc::clone(&log), Arc::clone(&vault), &*clock, wait_max);
    let names = Arc::new(names.await.context("cannot begin to index names")?);
    let dispatcher = Arc::new(store::dispatcher(settings, Arc::clone(&log), Arc::clone(&vault)));
    let policy = trunkline_access::Policy::standard();
    let authority = Authority::start(policy, settings.access, Arc::clone(&clock), &*log, &feed)
        .await
        .context("cannot read the grants that are in force")?;
    let around = Around {
        dispatcher: Arc::clone(&dispatcher),
        reads: reads.clone(),
        authority: Arc::clone(&authority),
        witness: Arc::clone(&gate.witness),
        log: Arc::clone(&log),
        clock: Arc::clone(&clock),
    };
    let recordings = Room::open(&settings.recordings, around, &vault, stopping.clone())?;
    let names_place = Arc::new(erasure::Names(Arc::clone(&names)));
    let places: Vec<Arc<dyn ErasureTarget>> =
        vec![names_place, Arc::new(erasure::Rows(reads.clone())), Arc::clone(&recordings.place)];
    tokio::spawn(erasure::forget_erased(Arc::clone(&feed), Arc::clone(&vault), log.head().await?));
    let notary = Notarising::start(settings, &log).await?;
    let services = Services {
        rights: Arc::new(Rights::new(Arc::clone(&dispatcher), places)),
        names: Arc::clone(&names),
        dispatcher,
        policy: settings.policy,
        log: Arc::clone(&log),
        feed: Arc::clone(&feed),
        reads: reads.clone(),
        notary: notary.books(),
        authority,
        clock: Arc::clone(&clock),
        ids,
    };
    let timers =
        Timers { reads, dispatcher: Arc::clone(&services.dispatcher), clock, policy: settings.policy };
    let timers = tokio::spawn(timers.run(stopping.clone()));
    let api = Api::new(services, settings.graphql.clone(), stopping.clone());
    let station = station(settings, opened, &api, &notary, &runtime);
    let beside = announce(address, tls.is_some(), companion, &stopping);
    let routes = router(station, api.router(), recordings.routes, gate, &settings.transport);
    let transport =
        Transport { routes, tls, settings: settings.transport.clone(), stopping, grace: settings.shutdown };
    transport.serve(listener).await;
    // They end by the same token, after the command under way; a panic of one is in the log and takes nothing down.
    let _ = (beside.await, timers.await, recordings.eraser.await);
    notary.stop().await;
    // Followers end before the log, because they read it.
    drop((api, feed));
    Followers { names, runtime }.stop().await;
    log.close().await;
    vault.close().await;
    database.close().await;
    Ok(())
}

/// What reads the log. Whoever was answered is in the log: once these have ended it takes no more, and waits for the
/// appends under way, those of requests that outlived their time included.
struct Followers {
    names: Arc<NameIndex>,
    runtime: Arc<Runtime>,
}

impl Followers {
    async fn stop(self) {
        if let Some(names) = Arc::into_inner(self.names) {
            names.stop().await;
        }
        match Arc::into_inner(self.runtime) {
            Some(runtime) => runtime.stop().await,
            None => {
                tracing::warn!("the read models were still being asked; their leases run out by themselves");
            }
        }
    }
}

/// What the routes of health and metrics look at.
fn station(
    settings: &Settings,
    opened: store::OpenLog,
    api: &Api,
    notary: &Notarising,
    runtime: &Arc<Runtime>,
) -> Station {
    let sources =
        Sources { log: opened.stats, api: api.stats(), progress: Arc::default(), notary: notary.stats() };
    Station {
        log: opened.log,
        metrics: Arc::new(Metrics::new(sources)),
        runtime: Arc::downgrade(runtime),
        ready_lag_max: settings.ready_lag_max,
        notary: notary.stats(),
    }
}

/// Says where it serves, and starts what runs beside it.
fn announce(
    address: SocketAddr,
    tls: bool,
    companion: Option<Companion>,
    stopping: &CancellationToken,
) -> tokio::task::JoinHandle<()> {
    let scheme = if tls { "https" } else { "http" };
    crate::say(&format!("serving on {scheme}://{address}"));
    let companion = companion.map(|companion| companion(address, stopping.clone()));
    tokio::spawn(async {
        if let Some(companion) = companion {
            companion.await;
        }
    })
}
