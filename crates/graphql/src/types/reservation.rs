//! Offers of work, read from their own short streams: no read model keeps them.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use trunkline_domain::reservation::{self, ReservationState};
use trunkline_kernel::{Aggregate as _, Id as _, ReservationId, StreamId, Version};
use trunkline_log::Log;

use super::{Agent, Call, Lead, Task};
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, StateOf, global};
use crate::view::View;

/// The most events of one offer; its machine ends after three.
const EVENTS_MAX: usize = 10;

/// An offer of work to one agent.
pub(crate) struct Reservation {
    id: ReservationId,
    state: ReservationState,
    offered: reservation::Offered,
    view: View,
}

impl Reservation {
    /// Reads an offer from the log.
    ///
    /// # Errors
    /// When the log fails or holds an event that this build cannot read.
    pub(crate) async fn read(ctx: &Context<'_>, id: ReservationId) -> ApiResult<Option<Self>> {
        let log = ctx.data_unchecked::<Arc<dyn Log>>();
        let events = log.read_stream(&StreamId::of(id), Version::EMPTY, EVENTS_MAX).await?;
        let mut folded = reservation::Reservation::default();
        let mut offered = None;
        for recorded in &events {
            let decoded = trunkline_domain::decode_as::<reservation::Event>(recorded);
            for event in decoded.map_err(|error| ApiError::fault(&error))? {
                folded.evolve(recorded.event.occurred_at, &event);
                if let reservation::Event::Offered(event) = event {
                    offered = Some(event);
                }
            }
        }
        let view = View::now(ctx);
        // An offer is seen with the agent to whom it is made.
        if let Some(offered) = &offered
            && view.reads().seen("agent", &[offered.agent.uuid()]).await?.is_empty()
        {
            return Ok(None);
        }
        Ok(offered.map(|offered| Self { id, state: folded.state(), offered, view }))
    }
}

/// An offer of work to one agent.
#[Object]
impl Reservation {
    /// The id, `reservation:UUID`.
    async fn id(&self) -> ID {
        global(self.id)
    }

    /// How it stands.
    async fn state(&self) -> StateOf<ReservationState> {
        self.state.into()
    }

    /// To whom the work is offered.
    async fn agent(&self) -> ApiResult<Option<Agent>> {
        self.view.agent(Some(self.offered.agent)).await
    }

    /// The call that is offered, when it is one.
    async fn call(&self) -> ApiResult<Option<Call>> {
        self.view.call(self.offered.work.call()).await
    }

    /// The lead that is offered, when it is one.
    async fn lead(&self) -> ApiResult<Option<Lead>> {
        self.view.lead(self.offered.work.lead()).await
    }

    /// The task that is offered, when it is one.
    async fn task(&self) -> ApiResult<Option<Task>> {
        self.view.task(self.offered.work.task()).await
    }

    /// The fencing token to answer under.
    async fn token(&self) -> u64 {
        self.offered.token
    }

    /// When the offer ends by itself.
    async fn expires_at(&self) -> DateTime {
        self.offered.expires_at.into()
    }
}
