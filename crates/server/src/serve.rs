//! Serving: wiring, and a shutdown that loses no acknowledged command.

use std::net::SocketAddr;
use std::sync::Arc;

use anyhow::Context as _;
use tokio_util::sync::CancellationToken;
use trunkline_access::Witness;
use trunkline_app::Recorder;
use trunkline_app::privacy::Rights;
use trunkline_database::Database;
use trunkline_dialer::cti::Stats;
use trunkline_graphql::{Api, Services};
use trunkline_kernel::Clock;
use trunkline_log::{Feed, Log};
use trunkline_projections::ReadModels;
use trunkline_projections::names::NameIndex;
use trunkline_projections::runtime::Runtime;
use trunkline_vault::Vault;

use crate::alerts::Alerting;
use crate::config::Settings;
use crate::gate;
use crate::http::{Station, router};
use crate::metrics::{Metrics, Sources};
use crate::notary::Notarising;
use crate::recordings::{Around, Room};
use crate::routing::Routing;
use crate::shipping::ShippingOut;
use crate::timers::Timers;
use crate::transport::{self, Tls, Transport};
use crate::{access, compliance, dialing, erasure, shutdown, store};

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
    let recorder = Recorder::start(Arc::clone(&log), Arc::clone(&clock), Arc::clone(&ids), settings.audit);
    let witness: Arc<dyn Witness> = recorder.clone();
    let gate = gate::build(settings, &log, &feed, address, Arc::clone(&witness)).await?;
    let followers = Followers::start(settings, &database, &log, &vault, &clock).await?;
    let reads = ReadModels::new(database.clone(), followers.runtime.reached(), settings.reads_wait_max);
    let dispatcher = Arc::new(store::dispatcher(settings, Arc::clone(&log), Arc::clone(&vault)));
    let authority = access::start(settings, &dispatcher, &clock, &*log, &feed).await?;
    let around = Around {
        dispatcher: Arc::clone(&dispatcher),
        reads: reads.clone(),
        authority: Arc::clone(&authority),
        witness: Arc::clone(&witness),
        log: Arc::clone(&log),
        clock: Arc::clone(&clock),
    };
    let routing = Routing::start(settings, &around, &ids, &feed, &database, &stopping).await?;
    let timers = Timers::start(&around, routing.router.pool(), settings.policy, &stopping);
    let recordings = Room::open(&settings.recordings, around, &vault, stopping.clone())?;
    let places = erasure::places(&followers.names, &reads, &recordings.place);
    tokio::spawn(erasure::forget_erased(Arc::clone(&feed), Arc::clone(&vault), log.head().await?));
    let notary = Notarising::start(settings, &log).await?;
    let services = Services {
        router: Arc::clone(&routing.router),
        rights: Arc::new(Rights::new(Arc::clone(&dispatcher), places)),
        names: Arc::clone(&followers.names),
        dispatcher,
        policy: settings.policy,
        rules: compliance::rules(settings)?,
        pacing: Arc::default(),
        log: Arc::clone(&log),
        feed: Arc::clone(&feed),
        reads: reads.clone(),
        notary: notary.books(),
        authority,
        witness,
        clock: Arc::clone(&clock),
        ids,
    };
    let telephony = dialing::start(settings, &services, &stopping)?;
    let alerting = Alerting::start(&settings.alerts, &services, database.clone(), &stopping).await?;
    let shipping = ShippingOut::start(settings, &log, &database, &stopping).await?;
    let api = Api::new(services, settings.graphql.clone(), stopping.clone());
    let beside = (&recorder, &notary, &shipping, telephony.stats);
    let station = station(settings, opened, &api, beside, &followers.runtime, &routing);
    let beside = announce(address, tls.is_some(), companion, &stopping);
    let routes =
        router(station, api.router().merge(telephony.routes), recordings.routes, gate, &settings.transport);
    let transport =
        Transport { routes, tls, settings: settings.transport.clone(), stopping, grace: settings.shutdown };
    transport.serve(listener).await;
    // They end by the same token, after the command under way; a panic of one is in the log and takes nothing down.
    let _ =
        (beside.await, timers.await, telephony.dialing.await, routing.task.await, recordings.eraser.await);
    let _ = (alerting.ended().await, shipping.ended().await);
    // Whoever was answered is recorded before the log takes no more.
    recorder.close().await;
    notary.stop().await;
    // Followers end before the log, because they read it.
    drop((api, feed));
    followers.stop().await;
    close(&*log, &vault, &database).await;
    Ok(())
}

/// The stores, once nobody writes to them or reads them any more.
async fn close(log: &dyn Log, vault: &Vault, database: &Database) {
    log.close().await;
    vault.close().await;
    database.close().await;
}

/// What reads the log. Whoever was answered is in the log: once these have ended it takes no more, and waits for the
/// appends under way, those of requests that outlived their time included.
struct Followers {
    names: Arc<NameIndex>,
    runtime: Arc<Runtime>,
}

impl Followers {
    async fn start(
        settings: &Settings,
        database: &Database,
        log: &Arc<dyn Log>,
        vault: &Arc<Vault>,
        clock: &Arc<dyn Clock>,
    ) -> anyhow::Result<Self> {
        let limits = settings.projections.clone();
        let runtime =
            Runtime::start(database.clone(), Arc::clone(log), Arc::clone(clock), &*store::ids(), limits)
                .await;
        let runtime = Arc::new(runtime.context("cannot begin to keep the read models")?);
        let wait_max = settings.reads_wait_max;
        let names =
            NameIndex::start(database.clone(), Arc::clone(log), Arc::clone(vault), &**clock, wait_max);
        let names = Arc::new(names.await.context("cannot begin to index names")?);
        Ok(Self { names, runtime })
    }

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
    (recorder, notary, shipping, cti): (&Arc<Recorder>, &Notarising, &ShippingOut, Option<Arc<Stats>>),
    runtime: &Arc<Runtime>,
    routing: &Routing,
) -> Station {
    let sources = Sources {
        log: opened.stats,
        api: api.stats(),
        recorder: Arc::clone(recorder.stats()),
        progress: Arc::default(),
        notary: notary.stats(),
        shipping: shipping.stats(),
        broker: routing.broker.clone(),
        cti: cti.clone(),
        router: Arc::downgrade(&routing.router),
    };
    Station {
        log: opened.log,
        metrics: Arc::new(Metrics::new(sources)),
        runtime: Arc::downgrade(runtime),
        ready_lag_max: settings.ready_lag_max,
        notary: notary.stats(),
        shipping: shipping.stats(),
        broker: routing.broker.clone(),
        cti,
        router: Arc::clone(&routing.router),
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
