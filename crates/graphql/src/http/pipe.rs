//! The bounded way from a subscription to its connection.

use std::time::Duration;

use tokio::sync::mpsc;

/// Why a message was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stalled {
    /// The buffer stayed full for the whole grace.
    Slow,
    /// The connection is gone.
    Gone,
}

/// Puts a message into the buffer of a connection, waiting for room as long as the grace allows.
///
/// # Errors
/// When the consumer is too slow or gone.
pub(super) async fn offer<T>(sender: &mpsc::Sender<T>, message: T, grace: Duration) -> Result<(), Stalled> {
    let message = match sender.try_send(message) {
        Ok(()) => return Ok(()),
        Err(mpsc::error::TrySendError::Closed(_)) => return Err(Stalled::Gone),
        Err(mpsc::error::TrySendError::Full(message)) => message,
    };
    match tokio::time::timeout(grace, sender.send(message)).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(_)) => Err(Stalled::Gone),
        Err(_) => Err(Stalled::Slow),
    }
}
