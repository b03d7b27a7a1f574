//! What can be done to an interaction.

use async_graphql::{Context, ID, InputObject, Object};
use trunkline_app::cases::New;
use trunkline_domain::interaction::{self, Command, Interaction};
use trunkline_domain::words::{Channel, Direction, Insight};
use trunkline_kernel::Personal;

use super::carry_out::{carry_out, single};
use super::edge::{AttributeInput, Fields, attributes, personal};
use super::payload::InteractionPayload;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Word};

/// What was understood of a conversation.
#[derive(InputObject)]
pub(crate) struct InsightInput {
    /// What the customer wants, as a word of the campaign's vocabulary.
    intent: Option<String>,
    /// What the customer can spend, as said.
    budget: Option<String>,
    /// When the customer wants it, as said.
    timing: Option<String>,
    /// What troubles the customer, as said.
    pain_points: Option<Vec<String>>,
    /// Competitors that were named.
    competitors: Option<Vec<String>>,
    /// The conversation in a few sentences.
    summary: Option<String>,
}

impl InsightInput {
    pub(super) fn insight(self) -> Insight {
        Insight {
            intent: self.intent,
            budget: personal(self.budget),
            timing: personal(self.timing),
            pain_points: self.pain_points.unwrap_or_default().into_iter().map(Personal::Open).collect(),
            competitors: self.competitors.unwrap_or_default(),
            summary: personal(self.summary),
        }
    }
}

/// Something that was said or done.
#[derive(InputObject)]
pub(crate) struct RecordInteractionInput {
    /// By or to whom.
    customer_id: ID,
    /// On which channel.
    channel: Word<Channel>,
    /// Who began it.
    direction: Word<Direction>,
    /// The agent who took part.
    agent_id: Option<ID>,
    /// The call that it was.
    call_id: Option<ID>,
    /// What it was about.
    subject: Option<String>,
    /// What was said.
    text: Option<String>,
    /// Further values in the words of the source.
    attributes: Option<Vec<AttributeInput>>,
    /// When it happened; now when absent.
    occurred_at: Option<DateTime>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// What was understood of an interaction.
#[derive(InputObject)]
pub(crate) struct AnnotateInteractionInput {
    /// The interaction.
    id: ID,
    /// What was understood; replaces what was understood before.
    insight: InsightInput,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

#[derive(Default)]
pub(crate) struct InteractionMutations;

#[Object]
impl InteractionMutations {
    /// Records something that was said or done on any channel.
    async fn record_interaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What.")] input: RecordInteractionInput,
    ) -> ApiResult<InteractionPayload> {
        let mut fields = Fields::default();
        let (key, occurred_at) = (input.idempotency_key.clone(), input.occurred_at.map(|at| at.0));
        let action = recorded(input, &mut fields)
            .map(|recorded| New::<Interaction> { command: Command::Record(recorded) });
        carry_out(ctx, key, occurred_at, fields, action).await.map(InteractionPayload)
    }

    /// Records what was understood of an interaction.
    async fn annotate_interaction(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Of which, and what.")] input: AnnotateInteractionInput,
    ) -> ApiResult<InteractionPayload> {
        let annotate = |_: &mut Fields| {
            Some(Command::Annotate(interaction::Annotated { insight: input.insight.insight() }))
        };
        single::<Interaction>(ctx, input.idempotency_key, &input.id, annotate).await.map(InteractionPayload)
    }
}

fn recorded(input: RecordInteractionInput, fields: &mut Fields) -> Option<interaction::Recorded> {
    let customer = fields.id("customerId", &input.customer_id);
    let agent = fields.optional_id("agentId", input.agent_id.as_ref());
    let call = fields.optional_id("callId", input.call_id.as_ref());
    Some(interaction::Recorded {
        customer: customer?,
        channel: input.channel.0,
        direction: input.direction.0,
        agent: agent?,
        call: call?,
        subject: personal(input.subject),
        text: personal(input.text),
        attributes: attributes(input.attributes),
    })
}
