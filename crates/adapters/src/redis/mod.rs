//! A pool that several servers share, in Redis.

use std::time::Duration;

use async_trait::async_trait;
use redis::aio::{ConnectionManager, ConnectionManagerConfig};
use redis::{AsyncCommands as _, Client, RedisError, Script};
use trunkline_kernel::{AgentId, Id as _, Position, Timestamp};
use trunkline_pool::{Claim, Pool, PoolError, Wanted};
use uuid::Uuid;

/// What all keys begin with.
const PREFIX: &str = "trunkline:pool";
/// How long what is known of a thing is kept after it was claimed last.
const KEPT: Duration = Duration::from_secs(24 * 3_600);
/// How long a command may take, connecting included.
const PATIENCE: Duration = Duration::from_millis(500);

/// A pool that several servers share, in Redis. Claims are scripts that Redis runs as one; times are those of its clock.
pub struct RedisPool {
    connection: ConnectionManager,
    claim: Script,
    settle: Script,
    heard: String,
}

/// The address of a Redis server cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("the address of Redis cannot be used")]
pub struct InvalidRedis(#[source] RedisError);

impl RedisPool {
    /// A pool in the server at this address. It need not be there yet; within a runtime only.
    ///
    /// # Errors
    /// When the address is not one.
    pub fn new(url: &str) -> Result<Self, InvalidRedis> {
        let config = ConnectionManagerConfig::new()
            .set_number_of_retries(0)
            .set_connection_timeout(Some(PATIENCE))
            .set_response_timeout(Some(PATIENCE));
        let client = Client::open(url).map_err(InvalidRedis)?;
        Ok(Self {
            connection: ConnectionManager::new_lazy_with_config(client, config).map_err(InvalidRedis)?,
            claim: Script::new(include_str!("claim.lua")),
            settle: Script::new(include_str!("settle.lua")),
            heard: format!("{PREFIX}:heard"),
        })
    }
}

fn key(id: Uuid) -> String {
    format!("{PREFIX}:thing:{id}")
}

fn failed(error: RedisError) -> PoolError {
    PoolError(Box::new(error))
}

#[async_trait]
impl Pool for RedisPool {
    async fn claim(&self, wanted: &[Wanted], length: Duration) -> Result<Vec<Option<Claim>>, PoolError> {
        if wanted.is_empty() {
            return Ok(Vec::new());
        }
        let mut call = self.claim.prepare_invoke();
        call.arg(millis(length)).arg(millis(KEPT));
        for Wanted { id, known } in wanted {
            call.key(key(*id)).arg(known.0);
        }
        let tokens: Vec<u64> = call.invoke_async(&mut self.connection.clone()).await.map_err(failed)?;
        let claims = wanted.iter().zip(tokens).map(|(wanted, token)| {
            let id = wanted.id;
            (token > 0).then_some(Claim { id, token })
        });
        Ok(claims.collect())
    }

    async fn settle(&self, claims: &[(Claim, Position)]) -> Result<(), PoolError> {
        if claims.is_empty() {
            return Ok(());
        }
        let mut call = self.settle.prepare_invoke();
        call.arg(millis(KEPT));
        for (claim, known) in claims {
            call.key(key(claim.id)).arg(claim.token).arg(known.0);
        }
        call.invoke_async(&mut self.connection.clone()).await.map_err(failed)
    }

    async fn heard(&self, agents: &[(AgentId, Timestamp)]) -> Result<(), PoolError> {
        if agents.is_empty() {
            return Ok(());
        }
        let mut add = redis::cmd("ZADD");
        add.arg(&self.heard).arg("GT");
        for (agent, at) in agents {
            add.arg(at.micros() / 1_000).arg(agent.uuid().to_string());
        }
        add.exec_async(&mut self.connection.clone()).await.map_err(failed)
    }

    async fn silent(&self, before: Timestamp, most: usize) -> Result<Vec<(AgentId, Timestamp)>, PoolError> {
        let mut connection = self.connection.clone();
        let least = "-inf";
        let limit = isize::try_from(most).unwrap_or(isize::MAX);
        let until = format!("({}", before.micros() / 1_000);
        let found: Vec<(String, i64)> = connection
            .zrangebyscore_limit_withscores(&self.heard, least, until, 0, limit)
            .await
            .map_err(failed)?;
        let agent = |(id, at): (String, i64)| Some((id.parse().ok()?, Timestamp::from_millis(at)));
        Ok(found.into_iter().filter_map(agent).collect())
    }

    async fn forget(&self, agents: &[AgentId]) -> Result<(), PoolError> {
        if agents.is_empty() {
            return Ok(());
        }
        let names: Vec<String> = agents.iter().map(|agent| agent.uuid().to_string()).collect();
        self.connection.clone().zrem::<_, _, ()>(&self.heard, names).await.map_err(failed)
    }
}

fn millis(length: Duration) -> u64 {
    u64::try_from(length.as_millis()).unwrap_or(u64::MAX)
}
