//! Dialing: the process manager and its line, where the configuration names one.

use std::sync::Arc;

use futures::future::OptionFuture;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_dialer::{Around, Dialer, Simulated};
use trunkline_graphql::Services;

use crate::config::Settings;

/// Begins to dial running campaigns, until it is told to stop, where a line is named.
pub(crate) fn start(
    settings: &Settings,
    services: &Services,
    stopping: &CancellationToken,
) -> OptionFuture<JoinHandle<()>> {
    let Some(settings) = &settings.dialer else { return None.into() };
    let (teller, heard) = trunkline_dialer::wire();
    let line = Arc::new(Simulated::new(settings.behaviour, teller, stopping.clone()));
    let around = Around {
        reads: services.reads.clone(),
        dispatcher: Arc::clone(&services.dispatcher),
        clock: Arc::clone(&services.clock),
        policy: services.policy,
        rules: Arc::clone(&services.rules),
        board: Arc::clone(&services.pacing),
        every: settings.every,
    };
    Some(tokio::spawn(Dialer::new(around, line, heard).run(stopping.clone()))).into()
}
