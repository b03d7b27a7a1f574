//! Waiting for something to become true, with a deadline, so that no test sleeps for a guessed time.

use std::time::Duration;

use anyhow::{Result, bail};
use tokio::time::{Instant, sleep, timeout_at};

/// How long [`wait_for`] waits: far longer than anything should take on a busy machine of two cores.
pub const PATIENCE: Duration = Duration::from_secs(30);

/// The pause between two looks.
const POLL: Duration = Duration::from_millis(10);

/// Looks again and again until `look` gives a value, for at most [`PATIENCE`].
///
/// ```no_run
/// # async fn example(log: std::sync::Arc<std::sync::atomic::AtomicU64>) -> anyhow::Result<()> {
/// # use std::sync::atomic::Ordering;
/// trunkline_testkit::wait_for("ten events in the log", async || {
///     let count = log.load(Ordering::SeqCst);
///     Ok((count == 10).then_some(count))
/// })
/// .await?;
/// # Ok(()) }
/// ```
///
/// # Errors
/// When `look` fails, or when the deadline passes; the error then names `what`.
pub async fn wait_for<T>(what: &str, look: impl AsyncFnMut() -> Result<Option<T>>) -> Result<T> {
    wait_for_within(PATIENCE, what, look).await
}

/// Like [`wait_for`], with a limit of its own.
///
/// # Errors
/// As [`wait_for`].
pub async fn wait_for_within<T>(
    limit: Duration,
    what: &str,
    mut look: impl AsyncFnMut() -> Result<Option<T>>,
) -> Result<T> {
    let end = Instant::now() + limit;
    loop {
        match timeout_at(end, look()).await {
            Ok(found) => {
                if let Some(value) = found? {
                    return Ok(value);
                }
            }
            Err(_) => bail!("waited {limit:?} for {what}, and the last look did not come to an end"),
        }
        if Instant::now() >= end {
            bail!("waited {limit:?} for {what} in vain");
        }
        sleep(POLL).await;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn gives_what_it_waited_for() {
        let mut looks = 0;
        let found = wait_for("the third look", async || {
            looks += 1;
            Ok((looks == 3).then_some(looks))
        });
        assert_eq!(found.await.unwrap(), 3);
    }

    #[tokio::test]
    async fn names_what_did_not_come() {
        let limit = Duration::from_millis(30);
        let never = wait_for_within(limit, "a miracle", async || Ok(None::<()>)).await;
        assert!(never.unwrap_err().to_string().contains("a miracle"));
        let stuck = wait_for_within(limit, "a stuck look", async || {
            std::future::pending::<()>().await;
            Ok(Some(()))
        });
        assert!(stuck.await.unwrap_err().to_string().contains("a stuck look"));
    }
}
