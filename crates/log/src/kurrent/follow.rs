//! Makes visible what other processes append. A subscription says that there is something; a timer looks all
//! the same, because a notification can be lost (trap 4).

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use kurrentdb::SubscriptionEvent;
use tokio::sync::watch;
use trunkline_kernel::Position;

use super::record::position_of;
use super::replica::Replica;
use crate::LogError;

/// Copies for ever what is appended to the ledger, at the latest `interval` after it was.
pub(super) async fn copy(replica: Arc<Replica>, mut heard: watch::Receiver<Position>, interval: Duration) {
    let mut failing = false;
    loop {
        let enough = tokio::select! {
            news = heard.changed() => match news {
                Ok(()) => Some(*heard.borrow_and_update()),
                // The listener has ended: the log is being dropped.
                Err(_) => return,
            },
            () = tokio::time::sleep(interval) => None,
        };
        match replica.catch_up(enough).await {
            Ok(()) => failing = false,
            Err(error) => {
                if !failing {
                    warn(&error, "the replica cannot be caught up; trying again");
                }
                failing = true;
                tokio::time::sleep(interval).await;
            }
        }
    }
}

/// Listens for ever for positions that the ledger has reached.
pub(super) async fn listen(replica: Arc<Replica>, heard: watch::Sender<Position>, interval: Duration) {
    loop {
        if let Err(error) = listen_once(&replica, &heard).await {
            tracing::debug!(
                error = &error as &dyn Error,
                "the ledger's subscription broke; subscribing again"
            );
        }
        tokio::time::sleep(interval).await;
    }
}

async fn listen_once(replica: &Replica, heard: &watch::Sender<Position>) -> Result<(), LogError> {
    let mut subscription = replica.ledger.subscribe(replica.head().await).await?;
    loop {
        let event = subscription.next_subscription_event().await.map_err(super::ledger::store)?;
        if let SubscriptionEvent::EventAppeared(event) = event {
            let position = position_of(event.get_original_event().revision);
            heard.send_replace(position);
        }
    }
}

fn warn(error: &LogError, message: &'static str) {
    tracing::warn!(error = error as &dyn Error, "{message}");
}
