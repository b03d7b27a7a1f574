//! What a mutation is done to must be in its caller's scope. What is not looks like what does not exist.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use async_graphql::Context;
use trunkline_access::Scope;
use trunkline_app::{Dispatcher, Refused};
use trunkline_domain::{
    agent, call, campaign, customer, grant, interaction, lead, recording, reservation, task,
};
use trunkline_kernel::{AgentId, Id as _, ReservationId, StreamId, Version};
use trunkline_log::Log;
use trunkline_projections::ReadModels;
use uuid::Uuid;

use super::Seer;
use super::rules::{Rule, permission_of, rule};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::view::View;

/// A thing that an input names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    /// The kind of its id.
    pub kind: &'static str,
    /// Its id.
    pub id: Uuid,
    /// The field that names it.
    pub field: String,
}

/// Looks at everything that a mutation's input names by id. Gives the refusal of the first thing that its caller does
/// not see by a role that may do this, the same that a thing gets which does not exist.
///
/// # Errors
/// `NOT_PERMITTED` when no role of the caller may do this at all, and faults.
pub(crate) async fn unseen_target(ctx: &Context<'_>, named: &[Named]) -> ApiResult<Option<Refused>> {
    let seer = ctx.data_unchecked::<Seer>();
    let field = ctx.field().name();
    let Some(permission) = permission_of(field) else {
        // What is open to everybody looks at its targets itself.
        if rule("Mutation", field) == Some(Rule::Open) || *seer.scope() == Scope::everything() {
            return Ok(None);
        }
        return Err(ApiError::new(
            ErrorCode::NotPermitted,
            format!("You are not permitted to use `{field}`."),
        ));
    };
    let scope = seer.to_do(permission);
    if scope.sees_all() {
        return Ok(None);
    }
    let reads = View::now(ctx).reads().seen_by(Arc::new(scope));
    if first_unseen(ctx, &reads, named).await?.is_none() {
        return Ok(None);
    }
    // It can have been made a moment ago: the read models may not have it yet.
    let dispatcher = ctx.data_unchecked::<Arc<Dispatcher>>();
    reads.reach(Some(dispatcher.head().await?), &trunkline_projections::ReadModel::ALL).await?;
    let unseen = first_unseen(ctx, &reads, named).await?;
    Ok(unseen.and_then(|named| Some(Refused { field: Some(named.field.clone()), ..unknown(named.kind)? })))
}

async fn first_unseen<'a>(
    ctx: &Context<'_>,
    reads: &ReadModels,
    named: &'a [Named],
) -> ApiResult<Option<&'a Named>> {
    let mut kinds: BTreeMap<&str, Vec<Uuid>> = BTreeMap::new();
    // What has no refusal of its own is nobody's: claims, events.
    for thing in named.iter().filter(|thing| unknown(thing.kind).is_some()) {
        kinds.entry(thing.kind).or_default().push(thing.id);
    }
    for (kind, ids) in kinds {
        let seen = if kind == ReservationId::KIND {
            let mut seen = BTreeSet::new();
            for id in &ids {
                if sees_reservation(ctx.data_unchecked::<Arc<dyn Log>>(), reads, *id).await? {
                    seen.insert(*id);
                }
            }
            seen
        } else {
            reads.seen(kind, &ids).await?
        };
        if let Some(unseen) = named.iter().find(|thing| thing.kind == kind && !seen.contains(&thing.id)) {
            return Ok(Some(unseen));
        }
    }
    Ok(None)
}

/// Whether an offer is one to an agent who is seen: no read model keeps offers.
async fn sees_reservation(log: &Arc<dyn Log>, reads: &ReadModels, id: Uuid) -> ApiResult<bool> {
    let stream = StreamId::of(ReservationId::from_uuid(id));
    let events = log.read_stream(&stream, Version::EMPTY, 1).await?;
    match events.first().and_then(|offered| offered.event.tags.id::<AgentId>()) {
        Some(agent) => Ok(!reads.seen("agent", &[agent.uuid()]).await?.is_empty()),
        None => Ok(false),
    }
}

/// The refusal that a thing of this kind gets which does not exist.
fn unknown(kind: &str) -> Option<Refused> {
    Some(match kind {
        "agent" => agent::Refusal::Unknown.into(),
        "call" => call::Refusal::Unknown.into(),
        "campaign" => campaign::Refusal::Unknown.into(),
        "customer" => customer::Refusal::Unknown.into(),
        "grant" => grant::Refusal::Unknown.into(),
        "interaction" => interaction::Refusal::Unknown.into(),
        "lead" => lead::Refusal::Unknown.into(),
        "recording" => recording::Refusal::Unknown.into(),
        "reservation" => reservation::Refusal::Unknown.into(),
        "task" => task::Refusal::Unknown.into(),
        _ => return None,
    })
}
