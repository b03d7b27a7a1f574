//! The pool that a server uses: the shared one while it answers, its own while it does not.

use std::sync::Arc;
use std::time::Duration;

use parking_lot::Mutex;
use tokio::time::Instant;
use trunkline_kernel::{AgentId, Clock, Position, Timestamp};

use crate::memory::MemoryPool;
use crate::port::{Claim, Pool, PoolError, Wanted};

/// How long a shared pool that did not answer is left alone, so that not every decision waits for it.
const LEFT_ALONE: Duration = Duration::from_secs(1);

/// The pool that a server uses. While the shared one does not answer, this server's own claims still keep its decisions
/// apart; those of other servers meet at the log.
pub struct AgentPool {
    own: MemoryPool,
    shared: Option<Arc<dyn Pool>>,
    clock: Arc<dyn Clock>,
    alone: Mutex<Option<Alone>>,
}

#[derive(Clone, Copy)]
struct Alone {
    since: Timestamp,
    try_again: Instant,
}

impl AgentPool {
    /// A pool of this process, and one that it shares with others when there is one.
    pub fn new(shared: Option<Arc<dyn Pool>>, clock: Arc<dyn Clock>) -> Self {
        Self { own: MemoryPool::default(), shared, clock, alone: Mutex::default() }
    }

    /// Whether a pool is to be shared with other servers.
    pub fn is_shared(&self) -> bool {
        self.shared.is_some()
    }

    /// Since when the shared pool has not answered; nothing while it does, and where there is none.
    pub fn degraded_since(&self) -> Option<Timestamp> {
        self.alone.lock().map(|alone| alone.since)
    }

    /// Claims each thing that nobody else holds, in the order asked for.
    pub async fn claim(&self, wanted: &[Wanted], length: Duration) -> Vec<Option<Claim>> {
        if let Some(shared) = self.shared()
            && let Some(claims) = self.told(shared.claim(wanted, length).await)
        {
            return claims;
        }
        // It has no way to fail.
        self.own.claim(wanted, length).await.unwrap_or_default()
    }

    /// Lets claims go.
    pub async fn settle(&self, claims: &[(Claim, Position)]) {
        if let Some(shared) = self.shared() {
            self.told(shared.settle(claims).await);
        }
        // Tokens of the shared pool are none of this one's, and are ignored there.
        let _ = self.own.settle(claims).await;
    }

    /// Notes that an agent's program was heard.
    pub async fn heard(&self, agent: AgentId, at: Timestamp) {
        let _ = self.own.heard(&[(agent, at)]).await;
        if let Some(shared) = self.shared() {
            self.told(shared.heard(&[(agent, at)]).await);
        }
    }

    /// The agents whose programs were heard once and not since `before`. Nobody is silent as far as one server knows
    /// while others cannot be asked: an agent's program may speak with any.
    pub async fn silent(&self, before: Timestamp, most: usize) -> Vec<(AgentId, Timestamp)> {
        let own = self.own.silent(before, most).await.unwrap_or_default();
        if self.shared.is_none() {
            return own;
        }
        let Some(shared) = self.shared() else { return Vec::new() };
        // A shared pool that has lost what it knew learns it again from whoever heard it.
        if self.told(shared.heard(&own).await).is_none() {
            return Vec::new();
        }
        self.told(shared.silent(before, most).await).unwrap_or_default()
    }

    /// Expects no signs of life of an agent any more.
    pub async fn forget(&self, agent: AgentId) {
        let _ = self.own.forget(&[agent]).await;
        if let Some(shared) = self.shared() {
            self.told(shared.forget(&[agent]).await);
        }
    }

    /// The shared pool, unless it is left alone for now.
    fn shared(&self) -> Option<&Arc<dyn Pool>> {
        let rests = self.alone.lock().is_some_and(|alone| Instant::now() < alone.try_again);
        self.shared.as_ref().filter(|_| !rests)
    }

    /// What the shared pool said, and whether it did.
    fn told<T>(&self, answer: Result<T, PoolError>) -> Option<T> {
        let mut alone = self.alone.lock();
        match answer {
            Ok(answer) => {
                if alone.take().is_some() {
                    tracing::info!("the shared pool answers again");
                }
                Some(answer)
            }
            Err(error) => {
                if alone.is_none() {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(
                        error,
                        "the shared pool does not answer: routing goes on within this server"
                    );
                }
                let since = alone.map_or_else(|| self.clock.now(), |alone| alone.since);
                *alone = Some(Alone { since, try_again: Instant::now() + LEFT_ALONE });
                None
            }
        }
    }
}
