//! The search for agents, and the pool that they are found in.

use std::sync::Arc;

use async_graphql::{Context, ID, Object, SimpleObject};
use trunkline_app::cases::routing_of;
use trunkline_domain::routing::{self, RoutingState};
use trunkline_domain::words::Work;
use trunkline_kernel::{Aggregate as _, DecisionId, Id as _, RoutingId, StreamId, Version};
use trunkline_log::Log;
use trunkline_pool::Router;

use super::{Call, Lead, Reservation, RoutingDecision, Task};
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, StateOf, global};
use crate::view::View;

/// How many events of one search are read at once.
const PAGE: usize = 500;

/// Whether a call, a lead or a task is seen.
pub(super) async fn seen(view: &View, work: Work) -> ApiResult<bool> {
    let (kind, id) = match work {
        Work::Call(id) => ("call", id.uuid()),
        Work::Lead(id) => ("lead", id.uuid()),
        Work::Task(id) => ("task", id.uuid()),
    };
    Ok(!view.reads().seen(kind, &[id]).await?.is_empty())
}

/// The search for an agent for one piece of work.
pub(crate) struct Routing {
    id: RoutingId,
    work: Work,
    folded: routing::Routing,
    decision: Option<DecisionId>,
    view: View,
}

impl Routing {
    /// Reads a search from the log; nothing when no agent was ever asked for, or the work is not seen.
    ///
    /// # Errors
    /// When the log fails or holds an event that this build cannot read.
    pub(crate) async fn read(ctx: &Context<'_>, view: View, work: Work) -> ApiResult<Option<Self>> {
        let id = routing_of(work);
        let log = ctx.data_unchecked::<Arc<dyn Log>>();
        let (mut folded, mut decision) = (routing::Routing::default(), None);
        let mut version = Version::EMPTY;
        loop {
            let events = log.read_stream(&StreamId::of(id), version, PAGE).await?;
            for recorded in &events {
                let decoded = trunkline_domain::decode_as::<routing::Event>(recorded);
                for event in decoded.map_err(|error| ApiError::fault(&error))? {
                    folded.evolve(recorded.event.occurred_at, &event);
                    if let routing::Event::Offered(offered) = event {
                        decision = Some(offered.decision);
                    }
                }
                version = recorded.version;
            }
            if events.len() < PAGE {
                break;
            }
        }
        if version == Version::EMPTY || !seen(&view, work).await? {
            return Ok(None);
        }
        Ok(Some(Self { id, work, folded, decision, view }))
    }
}

/// The search for an agent for one piece of work.
#[Object]
impl Routing {
    /// The id, `routing:UUID`; the UUID is that of the work.
    async fn id(&self) -> ID {
        global(self.id)
    }

    /// How far it has come.
    async fn state(&self) -> StateOf<RoutingState> {
        self.folded.state().into()
    }

    /// The call, when the work is one.
    async fn call(&self) -> ApiResult<Option<Call>> {
        self.view.call(self.work.call()).await
    }

    /// The lead, when the work is one.
    async fn lead(&self) -> ApiResult<Option<Lead>> {
        self.view.lead(self.work.lead()).await
    }

    /// The task, when the work is one.
    async fn task(&self) -> ApiResult<Option<Task>> {
        self.view.task(self.work.task()).await
    }

    /// Since when an agent is wanted; absent when the work was offered by hand.
    async fn requested_at(&self) -> Option<DateTime> {
        self.folded.requested().map(|(at, _)| (*at).into())
    }

    /// The offers that stand, the best first.
    async fn offers(&self, ctx: &Context<'_>) -> ApiResult<Vec<Reservation>> {
        let mut offers = Vec::new();
        for offer in self.folded.pending() {
            offers.extend(Reservation::read(ctx, offer.reservation).await?);
        }
        Ok(offers)
    }

    /// The offer that was accepted.
    async fn assignment(&self, ctx: &Context<'_>) -> ApiResult<Option<Reservation>> {
        match self.folded.assigned() {
            Some(offer) => Reservation::read(ctx, offer.reservation).await,
            None => Ok(None),
        }
    }

    /// What the last offers follow from.
    async fn decision(&self, ctx: &Context<'_>) -> ApiResult<Option<RoutingDecision>> {
        match self.decision {
            Some(id) => RoutingDecision::read(ctx, id).await,
            None => Ok(None),
        }
    }
}

/// The pool of agents as this server knows it.
#[derive(SimpleObject)]
pub(crate) struct PoolStanding {
    /// How many agents there are.
    agents: u64,
    /// How many of them wait for work.
    available: u64,
    /// How many pieces of work wait for an agent.
    waiting: u64,
    /// Whether a pool is to be shared with other servers.
    shared: bool,
    /// Whether the shared pool does not answer: routing then goes on within each server, and the log keeps them apart.
    degraded: bool,
    /// Since when it does not answer.
    degraded_since: Option<DateTime>,
    /// The SHA-256 of the model that was activated; absent when none was.
    model_active: Option<String>,
    /// The SHA-256 of the model that scores on this server: the active one, the one before it when that cannot be used, or
    /// none, and then cosine similarity scores.
    model_scoring: Option<String>,
    /// Why the active model does not score here; absent when it does.
    model_trouble: Option<String>,
}

impl PoolStanding {
    pub(crate) fn of(router: &Router) -> Self {
        let (agents, available) = router.roster().count();
        let since = router.pool().degraded_since();
        let models = router.models().unwrap_or_default();
        Self {
            agents: agents as u64,
            available: available as u64,
            waiting: router.waiting() as u64,
            shared: router.pool().is_shared(),
            degraded: since.is_some(),
            degraded_since: since.map(DateTime::from),
            model_active: models.wanted.map(|hash| hash.to_string()),
            model_scoring: models.scoring.map(|hash| hash.to_string()),
            model_trouble: models.trouble,
        }
    }
}
