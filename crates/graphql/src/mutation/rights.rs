//! What persons can ask about their own data.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use trunkline_app::privacy::{ReceiveRightsRequest, Rights, RightsError};
use trunkline_app::{CommandError, Request};
use trunkline_domain::customer::{self, Customer};
use trunkline_domain::rights_request::{
    Command, Received, RefusalReason, Refused, Restricted, Right, RightsRequest, Verified,
};

use super::carry_out::{Done, answered, carry_out, single};
use super::edge::Fields;
use super::payload::{CustomerPayload, RightsRequestPayload};
use crate::context::Caller;
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, Word};

/// What a person asks.
#[derive(InputObject)]
pub(crate) struct ReceiveRightsRequestInput {
    /// Whose data it is about.
    customer_id: ID,
    /// What is asked.
    right: Word<Right>,
    /// How it came, for instance the reference of a letter or a call.
    source: Option<String>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// That who asks is who the data is about.
#[derive(InputObject)]
pub(crate) struct VerifyRightsRequestInput {
    /// The request.
    id: ID,
    /// What proves it, for instance the reference of a checked document.
    evidence: String,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// That a duty to keep the data runs.
#[derive(InputObject)]
pub(crate) struct RestrictRightsRequestInput {
    /// The request.
    id: ID,
    /// The rule that asks for it.
    duty: String,
    /// When it ends.
    until: DateTime,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// That a request will not be carried out.
#[derive(InputObject)]
pub(crate) struct RefuseRightsRequestInput {
    /// The request.
    id: ID,
    /// Why.
    reason: Word<RefusalReason>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// Which request to carry out.
#[derive(InputObject)]
pub(crate) struct ExecuteRightsRequestInput {
    /// The request. Executing it again goes on where it was interrupted.
    id: ID,
}

/// Who allows automated decisions again.
#[derive(InputObject)]
pub(crate) struct AllowAutomatedDecisionsInput {
    /// The customer.
    id: ID,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

#[derive(Default)]
pub(crate) struct RightsMutations;

#[Object]
impl RightsMutations {
    /// Notes that a person asked something about their own data.
    async fn receive_rights_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, and what.")] input: ReceiveRightsRequestInput,
    ) -> ApiResult<RightsRequestPayload> {
        let mut fields = Fields::default();
        let action = fields.id("customerId", &input.customer_id).map(|customer| ReceiveRightsRequest {
            received: Received { customer, right: input.right.0, source: input.source },
        });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(RightsRequestPayload)
    }

    /// Notes that who asks is who the data is about.
    async fn verify_rights_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which request, and what proves it.")] input: VerifyRightsRequestInput,
    ) -> ApiResult<RightsRequestPayload> {
        let verify = |_: &mut Fields| Some(Command::Verify(Verified { evidence: input.evidence }));
        single::<RightsRequest>(ctx, input.idempotency_key, &input.id, verify).await.map(RightsRequestPayload)
    }

    /// Notes that a duty to keep the data runs: until it ends the request waits.
    async fn restrict_rights_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which request, and which duty.")] input: RestrictRightsRequestInput,
    ) -> ApiResult<RightsRequestPayload> {
        let restricted = Restricted { duty: input.duty, until: input.until.0 };
        let restrict = |_: &mut Fields| Some(Command::Restrict(restricted));
        single::<RightsRequest>(ctx, input.idempotency_key, &input.id, restrict)
            .await
            .map(RightsRequestPayload)
    }

    /// Refuses a request.
    async fn refuse_rights_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which request, and why.")] input: RefuseRightsRequestInput,
    ) -> ApiResult<RightsRequestPayload> {
        let refuse = |_: &mut Fields| Some(Command::Refuse(Refused { reason: input.reason.0 }));
        single::<RightsRequest>(ctx, input.idempotency_key, &input.id, refuse).await.map(RightsRequestPayload)
    }

    /// Carries a verified request out. An erasure destroys the customer's key, empties every place that holds data of
    /// the customer, and ends with a signed receipt. It cannot be undone.
    async fn execute_rights_request(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which request.")] input: ExecuteRightsRequestInput,
    ) -> ApiResult<RightsRequestPayload> {
        let caller = ctx.data_unchecked::<Caller>();
        let mut fields = Fields::default();
        let Some(id) = fields.id("id", &input.id) else {
            let errors = fields.into_errors(caller.language);
            return Ok(RightsRequestPayload(Done { errors, ..Done::default() }));
        };
        let request = Request { trace: caller.trace, ..Request::by(caller.identity.actor.clone()) };
        let executed = ctx.data_unchecked::<Arc<Rights>>().execute(request, id).await;
        let executed: Result<_, CommandError> = match executed {
            Ok(outcome) => Ok(outcome),
            Err(RightsError::Command(error)) => Err(error),
            Err(error @ (RightsError::Vault(_) | RightsError::Target(_) | RightsError::Receipt(_))) => {
                return Err(ApiError::fault(&error));
            }
        };
        answered(executed, caller.language).map(RightsRequestPayload)
    }

    /// Notes that a customer allows automated decisions again.
    async fn allow_automated_decisions(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: AllowAutomatedDecisionsInput,
    ) -> ApiResult<CustomerPayload> {
        let allow = |_: &mut Fields| Some(customer::Command::AllowAutomatedDecisions);
        single::<Customer>(ctx, input.idempotency_key, &input.id, allow).await.map(CustomerPayload)
    }
}
