//! What can be done to a customer.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use trunkline_app::cases::{Identifier, LinkIdentifier, RegisterCustomer, UnlinkIdentifier, WithdrawConsent};
use trunkline_domain::customer::{self, Command, Customer, CustomerKind, Profile};
use trunkline_domain::identifier::IdentifierKind;
use trunkline_domain::words::{Channel, FeatureValue, Features, Purpose};
use trunkline_kernel::{CustomerId, EventType, LeadId, Tag};
use trunkline_log::{Direction, Filter, Log, Query};

use super::carry_out::{carry_out, single};
use super::edge::{AttributeInput, Fields, attributes, personal};
use super::interaction::InsightInput;
use super::payload::CustomerPayload;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Json, Word};

/// One identifier as people write it.
#[derive(InputObject)]
pub(crate) struct IdentifierInput {
    /// What sort of identifier.
    kind: Word<IdentifierKind>,
    /// The value; telephone numbers with their country code.
    value: String,
}

impl IdentifierInput {
    fn parse(self, field: &str, fields: &mut Fields) -> Option<Identifier> {
        let kind = self.kind.0;
        fields.take(field, kind.normalise(&self.value)).map(|value| Identifier { kind, value })
    }
}

/// Who a customer is. Absent fields are unknown, or unchanged in a change.
#[derive(InputObject, Default)]
pub(crate) struct ProfileInput {
    /// The name.
    name: Option<String>,
    /// The language to speak, as a BCP 47 tag such as `zh-CN`.
    language: Option<String>,
    /// Where the customer is, as ISO 3166: `CN` or `CN-31`.
    region: Option<String>,
    /// The IANA time zone that calling hours are judged in, `Asia/Shanghai`.
    time_zone: Option<String>,
    /// The line of business.
    industry: Option<String>,
    /// The size class, in the words of the source.
    scale: Option<String>,
    /// Further values in the words of the source.
    attributes: Option<Vec<AttributeInput>>,
}

impl ProfileInput {
    fn profile(self) -> Profile {
        Profile {
            name: personal(self.name),
            language: self.language,
            region: self.region,
            time_zone: self.time_zone,
            industry: self.industry,
            scale: self.scale,
            attributes: attributes(self.attributes),
        }
    }
}

/// A customer to be made known.
#[derive(InputObject)]
pub(crate) struct RegisterCustomerInput {
    /// What sort of customer.
    kind: Word<CustomerKind>,
    /// What is known of the customer.
    profile: Option<ProfileInput>,
    /// Identifiers that are the customer's; refused when one is another customer's already.
    identifiers: Option<Vec<IdentifierInput>>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// An identifier to be linked.
#[derive(InputObject)]
pub(crate) struct LinkIdentifierInput {
    /// The customer.
    id: ID,
    /// The identifier.
    identifier: IdentifierInput,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// An identifier to be taken away.
#[derive(InputObject)]
pub(crate) struct UnlinkIdentifierInput {
    /// The customer.
    id: ID,
    /// The claim of the identifier: `identifiers { claim }` of the customer.
    claim: ID,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A change of what is known.
#[derive(InputObject)]
pub(crate) struct ChangeCustomerProfileInput {
    /// The customer.
    id: ID,
    /// The fields that change; attributes are merged.
    changes: ProfileInput,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// One value that describes a customer to a model.
#[derive(InputObject)]
pub(crate) struct FeatureInput {
    /// The value's name.
    name: String,
    /// True, false, a number, or a word.
    value: Json,
}

/// Values for models.
#[derive(InputObject)]
pub(crate) struct RecordFeaturesInput {
    /// The customer.
    id: ID,
    /// The values, merged over earlier ones.
    features: Vec<FeatureInput>,
    /// Where they come from.
    source: Option<String>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

fn features(given: Vec<FeatureInput>, fields: &mut Fields) -> Option<Features> {
    let mut features = Features::new();
    for FeatureInput { name, value } in given {
        let value = match value.0 {
            serde_json::Value::Bool(flag) => FeatureValue::Flag(flag),
            serde_json::Value::String(text) => FeatureValue::Text(text),
            serde_json::Value::Number(number) => FeatureValue::Number(number.as_f64()?),
            serde_json::Value::Null | serde_json::Value::Array(_) | serde_json::Value::Object(_) => {
                fields.refuse("features", format!("{name:?} is not true, false, a number or a text"));
                return None;
            }
        };
        features.insert(name, value);
    }
    Some(features)
}

/// A consent that the customer gives.
#[derive(InputObject)]
pub(crate) struct GrantConsentInput {
    /// The customer.
    id: ID,
    /// To what.
    purpose: Word<Purpose>,
    /// On which channel.
    channel: Word<Channel>,
    /// What proves it, for instance a recording's or a form's reference.
    evidence: String,
    /// Until when, when the consent is limited.
    expires_at: Option<DateTime>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A consent that the customer refuses or takes back.
#[derive(InputObject)]
pub(crate) struct WithdrawConsentInput {
    /// The customer.
    id: ID,
    /// For what.
    purpose: Word<Purpose>,
    /// On which channel.
    channel: Word<Channel>,
    /// The customer's reason.
    reason: Option<String>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// Contact that a rule or a list forbids.
#[derive(InputObject)]
pub(crate) struct SuppressContactInput {
    /// The customer.
    id: ID,
    /// For what.
    purpose: Word<Purpose>,
    /// On which channel.
    channel: Word<Channel>,
    /// Until when; for ever when absent.
    until: Option<DateTime>,
    /// The rule or list.
    rule: String,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// An agent to be made responsible.
#[derive(InputObject)]
pub(crate) struct AssignOwnerInput {
    /// The customer.
    id: ID,
    /// The agent.
    agent_id: ID,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A customer that something is to be done to.
#[derive(InputObject)]
pub(crate) struct CustomerInput {
    /// The customer.
    id: ID,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// How much one feature added to a score.
#[derive(InputObject)]
pub(crate) struct ContributionInput {
    /// The feature.
    feature: String,
    /// What it added.
    value: f64,
}

/// A score that a model gave.
#[derive(InputObject)]
pub(crate) struct ScoreCustomerInput {
    /// The customer.
    id: ID,
    /// The model and its version.
    model: String,
    /// The score, from 0 to 1.
    score: f64,
    /// The product it is about.
    product: Option<String>,
    /// The campaign it is about.
    campaign_id: Option<ID>,
    /// How much each feature added.
    contributions: Option<Vec<ContributionInput>>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// What was understood about a customer's needs.
#[derive(InputObject)]
pub(crate) struct RecordInsightInput {
    /// The customer.
    id: ID,
    /// The interaction it comes from.
    interaction_id: Option<ID>,
    /// What was understood.
    insight: InsightInput,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

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

    /// Records that a customer refused contact or took a consent back. Queued dials to the customer are blocked in
    /// the same append.
    async fn withdraw_consent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and for what.")] input: WithdrawConsentInput,
    ) -> ApiResult<CustomerPayload> {
        let mut fields = Fields::default();
        let action = match fields.id("id", &input.id) {
            Some(customer) => {
                let (purpose, channel) = (input.purpose.0, input.channel.0);
                let calls = purpose == Purpose::Marketing && channel == Channel::Call;
                let leads = if calls { leads_of(ctx, customer).await? } else { Vec::new() };
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
