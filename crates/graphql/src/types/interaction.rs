//! Interactions: anything said or done on any channel.

use std::collections::BTreeMap;

use async_graphql::{Context, ID, Object, SimpleObject};
use trunkline_domain::words::{self, Channel, Direction};
use trunkline_projections::customer_360::InteractionRow;

use super::{Agent, Call, Customer};
use crate::error::ApiResult;
use crate::opener::{PersonalState, state, text};
use crate::scalars::{DateTime, LogPosition, Word, global};
use crate::view::View;

/// One named text in the words of the source.
#[derive(SimpleObject)]
pub(crate) struct Attribute {
    /// The name.
    pub name: String,
    /// The text.
    pub value: String,
}

/// Named texts as a list in the order of their names.
pub(crate) fn attributes(map: &BTreeMap<String, String>) -> Vec<Attribute> {
    map.iter().map(|(name, value)| Attribute { name: name.clone(), value: value.clone() }).collect()
}

/// Anything said or done on any channel.
pub(crate) struct Interaction {
    pub row: InteractionRow,
    pub view: View,
}

/// Anything said or done on any channel.
#[Object]
impl Interaction {
    /// The id, `interaction:UUID`.
    pub(crate) async fn id(&self) -> ID {
        global(self.row.interaction_id)
    }

    /// By or to whom.
    async fn customer(&self) -> ApiResult<Option<Customer>> {
        self.view.customer(Some(self.row.customer_id)).await
    }

    /// On which channel.
    async fn channel(&self) -> Word<Channel> {
        self.row.channel.0.into()
    }

    /// Who began it.
    async fn direction(&self) -> Word<Direction> {
        self.row.direction.0.into()
    }

    /// The agent who took part.
    async fn agent(&self) -> ApiResult<Option<Agent>> {
        self.view.agent(self.row.agent_id).await
    }

    /// The call that it was.
    async fn call(&self) -> ApiResult<Option<Call>> {
        self.view.call(self.row.call_id).await
    }

    /// What it was about, as far as the caller may see it; `subjectState` says how it stands.
    async fn subject(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.row.subject.as_ref()).await
    }

    /// How the subject stands.
    async fn subject_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Interaction", "subject"), self.row.subject.as_ref()).await
    }

    /// What was said, as far as the caller may see it; `textState` says how it stands.
    async fn text(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.row.body.as_ref()).await
    }

    /// How the text stands.
    async fn text_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Interaction", "text"), self.row.body.as_ref()).await
    }

    /// Further values in the words of the source.
    async fn attributes(&self) -> Vec<Attribute> {
        attributes(&self.row.attributes.0)
    }

    /// What was understood of it.
    async fn insight(&self) -> Option<Insight> {
        self.row.insight.as_ref().map(|insight| Insight(insight.0.clone()))
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        self.row.occurred_at.into()
    }

    /// The event that changed it last.
    async fn position(&self) -> LogPosition {
        self.row.position.into()
    }
}

/// What was understood of a conversation.
pub(crate) struct Insight(pub words::Insight);

/// What was understood of a conversation.
#[Object]
impl Insight {
    /// What the customer wants, as a word of the campaign's vocabulary.
    async fn intent(&self) -> Option<&str> {
        self.0.intent.as_deref()
    }

    /// What the customer can spend, as said, as far as the caller may see it; `budgetState` says how it stands.
    async fn budget(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.0.budget.as_ref()).await
    }

    /// How it stands.
    async fn budget_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Insight", "budget"), self.0.budget.as_ref()).await
    }

    /// When the customer wants it, as said, as far as the caller may see it; `timingState` says how it stands.
    async fn timing(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.0.timing.as_ref()).await
    }

    /// How it stands.
    async fn timing_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Insight", "timing"), self.0.timing.as_ref()).await
    }

    /// What troubles the customer, as said, as far as the caller may see it.
    async fn pain_points(&self, ctx: &Context<'_>) -> ApiResult<Vec<String>> {
        let mut points = Vec::with_capacity(self.0.pain_points.len());
        for point in &self.0.pain_points {
            points.extend(text(ctx, Some(point)).await?);
        }
        Ok(points)
    }

    /// Competitors that were named.
    async fn competitors(&self) -> &[String] {
        &self.0.competitors
    }

    /// The conversation in a few sentences, as far as the caller may see it; `summaryState` says how it stands.
    async fn summary(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.0.summary.as_ref()).await
    }

    /// How it stands.
    async fn summary_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Insight", "summary"), self.0.summary.as_ref()).await
    }
}
