//! Live reading: one tail per process that many subscribers share, so that 500 of them do not each ask the
//! database for the same events.

mod subscription;
mod tail;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use trunkline_kernel::Position;

use crate::{Filter, Log};

pub use subscription::{Batch, Subscription};
use tail::Tail;

/// Limits of a feed. Each field is a setting `feed.<name>` of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FeedLimits {
    /// Recent events kept in memory for all subscribers together. Default 20,000.
    pub tail_events_max: usize,
    /// Bytes of payloads kept with them. Default 32 MiB.
    pub tail_bytes_max: usize,
    /// Events that one read fetches and one batch holds at most. Default 500.
    pub page: usize,
    /// How long the feed trusts that no hint means no event, before it reads all the same. Default 500 ms.
    pub reread: Duration,
    /// The longest pause after a fault of the store; the first is 20 ms and doubles. Default 2 s.
    pub backoff_max: Duration,
    /// The pause between two deliveries for each subscriber there is, so that many subscribers get fewer and
    /// fuller batches. Default 20 µs, that is 10 ms for 500 subscribers.
    pub pace: Duration,
    /// The longest such pause. Default 20 ms.
    pub pace_max: Duration,
}

impl Default for FeedLimits {
    fn default() -> Self {
        Self {
            tail_events_max: 20_000,
            tail_bytes_max: 32 * 1024 * 1024,
            page: 500,
            reread: Duration::from_millis(500),
            backoff_max: Duration::from_secs(2),
            pace: Duration::from_micros(20),
            pace_max: Duration::from_millis(20),
        }
    }
}

/// The events of a log as they come. It ends when it is dropped; its subscriptions then end too.
pub struct Feed {
    tail: Arc<Tail>,
    follower: JoinHandle<()>,
}

impl Feed {
    /// Starts to follow a log from its present end. Works also while the log's store cannot be reached.
    pub fn start(log: Arc<dyn Log>, limits: FeedLimits) -> Self {
        let tail = Arc::new(Tail::new(log, limits));
        let follower = tokio::spawn(Arc::clone(&tail).follow());
        Self { tail, follower }
    }

    /// Follows the events after a position that the filter admits.
    pub fn subscribe(&self, filter: Filter, after: Position) -> Subscription {
        Subscription::new(Arc::clone(&self.tail), filter, after)
    }

    /// The last position that is ready for delivery.
    pub fn head(&self) -> Position {
        self.tail.head()
    }

    /// How many subscriptions there are.
    pub fn subscribers(&self) -> usize {
        self.tail.subscribers()
    }
}

impl Drop for Feed {
    fn drop(&mut self) {
        self.follower.abort();
        self.tail.close();
    }
}

/// Pauses after faults: the first 20 ms, each next one twice as long, up to a limit.
struct Backoff {
    next: Duration,
    max: Duration,
}

impl Backoff {
    const FIRST: Duration = Duration::from_millis(20);

    fn up_to(max: Duration) -> Self {
        Self { next: Self::FIRST.min(max), max }
    }

    async fn pause(&mut self) {
        tokio::time::sleep(self.next).await;
        self.next = (self.next * 2).min(self.max);
    }

    fn reset(&mut self) {
        self.next = Self::FIRST.min(self.max);
    }
}
