//! Copies what is appended to the ledger, by this process or another. A subscription brings the events; a timer
//! looks for them all the same, because what a subscription says can be late or lost (trap 4).

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use kurrentdb::SubscriptionEvent;
use tokio::sync::watch;

use super::ledger::store;
use super::record::decode;
use super::replica::Replica;
use crate::LogError;

/// The longest pause between two attempts while the server is away. Making a connection is not cheap.
const PAUSE_MAX: Duration = Duration::from_secs(2);

/// Told to stop by being dropped at the other end. A task that copies is never aborted: what it had half copied
/// would stay behind in the replica's connection.
pub(super) type Stop = watch::Receiver<()>;

/// Reads the ledger's end once every `interval`, until it is told to stop.
pub(super) async fn look(replica: Arc<Replica>, interval: Duration, mut stop: Stop) {
    let mut failures = 0;
    while wait(pause(interval, failures), &mut stop).await {
        match replica.catch_up(None).await {
            Ok(()) => failures = 0,
            Err(error) => {
                // Said once and not at every look: a server can be away for hours.
                if failures == 0 {
                    tracing::warn!(error = &error as &dyn Error, "the ledger cannot be read; trying again");
                }
                failures = failures.saturating_add(1);
            }
        }
    }
}

/// Listens to the ledger, again some time after the subscription broke, until it is told to stop.
pub(super) async fn listen(replica: Arc<Replica>, interval: Duration, mut stop: Stop) {
    let mut failures = 0;
    loop {
        if let Err(error) = listen_once(&replica, &mut stop).await {
            tracing::debug!(
                error = &error as &dyn Error,
                "the ledger's subscription broke; subscribing again"
            );
        }
        let had_listened = replica.listening(false);
        failures = if had_listened { 0_u32 } else { failures.saturating_add(1) };
        if !wait(pause(interval, failures), &mut stop).await {
            break;
        }
    }
}

/// The interval, doubled with each failure in a row.
fn pause(interval: Duration, failures: u32) -> Duration {
    interval.saturating_mul(2_u32.saturating_pow(failures)).min(PAUSE_MAX).max(interval)
}

/// Waits, and says whether to go on.
async fn wait(pause: Duration, stop: &mut Stop) -> bool {
    tokio::time::timeout(pause, stop.changed()).await.is_err()
}

async fn listen_once(replica: &Replica, stop: &mut Stop) -> Result<(), LogError> {
    let mut at = replica.head().await;
    let mut subscription = replica.ledger.subscribe(at).await?;
    let mut commit = Vec::new();
    loop {
        // Version 1.2 of the client would spin here if a server ended the subscription without an error status.
        // KurrentDB ends one by an error or a broken connection.
        let event = tokio::select! {
            event = subscription.next_subscription_event() => event.map_err(store)?,
            _ = stop.changed() => return Ok(()),
        };
        match event {
            SubscriptionEvent::EventAppeared(event) => {
                at = at.plus(1);
                let entry = decode(event.get_original_event(), at)?;
                let whole = entry.place.index == entry.place.count;
                commit.push(entry.recorded);
                if whole {
                    replica.take(&commit).await?;
                    commit.clear();
                }
            }
            SubscriptionEvent::CaughtUp(_) => {
                replica.listening(true);
            }
            SubscriptionEvent::FellBehind(_)
            | SubscriptionEvent::Confirmed(_)
            | SubscriptionEvent::Checkpoint(_)
            | SubscriptionEvent::FirstStreamPosition(_)
            | SubscriptionEvent::LastStreamPosition(_)
            | SubscriptionEvent::LastAllPosition(_) => {}
        }
    }
}
