//! What can be asked, and what comes back.

use serde::Serialize;
use serde::de::DeserializeOwned;
use trunkline_kernel::{
    Actor, Aggregate, CorrelationId, EventId, Id as _, Position, StreamId, Timestamp, TraceId,
};

use crate::{ActionError, Idempotency, Work};

/// What one request asks for. It can be performed several times, whenever another writer got in first, and only
/// the last time counts; so it does nothing but through [`Work`].
pub trait Action: Send + Sync {
    /// What the client gets back beside the position; stored with the idempotency key.
    type Answer: Serialize + DeserializeOwned + Send;

    /// Runs its commands.
    ///
    /// # Errors
    /// The first refusal or fault, after which nothing of it is appended.
    fn perform(&self, work: &mut Work<'_>) -> impl Future<Output = Result<Self::Answer, ActionError>> + Send;

    /// The stream that it is sure to write, when there is one: requests on the same stream then wait for each
    /// other in this process instead of meeting at the log.
    fn contends_on(&self) -> Option<StreamId> {
        None
    }
}

/// Who asks, and under what circumstances.
#[derive(Clone, Debug)]
pub struct Request {
    /// Who asks.
    pub actor: Actor,
    /// What makes a repetition recognisable.
    pub idempotency: Option<Idempotency>,
    /// What this is part of; a new one when absent.
    pub correlation: Option<CorrelationId>,
    /// The event that led to it, when a process manager asks.
    pub causation: Option<EventId>,
    /// The distributed trace it runs under.
    pub trace: Option<TraceId>,
    /// When it happened in the world; the present when absent. Imports of history give it.
    pub occurred_at: Option<Timestamp>,
}

impl Request {
    /// A request of this actor with nothing else said.
    pub fn by(actor: Actor) -> Self {
        Self { actor, idempotency: None, correlation: None, causation: None, trace: None, occurred_at: None }
    }
}

/// A request that was carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome<T> {
    /// What the action answered.
    pub answer: T,
    /// The position that the log has reached with it: what to pass as `minPosition`.
    pub position: Position,
    /// The events that it led to, in order.
    pub events: Vec<EventId>,
    /// Whether this is the stored answer to an earlier request with the same key.
    pub repeated: bool,
}

/// One command on one aggregate.
#[derive(Clone, Debug)]
pub struct Single<A: Aggregate> {
    /// Which one.
    pub id: A::Id,
    /// What is asked of it.
    pub command: A::Command,
}

impl<A> Action for Single<A>
where
    A: Aggregate,
    A::Id: Serialize + DeserializeOwned,
    A::Command: Clone + Sync,
{
    type Answer = uuid::Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<uuid::Uuid, ActionError> {
        work.run::<A>(self.id, self.command.clone()).await?;
        Ok(self.id.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.id))
    }
}
