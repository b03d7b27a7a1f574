//! What every mutation answers: the thing it was done to, what was wrong, the position and the event ids.

use std::sync::Arc;

use async_graphql::{Context, ID, Object};
use trunkline_app::Authority;
use trunkline_kernel::{
    AgentId, CallId, CampaignId, CustomerId, GrantId, Id, InteractionId, LeadId, RecordingId, ReservationId,
    RightsRequestId, TaskId,
};

use super::carry_out::Done;
use super::edge::UserError;
use crate::error::ApiResult;
use crate::scalars::{LogPosition, global};
use crate::types::{
    Agent, Call, Campaign, Customer, Grant, Interaction, Lead, Recording, Reservation, RightsRequest, Task,
};
use crate::view::View;

macro_rules! payloads {
    ($($(#[doc = $doc:literal])+ $payload:ident of $id:ident as $field:ident: $node:ident;)+) => {$(
        $(#[doc = $doc])+
        pub(crate) struct $payload(pub Done);

        $(#[doc = $doc])+
        #[Object]
        impl $payload {
            /// The id of the thing; absent when nothing was done.
            async fn id(&self) -> Option<ID> {
                self.0.id.map(|uuid| global($id::from_uuid(uuid)))
            }

            /// The thing as the read models have it, once they have got to `position`.
            #[graphql(complexity = "5 + child_complexity")]
            async fn $field(&self, ctx: &Context<'_>) -> ApiResult<Option<$node>> {
                let Some(uuid) = self.0.id else { return Ok(None) };
                // Other mutations of the same request may have looked the thing up in an older state.
                let now = View::now(ctx);
                let view = now.beside(now.reads().clone());
                view.reach(self.0.position).await?;
                view.$field(Some($id::from_uuid(uuid))).await
            }

            /// Why nothing was done; empty when it was.
            async fn user_errors(&self) -> &[UserError] {
                &self.0.errors
            }

            /// The position that the log has reached with it: give it as `minPosition` to read what was written.
            async fn position(&self) -> Option<LogPosition> {
                self.0.position.map(LogPosition)
            }

            /// The events that it led to, in order.
            async fn event_ids(&self) -> Vec<ID> {
                self.0.events.iter().map(|event| global(*event)).collect()
            }

            /// Whether this is the stored answer to an earlier request with the same idempotency key.
            async fn repeated(&self) -> bool {
                self.0.repeated
            }
        }
    )+};
}

payloads! {
    /// What a mutation of a customer did.
    CustomerPayload of CustomerId as customer: Customer;
    /// What a mutation of an agent did.
    AgentPayload of AgentId as agent: Agent;
    /// What a mutation of a campaign did.
    CampaignPayload of CampaignId as campaign: Campaign;
    /// What a mutation of a lead did.
    LeadPayload of LeadId as lead: Lead;
    /// What a mutation of a call did.
    CallPayload of CallId as call: Call;
    /// What a mutation of an interaction did.
    InteractionPayload of InteractionId as interaction: Interaction;
    /// What a mutation of a task did.
    TaskPayload of TaskId as task: Task;
    /// What a mutation of a recording did.
    RecordingPayload of RecordingId as recording: Recording;
}

/// What a mutation of a rights request did.
pub(crate) struct RightsRequestPayload(pub Done);

/// What a mutation of a rights request did.
#[Object]
impl RightsRequestPayload {
    /// The id of the request; absent when nothing was done.
    async fn id(&self) -> Option<ID> {
        self.0.id.map(|uuid| global(RightsRequestId::from_uuid(uuid)))
    }

    /// How the request stands, read from its own events.
    #[graphql(complexity = "5 + child_complexity")]
    async fn rights_request(&self, ctx: &Context<'_>) -> ApiResult<Option<RightsRequest>> {
        match self.0.id {
            Some(uuid) => RightsRequest::read(ctx, RightsRequestId::from_uuid(uuid)).await,
            None => Ok(None),
        }
    }

    /// Why nothing was done; empty when it was.
    async fn user_errors(&self) -> &[UserError] {
        &self.0.errors
    }

    /// The position that the log has reached with it: give it as `minPosition` to read what was written.
    async fn position(&self) -> Option<LogPosition> {
        self.0.position.map(LogPosition)
    }

    /// The events that it led to, in order.
    async fn event_ids(&self) -> Vec<ID> {
        self.0.events.iter().map(|event| global(*event)).collect()
    }

    /// Whether this is the answer to an earlier request.
    async fn repeated(&self) -> bool {
        self.0.repeated
    }
}

/// What a mutation of a grant did.
pub(crate) struct GrantPayload(pub Done);

/// What a mutation of a grant did.
#[Object]
impl GrantPayload {
    /// The id of the grant; absent when nothing was done.
    async fn id(&self) -> Option<ID> {
        self.0.id.map(|uuid| global(GrantId::from_uuid(uuid)))
    }

    /// The grant as it is in force; absent when it is over.
    async fn grant(&self, ctx: &Context<'_>) -> Option<Grant> {
        let in_force = ctx.data_unchecked::<Arc<Authority>>().in_force();
        in_force.into_iter().find(|grant| Some(grant.id.uuid()) == self.0.id).map(Grant)
    }

    /// Why nothing was done; empty when it was.
    async fn user_errors(&self) -> &[UserError] {
        &self.0.errors
    }

    /// The position that the log has reached with it: give it as `minPosition` to read what was written.
    async fn position(&self) -> Option<LogPosition> {
        self.0.position.map(LogPosition)
    }

    /// The events that it led to, in order.
    async fn event_ids(&self) -> Vec<ID> {
        self.0.events.iter().map(|event| global(*event)).collect()
    }

    /// Whether this is the stored answer to an earlier request with the same idempotency key.
    async fn repeated(&self) -> bool {
        self.0.repeated
    }
}

/// A masked value, shown.
pub(crate) struct RevealPayload {
    pub done: Done,
    pub value: Option<String>,
}

/// A masked value, shown.
#[Object]
impl RevealPayload {
    /// The id of the grant under which it was shown; absent when it was not.
    async fn id(&self) -> Option<ID> {
        self.done.id.map(|uuid| global(GrantId::from_uuid(uuid)))
    }

    /// The value in the clear; absent when it was not shown, or cannot be read any more.
    async fn value(&self) -> Option<&str> {
        self.value.as_deref()
    }

    /// Why it was not shown; empty when it was.
    async fn user_errors(&self) -> &[UserError] {
        &self.done.errors
    }

    /// The position of the event that says that it was shown.
    async fn position(&self) -> Option<LogPosition> {
        self.done.position.map(LogPosition)
    }

    /// The event that says that it was shown.
    async fn event_ids(&self) -> Vec<ID> {
        self.done.events.iter().map(|event| global(*event)).collect()
    }

    /// Whether this is the stored answer to an earlier request with the same idempotency key.
    async fn repeated(&self) -> bool {
        self.done.repeated
    }
}

/// What a mutation of a reservation did.
pub(crate) struct ReservationPayload(pub Done);

/// What a mutation of a reservation did.
#[Object]
impl ReservationPayload {
    /// The id of the reservation; absent when nothing was done.
    async fn id(&self) -> Option<ID> {
        self.0.id.map(|uuid| global(ReservationId::from_uuid(uuid)))
    }

    /// How the reservation stands, read from its own events.
    #[graphql(complexity = "5 + child_complexity")]
    async fn reservation(&self, ctx: &Context<'_>) -> ApiResult<Option<Reservation>> {
        match self.0.id {
            Some(uuid) => Reservation::read(ctx, ReservationId::from_uuid(uuid)).await,
            None => Ok(None),
        }
    }

    /// Why nothing was done; empty when it was.
    async fn user_errors(&self) -> &[UserError] {
        &self.0.errors
    }

    /// The position that the log has reached with it: give it as `minPosition` to read what was written.
    async fn position(&self) -> Option<LogPosition> {
        self.0.position.map(LogPosition)
    }

    /// The events that it led to, in order.
    async fn event_ids(&self) -> Vec<ID> {
        self.0.events.iter().map(|event| global(*event)).collect()
    }

    /// Whether this is the stored answer to an earlier request with the same idempotency key.
    async fn repeated(&self) -> bool {
        self.0.repeated
    }
}
