//! The search for agents.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use trunkline_kernel::DecisionId;
use trunkline_pool::Router;

use crate::error::{ApiError, ApiResult};
use crate::mutation::WorkInput;
use crate::scalars::parse_id;
use crate::types::{PoolStanding, Routing, RoutingDecision};
use crate::view::View;

#[derive(Default)]
pub(crate) struct RoutingQueries;

#[Object]
impl RoutingQueries {
    /// The search for an agent for a piece of work, read from its own events; absent when no agent was ever asked for.
    async fn routing(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The call, the lead or the task.")] work: WorkInput,
    ) -> ApiResult<Option<Routing>> {
        let work = work.work().ok_or_else(|| ApiError::input("work", "not an id of that kind"))?;
        Routing::read(ctx, View::now(ctx), work).await
    }

    /// What was decided at one moment and from what: shortlist, scores, reasons in words and numbers, propensities.
    async fn routing_decision(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The decision.")] id: ID,
    ) -> ApiResult<Option<RoutingDecision>> {
        RoutingDecision::read(ctx, parse_id::<DecisionId>("id", &id)?).await
    }

    /// The pool of agents as this server knows it.
    async fn agent_pool(&self, ctx: &Context<'_>) -> PoolStanding {
        PoolStanding::of(ctx.data_unchecked::<Arc<Router>>())
    }
}
