//! A pool in the memory of one process.

use std::collections::HashMap;
use std::time::Duration;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::time::Instant;
use trunkline_kernel::{AgentId, Position, Timestamp};
use uuid::Uuid;

use crate::port::{Claim, Pool, PoolError, Wanted};

/// A pool in the memory of one process.
#[derive(Debug, Default)]
pub struct MemoryPool {
    things: Mutex<Things>,
    heard: Mutex<HashMap<AgentId, Timestamp>>,
}

#[derive(Debug, Default)]
struct Things {
    last_token: u64,
    held: HashMap<Uuid, Held>,
}

#[derive(Debug)]
struct Held {
    token: u64,
    known: Position,
    until: Instant,
}

#[async_trait]
impl Pool for MemoryPool {
    async fn claim(&self, wanted: &[Wanted], length: Duration) -> Result<Vec<Option<Claim>>, PoolError> {
        let now = Instant::now();
        let mut things = self.things.lock();
        let mut claim = |wanted: &Wanted| {
            let free = |held: &Held| held.until <= now && held.known <= wanted.known;
            things.held.get(&wanted.id).is_none_or(free).then(|| {
                things.last_token += 1;
                let (id, token) = (wanted.id, things.last_token);
                things.held.insert(id, Held { token, known: wanted.known, until: now + length });
                Claim { id, token }
            })
        };
        Ok(wanted.iter().map(&mut claim).collect())
    }

    async fn settle(&self, claims: &[(Claim, Position)]) -> Result<(), PoolError> {
        let now = Instant::now();
        let mut things = self.things.lock();
        for (claim, known) in claims {
            if *known == Position::START {
                if things.held.get(&claim.id).is_some_and(|held| held.token == claim.token) {
                    things.held.remove(&claim.id);
                }
            } else if let Some(held) = things.held.get_mut(&claim.id).filter(|held| held.token == claim.token)
            {
                (held.until, held.known) = (now, held.known.max(*known));
            }
        }
        Ok(())
    }

    async fn heard(&self, agents: &[(AgentId, Timestamp)]) -> Result<(), PoolError> {
        let mut heard = self.heard.lock();
        for (agent, at) in agents {
            let last = heard.entry(*agent).or_insert(*at);
            *last = (*last).max(*at);
        }
        Ok(())
    }

    async fn silent(&self, before: Timestamp, most: usize) -> Result<Vec<(AgentId, Timestamp)>, PoolError> {
        let heard = self.heard.lock();
        let mut silent: Vec<_> =
            heard.iter().filter(|(_, at)| **at < before).map(|(agent, at)| (*agent, *at)).collect();
        silent.sort_unstable_by_key(|(agent, at)| (*at, *agent));
        silent.truncate(most);
        Ok(silent)
    }

    async fn forget(&self, agents: &[AgentId]) -> Result<(), PoolError> {
        let mut heard = self.heard.lock();
        agents.iter().for_each(|agent| {
            heard.remove(agent);
        });
        Ok(())
    }
}
