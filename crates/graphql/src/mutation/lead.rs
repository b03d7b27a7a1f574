//! What can be done to a lead.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use trunkline_app::cases::{AddLead, Judges, QueueLead, RECYCLED_TOGETHER_MAX, RecycleLeads};
use trunkline_domain::Policy;
use trunkline_domain::campaign;
use trunkline_domain::lead::{self, BlockReason, Command, Lead, LeadOutcome, LeadState};
use trunkline_kernel::CampaignId;
use trunkline_projections::reads::{LeadFilter, PageRequest};
use trunkline_routing::compliance::RuleBook;

use super::carry_out::{Done, carry_out, single, told, unseen};
use super::edge::{AttributeInput, Fields, attributes};
use super::payload::{LeadPayload, RecyclePayload};
use crate::context::Caller;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Word};
use crate::view::View;

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

/// Which leads of a campaign are to be brought back to its list.
#[derive(InputObject)]
pub(crate) struct RecycleLeadsInput {
    /// The campaign.
    campaign_id: ID,
    /// How they ended: `EXHAUSTED` or `UNREACHABLE`. Whoever has decided is not asked again.
    outcomes: Vec<Word<LeadOutcome>>,
    /// How many at most, 1 to 100. Ask again for further ones, under another key.
    #[graphql(default = 100)]
    limit: usize,
    /// Whether only to count them.
    #[graphql(default = false)]
    dry_run: bool,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// What a dial by hand is judged by: people call when they think best.
pub(super) fn judges(ctx: &Context<'_>) -> Judges {
    let rules = Arc::clone(ctx.data_unchecked::<Arc<RuleBook>>());
    Judges { rules, policy: *ctx.data_unchecked::<Policy>(), chances: Arc::default() }
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
        let action = fields.id("id", &input.id).map(|lead| QueueLead { lead, judges: judges(ctx) });
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

    /// Brings leads that ended without an answer back to their campaign's list, as often as its attempt policy permits;
    /// with `dryRun` it counts them. Each of `eventIds` is one lead that was brought back.
    async fn recycle_leads(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: RecycleLeadsInput,
    ) -> ApiResult<RecyclePayload> {
        let mut fields = Fields::default();
        let id: Option<CampaignId> = fields.id("campaignId", &input.campaign_id);
        let outcomes: Vec<LeadOutcome> = input.outcomes.iter().map(|outcome| outcome.0).collect();
        if outcomes.is_empty() || !outcomes.iter().all(|outcome| outcome.may_return()) {
            fields.refuse("outcomes", "takes EXHAUSTED and UNREACHABLE, at least one of them");
        }
        if !(1..=RECYCLED_TOGETHER_MAX).contains(&input.limit) {
            fields.refuse("limit", "takes 1 to 100");
        }
        let view = View::now(ctx);
        let campaign = view.campaign(id).await?;
        let filter = LeadFilter {
            campaign: id,
            states: vec![LeadState::Done],
            outcomes,
            recycled_below: campaign.as_ref().map(|campaign| campaign.row.attempts.0.recycles_max()),
            ..LeadFilter::default()
        };
        if input.dry_run {
            let mut done = unseen(ctx, fields, id).await?;
            if done.id.is_some() && campaign.is_none() {
                let language = ctx.data_unchecked::<Caller>().language;
                let errors = vec![told(campaign::Refusal::Unknown.into(), language)];
                done = Done { errors, ..Done::default() };
            }
            let found = if done.id.is_some() { view.reads().leads_of(&filter).await? } else { 0 };
            return Ok(RecyclePayload(done, Some(found)));
        }
        let leads = match &campaign {
            Some(_) => {
                // A limit that is refused below still reads a page.
                let page = PageRequest::first(input.limit.clamp(1, RECYCLED_TOGETHER_MAX));
                view.reads().leads(&filter, &page).await?.rows()
            }
            None => Vec::new(),
        };
        let leads = leads.into_iter().map(|lead| lead.lead_id).collect();
        let action = id.map(|campaign| RecycleLeads { campaign, leads });
        let done = carry_out(ctx, input.idempotency_key, None, fields, action).await?;
        Ok(RecyclePayload(done, None))
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
