//! Anything by its id.

use async_graphql::{Context, ID, Object};
use trunkline_kernel::{
    AgentId, CallId, CampaignId, CustomerId, Id, InteractionId, LeadId, RecordingId, TaskId,
};

use crate::config::NODES_MAX;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{LogPosition, id_of};
use crate::types::Node;
use crate::view::View;

#[derive(Default)]
pub(crate) struct NodeQueries;

#[Object]
impl NodeQueries {
    /// The thing with this id.
    async fn node(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The id, `kind:UUID`.")] id: ID,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Option<Node>> {
        let view = View::at_least(ctx, min_position.map(|position| position.0)).await?;
        find(&view, "id", &id).await
    }

    /// The things with these ids, in the same order; null where there is none.
    #[graphql(complexity = "1 + ids.len().min(NODES_MAX) * child_complexity")]
    async fn nodes(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The ids, at most 100.")] ids: Vec<ID>,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Vec<Option<Node>>> {
        if ids.len() > NODES_MAX {
            return Err(ApiError::input("ids", format!("at most {NODES_MAX} ids can be given")));
        }
        let view = View::at_least(ctx, min_position.map(|position| position.0)).await?;
        // All of them are asked for at once, so that the look-ups of one kind share one statement.
        futures::future::try_join_all(ids.iter().map(|id| find(&view, "ids", id))).await
    }
}

async fn find(view: &View, field: &str, id: &ID) -> ApiResult<Option<Node>> {
    let kind = id.split_once(':').map(|(kind, _)| kind);
    Ok(match kind {
        Some(CustomerId::KIND) => view.customer(Some(typed(field, id)?)).await?.map(Node::Customer),
        Some(AgentId::KIND) => view.agent(Some(typed(field, id)?)).await?.map(Node::Agent),
        Some(CampaignId::KIND) => view.campaign(Some(typed(field, id)?)).await?.map(Node::Campaign),
        Some(LeadId::KIND) => view.lead(Some(typed(field, id)?)).await?.map(Node::Lead),
        Some(CallId::KIND) => view.call(Some(typed(field, id)?)).await?.map(Node::Call),
        Some(InteractionId::KIND) => view.interaction(Some(typed(field, id)?)).await?.map(Node::Interaction),
        Some(RecordingId::KIND) => view.recording(Some(typed(field, id)?)).await?.map(Node::Recording),
        Some(TaskId::KIND) => view.task(Some(typed(field, id)?)).await?.map(Node::Task),
        _ => {
            let message = format!("{:?} is not the id of a thing: give kind:UUID", id.as_str());
            return Err(ApiError::input(field, message));
        }
    })
}

fn typed<I: Id>(field: &str, id: &ID) -> ApiResult<I> {
    id_of(id).ok_or_else(|| ApiError::input(field, format!("{:?} has no UUID after the colon", id.as_str())))
}
