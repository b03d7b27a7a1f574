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

/// A payload: what all of them have, and a field of its own.
macro_rules! payload {
    ($(#[doc = $doc:literal])+ $payload:ident of $id:ident $(with $more:ty)? {
        $(#[doc = $own:literal])+ async fn $field:ident($($argument:tt)*) -> $type:ty $body:block
    }) => {
        $(#[doc = $doc])+
        pub(crate) struct $payload(pub Done $(, pub $more)?);

        $(#[doc = $doc])+
        #[Object]
        impl $payload {
            /// The id of the thing; absent when nothing was done.
            async fn id(&self) -> Option<ID> {
                self.0.id.map(|uuid| global($id::from_uuid(uuid)))
            }

            $(#[doc = $own])+
            #[graphql(complexity = "5 + child_complexity")]
            async fn $field($($argument)*) -> $type $body

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
    };
}

/// Payloads of things that a read model has.
macro_rules! payloads {
    ($($(#[doc = $doc:literal])+ $payload:ident of $id:ident as $field:ident: $node:ident;)+) => {$(
        payload! {
            $(#[doc = $doc])+
            $payload of $id {
                /// The thing as the read models have it, once they have got to `position`.
                async fn $field(&self, ctx: &Context<'_>) -> ApiResult<Option<$node>> {
                    let Some(uuid) = self.0.id else { return Ok(None) };
                    // Other mutations of the same request may have looked the thing up in an older state.
                    let now = View::now(ctx);
                    let view = now.beside(now.reads().clone());
                    view.reach(self.0.position).await?;
                    view.$field(Some($id::from_uuid(uuid))).await
                }
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

payload! {
    /// What a mutation of a rights request did.
    RightsRequestPayload of RightsRequestId {
        /// How the request stands, read from its own events.
        async fn rights_request(&self, ctx: &Context<'_>) -> ApiResult<Option<RightsRequest>> {
            match self.0.id {
                Some(uuid) => RightsRequest::read(ctx, RightsRequestId::from_uuid(uuid)).await,
                None => Ok(None),
            }
        }
    }
}

payload! {
    /// What a mutation of a reservation did.
    ReservationPayload of ReservationId {
        /// How the reservation stands, read from its own events.
        async fn reservation(&self, ctx: &Context<'_>) -> ApiResult<Option<Reservation>> {
            match self.0.id {
                Some(uuid) => Reservation::read(ctx, ReservationId::from_uuid(uuid)).await,
                None => Ok(None),
            }
        }
    }
}

payload! {
    /// What a mutation of a grant did.
    GrantPayload of GrantId {
        /// The grant as it is in force; absent when it is over.
        async fn grant(&self, ctx: &Context<'_>) -> Option<Grant> {
            let in_force = ctx.data_unchecked::<Arc<Authority>>().in_force();
            in_force.into_iter().find(|grant| Some(grant.id.uuid()) == self.0.id).map(Grant)
        }
    }
}

payload! {
    /// A masked value, shown. Its id is that of the grant under which it was shown.
    RevealPayload of GrantId with Option<String> {
        /// The value in the clear; absent when it was not shown, or cannot be read any more.
        async fn value(&self) -> Option<&str> {
            self.1.as_deref()
        }
    }
}

payload! {
    /// What bringing leads back to their campaign's list did. Its id is the campaign's.
    RecyclePayload of CampaignId with Option<i64> {
        /// How many leads could be brought back, when they were only counted.
        async fn found(&self) -> Option<i64> {
            self.1
        }
    }
}
