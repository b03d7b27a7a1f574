//! The read models as they change: each message is a thing in its new state, with the position to resume after.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use async_graphql::{Context, ID, SimpleObject, Subscription};
use futures::stream::{self, BoxStream};
use futures::{StreamExt as _, TryStreamExt as _};
use trunkline_kernel::{
    AgentId, CallId, CampaignId, CustomerId, Id, LeadId, Position, Recorded, Tag, TaskId,
};
use trunkline_log::{Batch, Filter};
use trunkline_projections::{ReadError, ReadModel, ReadModels};

use super::log::batches;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, LogPosition, parse_id};
use crate::types::{Agent, Call, Campaign, Customer, Lead, Task};
use crate::view::View;

macro_rules! changes {
    ($($(#[doc = $doc:literal])+ $change:ident { $(#[doc = $field_doc:literal])+ $field:ident: $node:ident })+) => {$(
        $(#[doc = $doc])+
        #[derive(SimpleObject)]
        pub(crate) struct $change {
            /// The last event that concerned it: give it as `after` to go on from here.
            position: LogPosition,
            /// That event's type.
            event_type: String,
            /// When that event happened.
            occurred_at: DateTime,
            $(#[doc = $field_doc])+
            $field: $node,
        }

        impl $change {
            fn of((event, $field): (Arc<Recorded>, $node)) -> Self {
                Self {
                    position: event.position.into(),
                    event_type: event.event.event_type.to_string(),
                    occurred_at: event.event.occurred_at.into(),
                    $field,
                }
            }
        }
    )+};
}

changes! {
    /// A change of a customer.
    CustomerChange {
        /// The customer as the customer now is.
        customer: Customer
    }
    /// A change of an agent.
    AgentChange {
        /// The agent as the agent now is.
        agent: Agent
    }
    /// A change of a task.
    TaskChange {
        /// The task as it now is.
        task: Task
    }
    /// A change of a call.
    CallChange {
        /// The call as it now is.
        call: Call
    }
    /// A change of a campaign.
    CampaignChange {
        /// The campaign as it now is.
        campaign: Campaign
    }
    /// A change of a lead.
    LeadChange {
        /// The lead as it now is.
        lead: Lead
    }
}

#[derive(Default)]
pub(crate) struct ChangeSubscriptions;

#[Subscription]
impl ChangeSubscriptions {
    /// Customers whose picture changes: profile, consent, calls, interactions, tasks and scores alike.
    async fn customer_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this customer; all when absent.")] id: Option<ID>,
        #[graphql(desc = "Begin after this position; with what changes from now on when absent.")]
        after: Option<LogPosition>,
    ) -> Result<BoxStream<'static, ApiResult<CustomerChange>>, ApiError> {
        let id: Option<CustomerId> = id.map(|id| parse_id("id", &id)).transpose()?;
        let filter = Filter { tags: id.map(Tag::of).into_iter().collect(), ..Filter::default() };
        let about = |recorded: &Recorded| recorded.about::<CustomerId>();
        let changes = follow(ctx, filter, after, &[ReadModel::Customer360], about).await?;
        let load = |view: View, id| async move { view.customer(Some(id)).await };
        Ok(load_each(changes, load).map_ok(CustomerChange::of).boxed())
    }

    /// Agents whose presence or profile changes.
    async fn agent_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this agent; all when absent.")] id: Option<ID>,
        #[graphql(desc = "Begin after this position; with what changes from now on when absent.")]
        after: Option<LogPosition>,
    ) -> Result<BoxStream<'static, ApiResult<AgentChange>>, ApiError> {
        let filter = own_filter::<AgentId>(id)?;
        let changes = follow(ctx, filter, after, &[ReadModel::AgentAvailability], own::<AgentId>).await?;
        let load = |view: View, id| async move { view.agent(Some(id)).await };
        Ok(load_each(changes, load).map_ok(AgentChange::of).boxed())
    }

    /// Tasks that change.
    async fn task_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this task; all when absent.")] id: Option<ID>,
        #[graphql(desc = "Begin after this position; with what changes from now on when absent.")]
        after: Option<LogPosition>,
    ) -> Result<BoxStream<'static, ApiResult<TaskChange>>, ApiError> {
        let filter = own_filter::<TaskId>(id)?;
        let changes = follow(ctx, filter, after, &[ReadModel::TaskBoard], own::<TaskId>).await?;
        let load = |view: View, id| async move { view.task(Some(id)).await };
        Ok(load_each(changes, load).map_ok(TaskChange::of).boxed())
    }

    /// Calls that change.
    async fn call_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this call; all when absent.")] id: Option<ID>,
        #[graphql(desc = "Begin after this position; with what changes from now on when absent.")]
        after: Option<LogPosition>,
    ) -> Result<BoxStream<'static, ApiResult<CallChange>>, ApiError> {
        let filter = own_filter::<CallId>(id)?;
        let changes = follow(ctx, filter, after, &[ReadModel::Kpi], own::<CallId>).await?;
        let load = |view: View, id| async move { view.call(Some(id)).await };
        Ok(load_each(changes, load).map_ok(CallChange::of).boxed())
    }

    /// Campaigns that change.
    async fn campaign_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this campaign; all when absent.")] id: Option<ID>,
        #[graphql(desc = "Begin after this position; with what changes from now on when absent.")]
        after: Option<LogPosition>,
    ) -> Result<BoxStream<'static, ApiResult<CampaignChange>>, ApiError> {
        let filter = own_filter::<CampaignId>(id)?;
        let changes = follow(ctx, filter, after, &[ReadModel::Outreach], own::<CampaignId>).await?;
        let load = |view: View, id| async move { view.campaign(Some(id)).await };
        Ok(load_each(changes, load).map_ok(CampaignChange::of).boxed())
    }

    /// Leads that change.
    async fn lead_changes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only this lead; all when absent.")] id: Option<ID>,
        #[graphql(desc = "Begin after this position; with what changes from now on when absent.")]
        after: Option<LogPosition>,
    ) -> Result<BoxStream<'static, ApiResult<LeadChange>>, ApiError> {
        let filter = own_filter::<LeadId>(id)?;
        let changes = follow(ctx, filter, after, &[ReadModel::Outreach], own::<LeadId>).await?;
        let load = |view: View, id| async move { view.lead(Some(id)).await };
        Ok(load_each(changes, load).map_ok(LeadChange::of).boxed())
    }
}

/// The id of the stream itself.
fn own<I: Id>(recorded: &Recorded) -> Option<I> {
    recorded.stream.id()
}

/// The events of one thing, or of all things of its kind.
fn own_filter<I: Id>(id: Option<ID>) -> ApiResult<Filter> {
    Ok(match id {
        Some(id) => {
            let id: I = parse_id("id", &id)?;
            Filter { stream: Some(trunkline_kernel::StreamId::of(id)), ..Filter::default() }
        }
        None => Filter { category: Some(I::KIND.to_owned()), ..Filter::default() },
    })
}

/// Things that have changed, in the order of the last event of each, and a view that has all of it.
struct Changed<I> {
    things: Vec<(I, Arc<Recorded>)>,
    view: View,
}

/// The things that batches of events concern, as soon as the read models have the events.
async fn follow<I>(
    ctx: &Context<'_>,
    filter: Filter,
    after: Option<LogPosition>,
    models: &'static [ReadModel],
    about: fn(&Recorded) -> Option<I>,
) -> ApiResult<BoxStream<'static, ApiResult<Changed<I>>>>
where
    I: Copy + Eq + Hash + Send + Sync + 'static,
{
    let view = View::of_subscription(ctx);
    let batches = batches(ctx, filter, after.map(|after| after.0)).await?;
    let changes = batches.and_then(move |batch| {
        let view = view();
        async move {
            reach(view.reads(), batch.position, models).await?;
            Ok(Changed { things: last_events(batch, about), view })
        }
    });
    Ok(changes.boxed())
}

/// Waits for the read models for as long as it takes: a subscription outlives a rebuild.
pub(super) async fn reach(reads: &ReadModels, position: Position, models: &[ReadModel]) -> ApiResult<()> {
    loop {
        match reads.reach(Some(position), models).await {
            Err(ReadError::NotReached { .. }) => {}
            reached => return Ok(reached?),
        }
    }
}

/// Each thing once, with its last event, in the order of these events: whoever resumes after one of them has seen
/// everything before it.
fn last_events<I: Copy + Eq + Hash>(
    batch: Batch,
    about: fn(&Recorded) -> Option<I>,
) -> Vec<(I, Arc<Recorded>)> {
    let mut last = HashMap::new();
    for event in batch.events {
        if let Some(id) = about(&event) {
            last.insert(id, event);
        }
    }
    let mut things: Vec<_> = last.into_iter().collect();
    things.sort_unstable_by_key(|(_, event)| event.position);
    things
}

/// Loads everything that has changed together; what no read model knows is left out.
fn load_each<I, N, F>(
    changes: BoxStream<'static, ApiResult<Changed<I>>>,
    load: fn(View, I) -> F,
) -> impl futures::Stream<Item = ApiResult<(Arc<Recorded>, N)>> + Send
where
    I: Copy + Send + Sync + 'static,
    N: Send + 'static,
    F: Future<Output = ApiResult<Option<N>>> + Send + 'static,
{
    changes
        .and_then(move |changed| async move {
            let loads = changed.things.into_iter().map(|(id, event)| {
                let node = load(changed.view.clone(), id);
                async move { Ok::<_, ApiError>(node.await?.map(|node| (event, node))) }
            });
            let loaded = futures::future::try_join_all(loads).await?;
            Ok(stream::iter(loaded.into_iter().flatten().map(Ok)))
        })
        .try_flatten()
}
