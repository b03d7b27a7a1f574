//! Interactions: anything said or done on any channel.

use std::collections::BTreeMap;

use async_graphql::{ID, Object, SimpleObject};
use trunkline_domain::words::{self, Channel, Direction};
use trunkline_kernel::Personal;
use trunkline_projections::customer_360::InteractionRow;

use super::{Agent, Call, Customer};
use crate::error::ApiResult;
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

    /// What it was about, where it is readable.
    async fn subject(&self) -> Option<&str> {
        self.row.subject.as_deref()
    }

    /// What was said, where it is readable.
    async fn text(&self) -> Option<&str> {
        self.row.body.as_deref()
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

fn open(text: Option<&Personal<String>>) -> Option<&str> {
    text.and_then(Personal::open).map(String::as_str)
}

/// What was understood of a conversation.
#[Object]
impl Insight {
    /// What the customer wants, as a word of the campaign's vocabulary.
    async fn intent(&self) -> Option<&str> {
        self.0.intent.as_deref()
    }

    /// What the customer can spend, as said, where it is readable.
    async fn budget(&self) -> Option<&str> {
        open(self.0.budget.as_ref())
    }

    /// When the customer wants it, as said, where it is readable.
    async fn timing(&self) -> Option<&str> {
        open(self.0.timing.as_ref())
    }

    /// What troubles the customer, as said, those that are readable.
    async fn pain_points(&self) -> Vec<&str> {
        self.0.pain_points.iter().filter_map(|point| open(Some(point))).collect()
    }

    /// Competitors that were named.
    async fn competitors(&self) -> &[String] {
        &self.0.competitors
    }

    /// The conversation in a few sentences, where it is readable.
    async fn summary(&self) -> Option<&str> {
        open(self.0.summary.as_ref())
    }
}
