//! Which of our own tokens were revoked before their end.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use parking_lot::RwLock;
use tokio::sync::watch;
use trunkline_domain::{Event, token};
use trunkline_kernel::{Clock, EventType, Millis, Position, Recorded, Timestamp, TokenId};
use trunkline_log::{Direction, Feed, Filter, Log, LogError, Query};

/// How many events are read at once.
const PAGE: usize = 500;

/// How long to wait before the log is read again after a fault.
const AGAIN: Duration = Duration::from_secs(1);

/// The tokens that were revoked and would not have ended yet by themselves. It follows the log, so that a revocation
/// by any server or command holds on all of them and after a restart.
pub struct Revocations {
    revoked: RwLock<HashMap<TokenId, Timestamp>>,
    changed: watch::Sender<Position>,
    clock: Arc<dyn Clock>,
}

impl Revocations {
    /// Reads what was revoked within the life of a token, `ttl_max`, before now.
    ///
    /// # Errors
    /// When the log cannot be read.
    pub async fn load(log: &dyn Log, ttl_max: Millis, clock: Arc<dyn Clock>) -> Result<Arc<Self>, LogError> {
        let started = clock.now();
        let (changed, _) = watch::channel(Position::START);
        let this = Self { revoked: RwLock::default(), changed, clock };
        let mut query =
            Query { filter: filter(), direction: Direction::Backwards, from: None, until: None, limit: PAGE };
        loop {
            let page = log.read(&query).await?;
            if query.from.is_none() {
                this.changed.send_replace(page.head);
            }
            page.events.iter().for_each(|event| this.learn(event));
            match page.events.last() {
                // Whatever was revoked before that has ended by itself.
                Some(oldest) if oldest.recorded_at.plus(ttl_max) < started => break,
                Some(oldest) if page.events.len() == PAGE => query.from = Some(oldest.position),
                Some(_) | None => break,
            }
        }
        Ok(Arc::new(this))
    }

    /// Learns of every further revocation, until the feed ends.
    pub async fn follow(self: Arc<Self>, feed: Arc<Feed>) {
        let mut events = feed.subscribe(filter(), *self.changed.borrow());
        drop(feed);
        loop {
            match events.next().await {
                Ok(batch) => {
                    batch.events.iter().for_each(|event| self.learn(event));
                    self.changed.send_replace(batch.position);
                }
                Err(LogError::Closed) => return,
                Err(error) => {
                    // Not to follow any more would let revoked tokens in; so it is tried as long as the server runs.
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "revocations cannot be followed"
                    );
                    tokio::time::sleep(AGAIN).await;
                }
            }
        }
    }

    /// Whether a token was revoked.
    pub fn contains(&self, token: TokenId) -> bool {
        self.revoked.read().contains_key(&token)
    }

    /// Waits until a token is revoked.
    pub async fn revoked(&self, token: TokenId) {
        let mut changed = self.changed.subscribe();
        if changed.wait_for(|_| self.contains(token)).await.is_err() {
            std::future::pending().await
        }
    }

    fn learn(&self, recorded: &Recorded) {
        let Some(id) = recorded.about::<TokenId>() else { return };
        let Ok(events) = Event::decode(recorded) else {
            tracing::error!(position = recorded.position.0, "a revocation cannot be read");
            return;
        };
        let now = self.clock.now();
        let mut revoked = self.revoked.write();
        for event in events {
            if let Event::Token(token::Event::Revoked(event)) = event {
                revoked.retain(|_, expires_at| *expires_at > now);
                revoked.insert(id, event.expires_at.plus(FORGET_AFTER));
            }
        }
    }
}

/// How long after its end a revoked token is remembered, because clocks differ. Longer than any clock skew that can be
/// configured.
const FORGET_AFTER: Millis = Millis::from_mins(60);

fn filter() -> Filter {
    Filter { types: vec![EventType::known("token.revoked")], ..Filter::default() }
}
