//! What can be done to a lead.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use trunkline_app::cases::{AddLead, QueueLead};
use trunkline_domain::Policy;
use trunkline_domain::lead::{self, BlockReason, Command, Lead, LeadOutcome};
use trunkline_routing::compliance::RuleBook;

use super::carry_out::{carry_out, single};
use super::edge::{AttributeInput, Fields, attributes};
use super::payload::LeadPayload;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Word};

/// A customer for a campaign's list.
#[derive(InputObject)]
pub(crate) struct AddLeadInput {
    /// The campaign.
    campaign_id: ID,
    /// The customer.
    customer_id: ID,
    /// Higher goes first.
    #[graphql(default = 0)]
    priority: i32,
    /// Further values in the words of the source.
    attributes: Option<Vec<AttributeInput>>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A lead that something is to be done to.
#[derive(InputObject)]
pub(crate) struct LeadInput {
    /// The lead.
    id: ID,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A lead that is to rest.
#[derive(InputObject)]
pub(crate) struct HoldLeadInput {
    /// The lead.
    id: ID,
    /// Until when.
    until: DateTime,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A lead that is settled.
#[derive(InputObject)]
pub(crate) struct FinishLeadInput {
    /// The lead.
    id: ID,
    /// How it ended.
    outcome: Word<LeadOutcome>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A lead that must not be called.
#[derive(InputObject)]
pub(crate) struct BlockLeadInput {
    /// The lead.
    id: ID,
    /// Why.
    reason: Word<BlockReason>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

#[derive(Default)]
pub(crate) struct LeadMutations;

#[Object]
impl LeadMutations {
    /// Puts a customer on a campaign's list.
    async fn add_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whom, and where.")] input: AddLeadInput,
    ) -> ApiResult<LeadPayload> {
        let mut fields = Fields::default();
        let campaign = fields.id("campaignId", &input.campaign_id);
        let customer = fields.id("customerId", &input.customer_id);
        let attributes = attributes(input.attributes);
        let action = campaign.zip(customer).map(|(campaign, customer)| AddLead {
            added: lead::Added { campaign, customer, priority: input.priority, attributes },
        });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(LeadPayload)
    }

    /// Releases a lead for queueing; one on hold only when its time has come.
    async fn ready_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: LeadInput,
    ) -> ApiResult<LeadPayload> {
        let ready = |_: &mut Fields| Some(Command::Ready);
        single::<Lead>(ctx, input.idempotency_key, &input.id, ready).await.map(LeadPayload)
    }

    /// Lets a lead wait to be dialed. When its customer may not be called it is blocked instead, or, where a rule bars
    /// the call for a time, rests until then.
    async fn queue_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: LeadInput,
    ) -> ApiResult<LeadPayload> {
        let mut fields = Fields::default();
        let policy = *ctx.data_unchecked::<Policy>();
        let rules = ctx.data_unchecked::<Arc<RuleBook>>().clone();
        let action = fields.id("id", &input.id).map(|lead| QueueLead { lead, policy, rules });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(LeadPayload)
    }

    /// Takes a lead out of the dialing queue again.
    async fn unqueue_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: LeadInput,
    ) -> ApiResult<LeadPayload> {
        let unqueue = |_: &mut Fields| Some(Command::Unqueue);
        single::<Lead>(ctx, input.idempotency_key, &input.id, unqueue).await.map(LeadPayload)
    }

    /// Lets a lead rest.
    async fn hold_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and until when.")] input: HoldLeadInput,
    ) -> ApiResult<LeadPayload> {
        let hold = |_: &mut Fields| Some(Command::Hold(lead::Held::until(input.until.0)));
        single::<Lead>(ctx, input.idempotency_key, &input.id, hold).await.map(LeadPayload)
    }

    /// Settles a lead.
    async fn finish_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and how.")] input: FinishLeadInput,
    ) -> ApiResult<LeadPayload> {
        let finish = |_: &mut Fields| Some(Command::Finish(lead::Finished { outcome: input.outcome.0 }));
        single::<Lead>(ctx, input.idempotency_key, &input.id, finish).await.map(LeadPayload)
    }

    /// Forbids calling a lead.
    async fn block_lead(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: BlockLeadInput,
    ) -> ApiResult<LeadPayload> {
        let block = |_: &mut Fields| Some(Command::Block(lead::Blocked { reason: input.reason.0 }));
        single::<Lead>(ctx, input.idempotency_key, &input.id, block).await.map(LeadPayload)
    }
}
