//! The port: what every pool does, whatever it stands on.

use std::time::Duration;

use async_trait::async_trait;
use trunkline_kernel::{AgentId, Position, Timestamp};
use uuid::Uuid;

/// A thing to be claimed: an agent or a piece of work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its id.
    pub id: Uuid,
    /// The last event of it that the caller knows of. Who knows less than somebody who claimed it before gets nothing.
    pub known: Position,
}

/// A claim that was won.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Claim {
    /// Of what.
    pub id: Uuid,
    /// Grows with every claim of the thing, whatever was lost meanwhile; who comes with an older one has lost it.
    pub token: u64,
}

/// A pool does not answer.
#[derive(Debug, thiserror::Error)]
#[error("the shared pool does not answer")]
pub struct PoolError(#[source] pub Box<dyn std::error::Error + Send + Sync>);

/// Where servers meet before they write: short claims, so that two of them do not decide on one agent at the same
/// moment, and signs of life of the agents' programs.
///
/// A pool may forget everything at any time. The log is the arbiter: a claim spares a conflict there and decides nothing,
/// and agents, work and offers are rebuilt from the log.
#[async_trait]
pub trait Pool: Send + Sync + 'static {
    /// Claims each thing that nobody else holds, for so long, in the order asked for; `None` for what is held.
    ///
    /// # Errors
    /// When the pool does not answer. Some of it may then be held until its time is over.
    async fn claim(&self, wanted: &[Wanted], length: Duration) -> Result<Vec<Option<Claim>>, PoolError>;

    /// Lets claims go; those that were lost meanwhile stay with whoever has them. The position is that of the last event
    /// of the thing, which others must know to claim it; at the start of the log the thing is forgotten.
    ///
    /// # Errors
    /// When the pool does not answer. The claims then end by their time.
    async fn settle(&self, claims: &[(Claim, Position)]) -> Result<(), PoolError>;

    /// Notes that these agents' programs were heard. An earlier sign of life does not undo a later one.
    ///
    /// # Errors
    /// When the pool does not answer.
    async fn heard(&self, agents: &[(AgentId, Timestamp)]) -> Result<(), PoolError>;

    /// The agents whose programs were heard once and not since `before`, the longest silent first.
    ///
    /// # Errors
    /// When the pool does not answer.
    async fn silent(&self, before: Timestamp, most: usize) -> Result<Vec<(AgentId, Timestamp)>, PoolError>;

    /// Expects no signs of life of these agents any more.
    ///
    /// # Errors
    /// When the pool does not answer.
    async fn forget(&self, agents: &[AgentId]) -> Result<(), PoolError>;
}
