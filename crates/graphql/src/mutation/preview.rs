//! What an agent can do with a lead that is shown before it is dialed.

use async_graphql::{Context, Object};
use trunkline_app::cases::{DialPreview, SkipPreview};
use trunkline_domain::call;
use trunkline_domain::words::Direction;

use super::carry_out::carry_out;
use super::edge::Fields;
use super::lead::judges;
use super::payload::LeadPayload;
use super::reservation::ReservationTokenInput;
use crate::error::ApiResult;

#[derive(Default)]
pub(crate) struct PreviewMutations;

#[Object]
impl PreviewMutations {
    /// Has the lead dialed that the agent accepted and looks at: the server chooses the number, our line dials it, and whoever
    /// answers is connected with the agent. When a rule bars the call at this instant, the lead rests or is blocked, and the
    /// agent is free again.
    async fn dial_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The accepted offer.")] input: ReservationTokenInput,
    ) -> ApiResult<LeadPayload> {
        let mut fields = Fields::default();
        let (token, judges) = (input.token, judges(ctx));
        let action = fields.id("id", &input.id).map(|reservation| {
            let created = call::Created::new(Direction::Outbound);
            DialPreview { reservation, token, created, judges }
        });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(LeadPayload)
    }

    /// Does not call the lead that the agent accepted and looks at: it rests for the campaign's `retryAfterMs`, and the agent is
    /// free again.
    async fn skip_preview(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The accepted offer.")] input: ReservationTokenInput,
    ) -> ApiResult<LeadPayload> {
        let mut fields = Fields::default();
        let token = input.token;
        let action = fields.id("id", &input.id).map(|reservation| SkipPreview { reservation, token });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(LeadPayload)
    }
}
