//! Customer-360: who a customer is and everything that happened with the customer.

use async_graphql::{Context, ID, Object, SimpleObject};
use trunkline_domain::customer::{ConsentState, CustomerKind};
use trunkline_domain::identifier::IdentifierKind;
use trunkline_domain::words::{Channel, FeatureValue, Purpose};
use trunkline_projections::customer_360::{ConsentRow, CustomerRow, IdentifierRow, Score};
use trunkline_projections::reads::TimelineFilter;

use super::timeline::{TimelineConnection, TimelineSort};
use super::{Agent, Attribute, Call, Campaign, Insight};
use crate::error::ApiResult;
use crate::opener::{PersonalState, state, text};
use crate::page::{self, Page};
use crate::scalars::{DateTime, Json, LogPosition, StateOf, Word, global};
use crate::view::View;

/// A natural person or company that may be contacted: one OneID.
pub(crate) struct Customer {
    pub row: CustomerRow,
    pub view: View,
}

/// How much has happened with a customer.
#[derive(SimpleObject)]
pub(crate) struct CustomerCounts {
    /// Calls with the customer, phantoms included.
    calls: i64,
    /// Calls that an agent answered.
    calls_answered: i64,
    /// Interactions on any channel.
    interactions: i64,
    /// Tasks ever opened.
    tasks: i64,
    /// Tasks that are not at an end.
    tasks_open: i64,
}

/// A value that describes a customer to a model.
#[derive(SimpleObject)]
pub(crate) struct Feature {
    /// The value's name.
    name: String,
    /// Yes or no, a number, or a word.
    value: Json,
}

/// A natural person or company that may be contacted: one OneID.
#[Object]
impl Customer {
    /// The id, `customer:UUID`.
    pub(crate) async fn id(&self) -> ID {
        global(self.row.customer_id)
    }

    /// What sort of customer.
    async fn kind(&self) -> Word<CustomerKind> {
        self.row.kind.0.into()
    }

    /// The name, as far as the caller may see it; `nameState` says how it stands.
    async fn name(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.row.name.as_ref()).await
    }

    /// How the name stands.
    async fn name_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Customer", "name"), self.row.name.as_ref()).await
    }

    /// The language to speak, as a BCP 47 tag.
    async fn language(&self) -> Option<&str> {
        self.row.language.as_deref()
    }

    /// Where the customer is, as ISO 3166.
    async fn region(&self) -> Option<&str> {
        self.row.region.as_deref()
    }

    /// The IANA time zone that calling hours are judged in.
    async fn time_zone(&self) -> Option<&str> {
        self.row.time_zone.as_deref()
    }

    /// The line of business.
    async fn industry(&self) -> Option<&str> {
        self.row.industry.as_deref()
    }

    /// The size class, in the words of the source.
    async fn scale(&self) -> Option<&str> {
        self.row.scale.as_deref()
    }

    /// Further values in the words of the source, those that the caller may see.
    async fn attributes(&self, ctx: &Context<'_>) -> ApiResult<Vec<Attribute>> {
        let mut attributes = Vec::with_capacity(self.row.attributes.0.len());
        for (name, value) in &self.row.attributes.0 {
            let value = text(ctx, Some(value)).await?;
            attributes.extend(value.map(|value| Attribute { name: name.clone(), value }));
        }
        Ok(attributes)
    }

    /// Values for models, the latest of each name.
    async fn features(&self) -> Vec<Feature> {
        let value = |value: &FeatureValue| match value {
            FeatureValue::Flag(flag) => serde_json::Value::from(*flag),
            FeatureValue::Number(number) => serde_json::Value::from(*number),
            FeatureValue::Text(text) => serde_json::Value::from(text.clone()),
        };
        let features = self.row.features.0.iter();
        features.map(|(name, known)| Feature { name: name.clone(), value: Json(value(known)) }).collect()
    }

    /// Every identifier that is known of the customer.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn identifiers(&self) -> ApiResult<Vec<Identifier>> {
        self.view.identifiers(self.row.customer_id).await
    }

    /// What the customer agreed to, for each purpose on each channel.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn consents(&self) -> ApiResult<Vec<Consent>> {
        self.view.consents(self.row.customer_id).await
    }

    /// The agent who is responsible.
    async fn owner(&self) -> ApiResult<Option<Agent>> {
        self.view.agent(self.row.owner_id).await
    }

    /// Since when that agent is.
    async fn owner_since(&self) -> Option<DateTime> {
        self.row.owner_since.map(DateTime)
    }

    /// The latest score of each model and product.
    #[graphql(complexity = "1 + 5 * child_complexity")]
    async fn scores(&self) -> Vec<CustomerScore> {
        self.row
            .scores
            .0
            .iter()
            .map(|score| CustomerScore { score: score.clone(), view: self.view.clone() })
            .collect()
    }

    /// What was understood last about the customer's needs.
    async fn insight(&self) -> Option<Insight> {
        self.row.insight.as_ref().map(|insight| Insight(insight.0.clone()))
    }

    /// When it was understood.
    async fn insight_at(&self) -> Option<DateTime> {
        self.row.insight_at.map(DateTime)
    }

    /// Whether the customer has opted out of automated decisions: no score is taken, and a person decides.
    async fn refuses_automated_decisions(&self) -> bool {
        self.row.refuses_automated_decisions
    }

    /// When the customer was erased at the person's own request.
    async fn erased_at(&self) -> Option<DateTime> {
        self.row.erased_at.map(DateTime)
    }

    /// How much has happened with the customer.
    async fn counts(&self) -> CustomerCounts {
        CustomerCounts {
            calls: self.row.calls,
            calls_answered: self.row.calls_answered,
            interactions: self.row.interactions,
            tasks: self.row.tasks,
            tasks_open: self.row.tasks_open,
        }
    }

    /// Every call, interaction and task, the newest first.
    #[graphql(complexity = "page::STATEMENT_COST + page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn timeline(
        &self,
        #[graphql(desc = "Only these sorts of entries; all when absent.")] kinds: Option<Vec<TimelineSort>>,
        #[graphql(desc = "Only these channels; all when absent. Tasks have none.")] channels: Option<
            Vec<Word<Channel>>,
        >,
        #[graphql(desc = "Only entries at or after this time.")] since: Option<DateTime>,
        #[graphql(desc = "Only entries before this time.")] until: Option<DateTime>,
        #[graphql(
            desc = "How many from the newest on, 1 to 100; 20 when neither `first` nor `last` is given."
        )]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the oldest on, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
    ) -> ApiResult<TimelineConnection> {
        let page = Page::of(first, after, last, before)?;
        let kinds = kinds.unwrap_or_default().into_iter();
        let filter = TimelineFilter {
            kinds: kinds.map(TimelineSort::kind).collect(),
            channels: channels.unwrap_or_default().into_iter().map(|channel| channel.0).collect(),
            from: since.map(|at| at.0),
            until: until.map(|at| at.0),
        };
        self.view.timeline(self.row.customer_id, &filter, &page).await
    }

    /// When there was contact first.
    async fn first_contact_at(&self) -> Option<DateTime> {
        self.row.first_contact_at.map(DateTime)
    }

    /// When there was contact last.
    async fn last_contact_at(&self) -> Option<DateTime> {
        self.row.last_contact_at.map(DateTime)
    }

    /// On which channel there was contact last.
    async fn last_contact_channel(&self) -> Option<Word<Channel>> {
        self.row.last_contact_channel.map(|channel| channel.0.into())
    }

    /// The agent who spoke with the customer last.
    async fn last_agent(&self) -> ApiResult<Option<Agent>> {
        self.view.agent(self.row.last_agent_id).await
    }

    /// The last call.
    async fn last_call(&self) -> ApiResult<Option<Call>> {
        self.view.call(self.row.last_call_id).await
    }

    /// When the customer became known.
    async fn registered_at(&self) -> DateTime {
        self.row.registered_at.into()
    }

    /// When anything here changed last, in event time.
    async fn changed_at(&self) -> DateTime {
        self.row.changed_at.into()
    }

    /// The event that changed the customer last.
    async fn position(&self) -> LogPosition {
        self.row.position.into()
    }
}

/// One identifier of one customer.
pub(crate) struct Identifier(pub IdentifierRow);

/// One identifier of one customer: a telephone number, an address or the like.
#[Object]
impl Identifier {
    /// What sort of identifier.
    async fn kind(&self) -> Word<IdentifierKind> {
        self.0.kind.0.into()
    }

    /// Its normalised value, as far as the caller may see it; `valueState` says how it stands.
    async fn value(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.0.value.as_ref()).await
    }

    /// How the value stands.
    async fn value_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Identifier", "value"), self.0.value.as_ref()).await
    }

    /// The claim that keeps the identifier from a second customer.
    async fn claim(&self) -> ID {
        global(self.0.claim())
    }

    /// Since when it is known.
    async fn linked_at(&self) -> DateTime {
        self.0.linked_at.into()
    }
}

/// What a customer agreed to for one purpose on one channel.
pub(crate) struct Consent(pub ConsentRow);

/// What a customer agreed to for one purpose on one channel.
#[Object]
impl Consent {
    /// For what.
    async fn purpose(&self) -> Word<Purpose> {
        self.0.purpose.0.into()
    }

    /// On which channel.
    async fn channel(&self) -> Word<Channel> {
        self.0.channel.0.into()
    }

    /// How it stands.
    async fn state(&self) -> StateOf<ConsentState> {
        self.0.state.0.into()
    }

    /// What proves a grant.
    async fn evidence(&self) -> Option<&str> {
        self.0.evidence.as_deref()
    }

    /// Until when the grant or the suppression holds.
    async fn until(&self) -> Option<DateTime> {
        self.0.until.map(DateTime)
    }

    /// The customer's reason for a refusal, or the rule of a suppression, as far as the caller may see it; `reasonState` says how it stands.
    async fn reason(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.0.reason.as_ref()).await
    }

    /// How the reason stands.
    async fn reason_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Consent", "reason"), self.0.reason.as_ref()).await
    }

    /// Since when it stands so.
    async fn since(&self) -> DateTime {
        self.0.since.into()
    }
}

/// The latest score of one model for one product and campaign.
pub(crate) struct CustomerScore {
    score: Score,
    view: View,
}

/// How much one feature added to a score.
#[derive(SimpleObject)]
pub(crate) struct Contribution {
    /// The feature.
    pub(crate) feature: String,
    /// What it added.
    pub(crate) value: f64,
}

/// The latest score of one model for one product and campaign.
#[Object]
impl CustomerScore {
    /// The model and its version.
    async fn model(&self) -> &str {
        &self.score.model
    }

    /// The score, from 0 to 1.
    async fn score(&self) -> f64 {
        self.score.score
    }

    /// The product it is about.
    async fn product(&self) -> Option<&str> {
        self.score.product.as_deref()
    }

    /// The campaign it is about.
    async fn campaign(&self) -> ApiResult<Option<Campaign>> {
        self.view.campaign(self.score.campaign).await
    }

    /// How much each feature added.
    async fn contributions(&self) -> Vec<Contribution> {
        let contributions = self.score.contributions.iter();
        contributions
            .map(|(feature, value)| Contribution { feature: feature.clone(), value: *value })
            .collect()
    }

    /// When it was given.
    async fn at(&self) -> DateTime {
        self.score.at.into()
    }
}
