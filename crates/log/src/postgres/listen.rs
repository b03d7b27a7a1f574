//! Hints from other processes. They are only hints: whoever follows the log reads on a timer as well.

use std::time::Duration;

use sqlx::postgres::{PgListener, PgPool};
use tokio::sync::watch;
use trunkline_kernel::Position;

use super::read;
use crate::sequencer::announce;

/// The channel that `append_events` notifies.
const CHANNEL: &str = "trunkline_log";

/// The pause after a lost connection.
const PAUSE: Duration = Duration::from_millis(500);

/// Passes notifications on until it is aborted.
pub(super) async fn listen(pool: PgPool, hint: watch::Sender<Position>) {
    loop {
        if let Err(error) = listen_once(&pool, &hint).await {
            tracing::debug!(error = &error as &dyn std::error::Error, "not listening to the log's database");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

/// Listens on one connection until it is lost.
async fn listen_once(pool: &PgPool, hint: &watch::Sender<Position>) -> sqlx::Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(CHANNEL).await?;
    // What was notified before this connection listened.
    if let Ok(head) = read::head(pool).await {
        announce(hint, head);
    }
    while let Some(notification) = listener.try_recv().await? {
        if let Ok(position) = notification.payload().parse() {
            announce(hint, Position(position));
        }
    }
    Ok(())
}
