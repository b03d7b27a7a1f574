//! The most recent events, read once for everybody.

use std::collections::VecDeque;
use std::error::Error;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use parking_lot::RwLock;
use tokio::sync::watch;
use trunkline_kernel::{Position, Recorded};

use super::{Backoff, FeedLimits};
use crate::{Direction, Filter, Log, LogError, Query};

/// Where the tail is, as its subscribers are told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Reached {
    /// Whether the first look at the log has been had.
    pub(super) started: bool,
    pub(super) head: Position,
    /// The tail cannot go on: subscribers read for themselves and so meet the reason.
    pub(super) stuck: bool,
    pub(super) closed: bool,
}

pub(super) struct Tail {
    pub(super) log: Arc<dyn Log>,
    pub(super) limits: FeedLimits,
    ring: RwLock<Ring>,
    reached: watch::Sender<Reached>,
    subscribers: AtomicUsize,
}

/// All events after `start`, without a gap.
#[derive(Default)]
struct Ring {
    start: Position,
    events: VecDeque<Arc<Recorded>>,
    bytes: usize,
}

/// What the tail has after a position.
pub(super) enum Taken {
    /// The events that the filter admits, and how far it has looked.
    Events(Vec<Arc<Recorded>>, Position),
    /// It does not reach back so far.
    TooOld,
}

impl Tail {
    pub(super) fn new(log: Arc<dyn Log>, limits: FeedLimits) -> Self {
        Self {
            log,
            limits,
            ring: RwLock::default(),
            reached: watch::Sender::new(Reached::default()),
            subscribers: AtomicUsize::new(0),
        }
    }

    pub(super) fn head(&self) -> Position {
        self.reached.borrow().head
    }

    pub(super) fn watch(&self) -> watch::Receiver<Reached> {
        self.reached.subscribe()
    }

    pub(super) fn subscribers(&self) -> usize {
        self.subscribers.load(Ordering::Relaxed)
    }

    pub(super) fn join(&self) {
        self.subscribers.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn leave(&self) {
        self.subscribers.fetch_sub(1, Ordering::Relaxed);
    }

    pub(super) fn close(&self) {
        self.reached.send_modify(|reached| reached.closed = true);
    }

    /// The events after `after`, at most `limits.page` of them.
    pub(super) fn take(&self, filter: &Filter, after: Position) -> Taken {
        let ring = self.ring.read();
        if after < ring.start {
            return Taken::TooOld;
        }
        // A subscriber that has read for itself can be ahead of the ring.
        let skip = usize::try_from(after.0 - ring.start.0).unwrap_or(usize::MAX);
        let mut seen = after;
        let mut events = Vec::new();
        for event in ring.events.iter().skip(skip) {
            seen = event.position;
            if filter.admits(event) {
                events.push(Arc::clone(event));
                if events.len() == self.limits.page {
                    break;
                }
            }
        }
        Taken::Events(events, seen)
    }

    /// Follows the log for as long as it is polled. Faults of the store only delay it.
    pub(super) async fn follow(self: Arc<Self>) {
        let mut backoff = Backoff::up_to(self.limits.backoff_max);
        let mut hint = self.log.hint();
        loop {
            // Whatever was hinted until now is looked for by this read. A hint that ran ahead of what can be
            // read (trap 4) is then old, and the timer finds the event.
            hint.borrow_and_update();
            match self.advance().await {
                Ok(full) => {
                    backoff.reset();
                    self.pace().await;
                    if !full {
                        self.wait(&mut hint).await;
                    }
                }
                Err(error) => {
                    let stuck = !is_passing(&error);
                    self.reached
                        .send_if_modified(|reached| std::mem::replace(&mut reached.stuck, stuck) != stuck);
                    tracing::warn!(
                        error = &error as &dyn Error,
                        "the feed cannot read the log; trying again"
                    );
                    backoff.pause().await;
                }
            }
        }
    }

    /// Reads one page and says whether there may be more.
    async fn advance(&self) -> Result<bool, LogError> {
        let reached = *self.reached.borrow();
        if !reached.started {
            let head = self.log.head().await?;
            self.ring.write().start = head;
            self.reached.send_modify(|reached| {
                reached.started = true;
                reached.head = head;
            });
            return Ok(true);
        }
        let query = Query {
            filter: Filter::default(),
            direction: Direction::Forwards,
            from: Some(reached.head),
            until: None,
            limit: self.limits.page,
        };
        let page = self.log.read(&query).await?;
        let full = page.events.len() == self.limits.page;
        let head = page.events.last().map_or(reached.head, |last| last.position);
        self.ring.write().extend(page.events, &self.limits);
        self.reached.send_if_modified(|reached| {
            let news = head > reached.head || reached.stuck;
            reached.head = head;
            reached.stuck = false;
            news
        });
        Ok(full)
    }

    /// Lets events gather for as long as it takes to deliver the last ones.
    async fn pace(&self) {
        let subscribers = u32::try_from(self.subscribers()).unwrap_or(u32::MAX);
        let pause = self.limits.pace.saturating_mul(subscribers).min(self.limits.pace_max);
        // Below a millisecond a timer costs more than it spares.
        if pause.as_millis() > 0 {
            tokio::time::sleep(pause).await;
        }
    }

    /// Waits for a hint, or until one could have been lost.
    async fn wait(&self, hint: &mut watch::Receiver<Position>) {
        let told = async {
            if hint.changed().await.is_err() {
                // A log without hints any more is still read on the timer.
                std::future::pending::<()>().await;
            }
        };
        let _ = tokio::time::timeout(self.limits.reread, told).await;
    }
}

/// Whether trying again can help.
pub(super) fn is_passing(error: &LogError) -> bool {
    match error {
        LogError::Store(_) | LogError::Busy { .. } => true,
        LogError::Closed | LogError::Invalid { .. } | LogError::Damaged { .. } => false,
    }
}

impl Ring {
    fn extend(&mut self, events: Vec<Recorded>, limits: &FeedLimits) {
        for event in events {
            self.bytes += event.event.payload.as_str().len();
            self.events.push_back(Arc::new(event));
        }
        while self.events.len() > limits.tail_events_max || self.bytes > limits.tail_bytes_max {
            let Some(oldest) = self.events.pop_front() else { break };
            self.bytes -= oldest.event.payload.as_str().len();
            self.start = oldest.position;
        }
    }
}
