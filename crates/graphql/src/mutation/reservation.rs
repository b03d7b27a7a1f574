//! What can be done to an offer of work.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object, OneofObject};
use trunkline_app::cases::{
    AcceptReservation, CancelReservation, OfferWork, RejectReservation, RescindReservation,
    TimeOutReservation,
};
use trunkline_domain::Policy;
use trunkline_domain::reservation::{CancelReason, Command, RejectReason, RescindReason, Reservation};
use trunkline_domain::words::Work;
use trunkline_pool::Router;

use super::carry_out::{carry_out, single};
use super::edge::Fields;
use super::payload::ReservationPayload;
use crate::error::ApiResult;
use crate::scalars::{Word, id_of};

/// What an agent is offered to work on; exactly one of these.
#[derive(OneofObject)]
#[expect(clippy::enum_variant_names, reason = "the variants are the names of the input's fields")]
pub(crate) enum WorkInput {
    /// A call that is waiting for an agent.
    CallId(ID),
    /// A lead to look at before it is dialed.
    LeadId(ID),
    /// A task.
    TaskId(ID),
}

impl WorkInput {
    pub(super) fn parse(&self, fields: &mut Fields) -> Option<Work> {
        match self {
            Self::CallId(id) => fields.id("work.callId", id).map(Work::Call),
            Self::LeadId(id) => fields.id("work.leadId", id).map(Work::Lead),
            Self::TaskId(id) => fields.id("work.taskId", id).map(Work::Task),
        }
    }

    /// The work, when its id is one of that kind.
    pub(crate) fn work(&self) -> Option<Work> {
        match self {
            Self::CallId(id) => id_of(id).map(Work::Call),
            Self::LeadId(id) => id_of(id).map(Work::Lead),
            Self::TaskId(id) => id_of(id).map(Work::Task),
        }
    }
}

/// Work for an agent.
#[derive(InputObject)]
pub(crate) struct OfferWorkInput {
    /// The agent, who must be available.
    agent_id: ID,
    /// The work.
    work: WorkInput,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// An offer under its token.
#[derive(InputObject)]
pub(crate) struct ReservationTokenInput {
    /// The reservation.
    pub(super) id: ID,
    /// The fencing token of the offer; an older one is refused.
    pub(super) token: u64,
    /// The same key again returns the first answer.
    pub(super) idempotency_key: Option<String>,
}

/// An offer that is turned down.
#[derive(InputObject)]
pub(crate) struct RejectReservationInput {
    /// The reservation.
    id: ID,
    /// The fencing token of the offer; an older one is refused.
    token: u64,
    /// Why.
    reason: Word<RejectReason>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// An offer whose expiry has come.
#[derive(InputObject)]
pub(crate) struct ReservationInput {
    /// The reservation.
    id: ID,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// An offer whose work is gone.
#[derive(InputObject)]
pub(crate) struct CancelReservationInput {
    /// The reservation.
    id: ID,
    /// Why.
    reason: Word<CancelReason>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// An offer that is taken back.
#[derive(InputObject)]
pub(crate) struct RescindReservationInput {
    /// The reservation.
    id: ID,
    /// Why.
    reason: Word<RescindReason>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

#[derive(Default)]
pub(crate) struct ReservationMutations;

#[Object]
impl ReservationMutations {
    /// Offers work to an agent, who has to be in a shift and to hold the licences that the work asks for. The agent is reserved until the offer is answered or runs out; the token to answer
    /// under is the agent's `token`.
    async fn offer_work(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "To whom, and what.")] input: OfferWorkInput,
    ) -> ApiResult<ReservationPayload> {
        let mut fields = Fields::default();
        let policy = *ctx.data_unchecked::<Policy>();
        let (agent, work) = (fields.id("agentId", &input.agent_id), input.work.parse(&mut fields));
        let licensing = Arc::clone(ctx.data_unchecked::<Arc<Router>>().licensing());
        let action = agent.zip(work).map(|(agent, work)| OfferWork { agent, work, policy, licensing });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(ReservationPayload)
    }

    /// Takes the work: a call rings at the agent's, a lead is previewed, a task is assigned.
    async fn accept_reservation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ReservationTokenInput,
    ) -> ApiResult<ReservationPayload> {
        let mut fields = Fields::default();
        let token = input.token;
        let action = fields.id("id", &input.id).map(|reservation| AcceptReservation { reservation, token });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(ReservationPayload)
    }

    /// Turns the work down; it can be offered to somebody else.
    async fn reject_reservation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: RejectReservationInput,
    ) -> ApiResult<ReservationPayload> {
        let mut fields = Fields::default();
        let (token, reason) = (input.token, input.reason.0);
        let action =
            fields.id("id", &input.id).map(|reservation| RejectReservation { reservation, token, reason });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(ReservationPayload)
    }

    /// Ends an offer that has run out; its agent has missed it. Refused before its time.
    async fn time_out_reservation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ReservationInput,
    ) -> ApiResult<ReservationPayload> {
        let mut fields = Fields::default();
        let policy = *ctx.data_unchecked::<Policy>();
        let action = fields.id("id", &input.id).map(|reservation| TimeOutReservation { reservation, policy });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(ReservationPayload)
    }

    /// Ends an offer whose work is gone.
    async fn cancel_reservation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: CancelReservationInput,
    ) -> ApiResult<ReservationPayload> {
        let mut fields = Fields::default();
        let reason = input.reason.0;
        let action = fields.id("id", &input.id).map(|reservation| CancelReservation { reservation, reason });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(ReservationPayload)
    }

    /// Takes an offer back from its agent.
    async fn rescind_reservation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: RescindReservationInput,
    ) -> ApiResult<ReservationPayload> {
        let mut fields = Fields::default();
        let reason = input.reason.0;
        let action = fields.id("id", &input.id).map(|reservation| RescindReservation { reservation, reason });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(ReservationPayload)
    }

    /// The accepted work is done.
    async fn complete_reservation(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: ReservationTokenInput,
    ) -> ApiResult<ReservationPayload> {
        let complete = |_: &mut Fields| Some(Command::Complete { token: input.token });
        single::<Reservation>(ctx, input.idempotency_key, &input.id, complete).await.map(ReservationPayload)
    }
}
