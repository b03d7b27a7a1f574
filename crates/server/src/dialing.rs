//! Telephony: the dialer and its line, and the way in for a switch, where the configuration names them.

use std::sync::Arc;

use anyhow::Context as _;
use axum::Router;
use futures::future::OptionFuture;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_dialer::cti::{Intake, IntakeAround, Stats, Switch};
use trunkline_dialer::{Around, Dialer, Line, Simulated};
use trunkline_graphql::Services;

use crate::config::{DialerLine, Settings};
use crate::{cti, routing, store};

/// What was started.
pub(crate) struct Telephony {
    /// The dialer, which ends by the token.
    pub(crate) dialing: OptionFuture<JoinHandle<()>>,
    /// Where the switch tells of its calls; none where none is joined.
    pub(crate) routes: Router,
    /// How that gets on.
    pub(crate) stats: Option<Arc<Stats>>,
}

/// Begins to dial running campaigns, until it is told to stop, where a line is named, and to listen to a switch where one
/// is joined.
///
/// # Errors
/// When the switch cannot be spoken to at all, or the declaration of queues cannot be read.
pub(crate) fn start(
    settings: &Settings,
    services: &Services,
    stopping: &CancellationToken,
) -> anyhow::Result<Telephony> {
    let queues = Arc::new(routing::queues(settings)?);
    let (teller, heard) = trunkline_dialer::wire();
    let stats: Arc<Stats> = Arc::default();
    let line: Option<Arc<dyn Line>> =
        match (settings.dialer.as_ref().map(|dialer| dialer.line), &settings.cti) {
            (None, _) | (Some(DialerLine::Cti), None) => None,
            (Some(DialerLine::Simulated(behaviour)), _) => {
                Some(Arc::new(Simulated::new(behaviour, teller, stopping.clone())))
            }
            (Some(DialerLine::Cti), Some(cti)) => {
                let (clock, stats) = (Arc::clone(&services.clock), Arc::clone(&stats));
                let switch = Switch::new(cti, clock, teller, stats, stopping.clone());
                Some(Arc::new(switch.context("the switch cannot be joined")?))
            }
        };
    let intake = settings.cti.clone().map(|cti| {
        let around = IntakeAround {
            dispatcher: Arc::clone(&services.dispatcher),
            clock: Arc::clone(&services.clock),
            policy: services.policy,
            line: line.clone().filter(|line| line.outlives_us()),
            queues: Arc::clone(&queues),
            stats: Arc::clone(&stats),
        };
        Arc::new(Intake::new(around, cti))
    });
    let dialing = settings.dialer.as_ref().zip(line).map(|(dialer, line)| {
        let around = Around {
            reads: services.reads.clone(),
            dispatcher: Arc::clone(&services.dispatcher),
            log: Arc::clone(&services.log),
            router: Arc::clone(&services.router),
            feed: Arc::clone(&services.feed),
            clock: Arc::clone(&services.clock),
            policy: services.policy,
            rules: Arc::clone(&services.rules),
            board: Arc::clone(&services.pacing),
            caller_line: dialer.caller_line.clone(),
            server: store::ids().next(),
            lease: dialer.lease,
            every: dialer.every,
            study_every: dialer.study_every,
        };
        tokio::spawn(Dialer::new(around, line, heard).run(stopping.clone()))
    });
    let stats = intake.as_ref().map(|_| stats);
    let routes = cti::routes(intake, Arc::clone(&services.clock));
    Ok(Telephony { dialing: dialing.into(), routes, stats })
}
