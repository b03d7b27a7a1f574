//! One follower's place in the log.

use std::error::Error;
use std::sync::Arc;

use tokio::sync::watch;
use trunkline_kernel::{Position, Recorded};

use super::Backoff;
use super::tail::{Reached, Tail, Taken, is_passing};
use crate::{Direction, Filter, LogError, Query};

/// Some events that came next, in order.
#[derive(Clone, Debug)]
pub struct Batch {
    /// At least one.
    pub events: Vec<Arc<Recorded>>,
    /// Everything that the filter admits up to here has now been delivered. At least the last event's position.
    pub position: Position,
}

/// The events after a position, oldest first: in pages from the log until it has caught up, then from the
/// tail that all subscriptions share. Nothing is missed or repeated.
///
/// It holds nothing back: what its owner does not ask for is not read, and an owner that falls far behind
/// reads from the log again.
pub struct Subscription {
    tail: Arc<Tail>,
    reached: watch::Receiver<Reached>,
    filter: Filter,
    position: Position,
    backoff: Backoff,
}

impl Subscription {
    pub(super) fn new(tail: Arc<Tail>, filter: Filter, after: Position) -> Self {
        tail.join();
        let reached = tail.watch();
        let backoff = Backoff::up_to(tail.limits.backoff_max);
        Self { tail, reached, filter, position: after, backoff }
    }

    /// Where it stands: everything up to here has been delivered.
    pub fn position(&self) -> Position {
        self.position
    }

    /// How many events of the log (of any kind) it is behind, as far as the feed knows.
    pub fn lag(&self) -> u64 {
        self.tail.head().0.saturating_sub(self.position.0)
    }

    /// The next events, as soon as there are any. Dropping the future loses nothing.
    ///
    /// # Errors
    /// [`LogError::Closed`] when the feed has ended; a fault that waiting cannot mend, such as a damaged event.
    /// Faults of the store are waited out.
    pub async fn next(&mut self) -> Result<Batch, LogError> {
        loop {
            let reached = *self.reached.borrow_and_update();
            if reached.closed {
                return Err(LogError::Closed);
            }
            let taken = match (reached.started, reached.stuck) {
                (true, false) => self.tail.take(&self.filter, self.position),
                (true, true) | (false, _) => Taken::TooOld,
            };
            let (events, position) = match taken {
                Taken::Events(events, position) if events.is_empty() => {
                    self.position = position;
                    self.wait().await?;
                    continue;
                }
                Taken::Events(events, position) => (events, position),
                Taken::TooOld => match self.catch_up().await {
                    Ok((events, position)) => (events, position),
                    Err(error) if is_passing(&error) => {
                        tracing::warn!(error = &error as &dyn Error, "a subscription cannot read the log");
                        self.backoff.pause().await;
                        continue;
                    }
                    Err(error) => return Err(error),
                },
            };
            self.backoff.reset();
            let stands = self.position == position;
            self.position = position;
            if !events.is_empty() {
                return Ok(Batch { events, position });
            }
            if stands {
                // Caught up before the tail has started: nothing to do until it moves.
                self.wait().await?;
            }
        }
    }

    /// One page from the log itself, and how far it reaches.
    async fn catch_up(&self) -> Result<(Vec<Arc<Recorded>>, Position), LogError> {
        let query = Query {
            filter: self.filter.clone(),
            direction: Direction::Forwards,
            from: Some(self.position),
            until: None,
            limit: self.tail.limits.page,
        };
        let page = self.tail.log.read(&query).await?;
        let full = page.events.len() == query.limit;
        let last = page.events.last().map(|event| event.position);
        let position = match last {
            Some(last) if full => last,
            Some(_) | None => page.head.max(self.position),
        };
        Ok((page.events.into_iter().map(Arc::new).collect(), position))
    }

    /// Waits until the tail has moved; when it cannot move, only until it is time to read again.
    async fn wait(&mut self) -> Result<(), LogError> {
        let reached = *self.reached.borrow();
        let moved = self.reached.changed();
        if reached.started && !reached.stuck {
            return moved.await.map_err(|_| LogError::Closed);
        }
        match tokio::time::timeout(self.tail.limits.reread, moved).await {
            Ok(Err(_)) => Err(LogError::Closed),
            Ok(Ok(())) | Err(_) => Ok(()),
        }
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.tail.leave();
    }
}
