//! What every mutation answers: the thing it was done to, what was wrong, the position and the event ids.

use async_graphql::{Context, ID, Object};
use trunkline_kernel::{
    AgentId, CallId, CampaignId, CustomerId, Id, InteractionId, LeadId, ReservationId, TaskId,
};

use super::carry_out::Done;
use super::edge::UserError;
use crate::scalars::{LogPosition, global};

macro_rules! payloads {
    ($($(#[doc = $doc:literal])+ $payload:ident of $id:ident;)+) => {$(
        $(#[doc = $doc])+
        pub(crate) struct $payload(pub Done);

        $(#[doc = $doc])+
        #[Object]
        impl $payload {
            /// The id of the thing; absent when nothing was done.
            async fn id(&self) -> Option<ID> {
                self.0.id.map(|uuid| global($id::from_uuid(uuid)))
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
    CustomerPayload of CustomerId;
    /// What a mutation of an agent did.
    AgentPayload of AgentId;
    /// What a mutation of a campaign did.
    CampaignPayload of CampaignId;
    /// What a mutation of a lead did.
    LeadPayload of LeadId;
    /// What a mutation of a call did.
    CallPayload of CallId;
    /// What a mutation of a reservation did.
    ReservationPayload of ReservationId;
    /// What a mutation of an interaction did.
    InteractionPayload of InteractionId;
    /// What a mutation of a task did.
    TaskPayload of TaskId;
}
