//! What can be done to a customer.

use std::sync::Arc;

use async_graphql::{Context, Object};
use trunkline_app::cases::{LinkIdentifier, RegisterCustomer, UnlinkIdentifier, WithdrawConsent};
use trunkline_domain::customer::{self, Command, Customer};
use trunkline_domain::words::Channel;
use trunkline_kernel::{CustomerId, EventType, LeadId, Tag};
use trunkline_log::{Direction, Filter, Log, Query};

use super::carry_out::{carry_out, single};
use super::customer_inputs::*;
use super::edge::{Fields, personal};
use super::payload::CustomerPayload;
use crate::error::ApiResult;

#[derive(Default)]
pub(crate) struct CustomerMutations;

#[Object]
impl CustomerMutations {
    /// Makes a customer known, together with the customer's identifiers.
    async fn register_customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The customer.")] input: RegisterCustomerInput,
    ) -> ApiResult<CustomerPayload> {
        let mut fields = Fields::default();
        let given = input.identifiers.unwrap_or_default().into_iter();
        let identifiers: Vec<_> =
            given.filter_map(|identifier| identifier.parse("identifiers", &mut fields)).collect();
        let profile = input.profile.unwrap_or_default().profile();
        let registered = customer::Registered { kind: input.kind.0, profile };
        let action = RegisterCustomer { registered, identifiers };
        carry_out(ctx, input.idempotency_key, None, fields, Some(action)).await.map(CustomerPayload)
    }

    /// Notes one more identifier of a customer; refused when it is another customer's already.
    async fn link_identifier(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and which.")] input: LinkIdentifierInput,
    ) -> ApiResult<CustomerPayload> {
        let mut fields = Fields::default();
        let (customer, identifier) =
            (fields.id("id", &input.id), input.identifier.parse("identifier", &mut fields));
        let action = customer.zip(identifier);
        let action = action.map(|(customer, identifier)| LinkIdentifier { customer, identifier });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(CustomerPayload)
    }

    /// Takes an identifier away from a customer, so that it can be another customer's.
    async fn unlink_identifier(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and which.")] input: UnlinkIdentifierInput,
    ) -> ApiResult<CustomerPayload> {
        let mut fields = Fields::default();
        let (customer, claim) = (fields.id("id", &input.id), fields.id("claim", &input.claim));
        let action = customer.zip(claim).map(|(customer, claim)| UnlinkIdentifier { customer, claim });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(CustomerPayload)
    }

    /// Changes what is known of a customer.
    async fn change_customer_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and what.")] input: ChangeCustomerProfileInput,
    ) -> ApiResult<CustomerPayload> {
        let change = |_: &mut Fields| {
            Some(Command::ChangeProfile(customer::ProfileChanged { changes: input.changes.profile() }))
        };
        single::<Customer>(ctx, input.idempotency_key, &input.id, change).await.map(CustomerPayload)
    }

    /// Records values that describe a customer to models.
    async fn record_customer_features(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and which values.")] input: RecordFeaturesInput,
    ) -> ApiResult<CustomerPayload> {
        let record = |fields: &mut Fields| {
            let features = features(input.features, fields)?;
            Some(Command::RecordFeatures(customer::FeaturesRecorded { features, source: input.source }))
        };
        single::<Customer>(ctx, input.idempotency_key, &input.id, record).await.map(CustomerPayload)
    }

    /// Records that a customer agreed to be contacted.
    async fn grant_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and to what.")] input: GrantConsentInput,
    ) -> ApiResult<CustomerPayload> {
        let grant = |_: &mut Fields| {
            Some(Command::GrantConsent(customer::ConsentGranted {
                purpose: input.purpose.0,
                channel: input.channel.0,
                evidence: input.evidence,
                expires_at: input.expires_at.map(|at| at.0),
            }))
        };
        single::<Customer>(ctx, input.idempotency_key, &input.id, grant).await.map(CustomerPayload)
    }

    /// Records that a customer refused contact or took a consent back. Queued dials to the customer by campaigns of that
    /// purpose are blocked in the same append.
    async fn withdraw_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and for what.")] input: WithdrawConsentInput,
    ) -> ApiResult<CustomerPayload> {
        let mut fields = Fields::default();
        let action = match fields.id("id", &input.id) {
            Some(customer) => {
                let (purpose, channel) = (input.purpose.0, input.channel.0);
                let leads =
                    if channel == Channel::Call { leads_of(ctx, customer).await? } else { Vec::new() };
                let reason = personal(input.reason);
                let withdrawn = customer::ConsentWithdrawn { purpose, channel, reason };
                Some(WithdrawConsent { customer, withdrawn, leads })
            }
            None => None,
        };
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(CustomerPayload)
    }

    /// Forbids contact with a customer by a rule or a list.
    async fn suppress_contact(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "With whom, for what, and by which rule.")] input: SuppressContactInput,
    ) -> ApiResult<CustomerPayload> {
        let suppress = |_: &mut Fields| {
            Some(Command::SuppressContact(customer::ConsentSuppressed {
                purpose: input.purpose.0,
                channel: input.channel.0,
                until: input.until.map(|at| at.0),
                rule: input.rule,
            }))
        };
        single::<Customer>(ctx, input.idempotency_key, &input.id, suppress).await.map(CustomerPayload)
    }

    /// Makes an agent responsible for a customer.
    async fn assign_owner(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and whom.")] input: AssignOwnerInput,
    ) -> ApiResult<CustomerPayload> {
        let assign = |fields: &mut Fields| {
            fields.id("agentId", &input.agent_id).map(|agent| Command::AssignOwner { agent })
        };
        single::<Customer>(ctx, input.idempotency_key, &input.id, assign).await.map(CustomerPayload)
    }

    /// Makes nobody responsible for a customer any more.
    async fn release_owner(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: CustomerInput,
    ) -> ApiResult<CustomerPayload> {
        let release = |_: &mut Fields| Some(Command::ReleaseOwner);
        single::<Customer>(ctx, input.idempotency_key, &input.id, release).await.map(CustomerPayload)
    }

    /// Records a score that a model gave a customer.
    async fn score_customer(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and which score.")] input: ScoreCustomerInput,
    ) -> ApiResult<CustomerPayload> {
        let score = |fields: &mut Fields| {
            let contributions = input.contributions.unwrap_or_default().into_iter();
            Some(Command::Score(customer::Scored {
                model: input.model,
                score: input.score,
                product: input.product,
                campaign: fields.optional_id("campaignId", input.campaign_id.as_ref())?,
                contributions: contributions.map(|part| (part.feature, part.value)).collect(),
            }))
        };
        single::<Customer>(ctx, input.idempotency_key, &input.id, score).await.map(CustomerPayload)
    }

    /// Records what was understood about a customer's needs.
    async fn record_customer_insight(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and what.")] input: RecordInsightInput,
    ) -> ApiResult<CustomerPayload> {
        let record = |fields: &mut Fields| {
            let interaction = fields.optional_id("interactionId", input.interaction_id.as_ref())?;
            let insight = input.insight.insight();
            Some(Command::RecordInsight(customer::InsightRecorded { interaction, insight }))
        };
        single::<Customer>(ctx, input.idempotency_key, &input.id, record).await.map(CustomerPayload)
    }
}

/// How many leads of one customer a withdrawal looks at; a lead beyond them is caught when it is dialed.
const LEADS_MAX: usize = 500;

/// The leads of a customer, the newest first.
async fn leads_of(ctx: &Context<'_>, customer: CustomerId) -> ApiResult<Vec<LeadId>> {
    let filter = Filter {
        category: Some("lead".to_owned()),
        tags: vec![Tag::of(customer)],
        types: vec![EventType::known("lead.added")],
        ..Filter::default()
    };
    let query = Query { filter, direction: Direction::Backwards, from: None, until: None, limit: LEADS_MAX };
    let page = ctx.data_unchecked::<Arc<dyn Log>>().read(&query).await?;
    Ok(page.events.iter().filter_map(|recorded| recorded.stream.id()).collect())
}
