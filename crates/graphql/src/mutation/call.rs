//! What can be done to a call.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use trunkline_app::cases::{BridgeCall, ClassifyResult, CreateCall, DialCall, EndCall, HoldCall, ResumeCall};
use trunkline_domain::Policy;
use trunkline_domain::call::{self, Answerer, Call, Command, EndCause};
use trunkline_domain::words::{By, Direction};
use trunkline_pool::Router;

use super::carry_out::{carry_out, single};
use super::edge::{AttributeInput, Fields, attributes, personal};
use super::lead::judges;
use super::payload::CallPayload;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Word};

/// A call to be made known.
#[derive(InputObject)]
pub(crate) struct CreateCallInput {
    /// Who began it.
    direction: Word<Direction>,
    /// The customer, when identified.
    customer_id: Option<ID>,
    /// The lead it is an attempt of; customer and campaign are then taken from it.
    lead_id: Option<ID>,
    /// The campaign it belongs to.
    campaign_id: Option<ID>,
    /// The agent it is meant for.
    agent_id: Option<ID>,
    /// The customer's number, with its country code.
    number: Option<String>,
    /// The queue it is meant for.
    queue: Option<String>,
    /// The product it is about.
    product: Option<String>,
    /// The customer's line of business.
    industry: Option<String>,
    /// Our line or trunk that carries it.
    line: Option<String>,
    /// Higher goes first.
    priority: Option<i32>,
    /// Further values in the words of the source.
    attributes: Option<Vec<AttributeInput>>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

impl CreateCallInput {
    fn parse(self, fields: &mut Fields) -> Option<CreateCall> {
        let customer = fields.optional_id("customerId", self.customer_id.as_ref());
        let lead = fields.optional_id("leadId", self.lead_id.as_ref());
        let campaign = fields.optional_id("campaignId", self.campaign_id.as_ref());
        let agent = fields.optional_id("agentId", self.agent_id.as_ref());
        let number = fields.optional_phone("number", self.number.as_deref());
        let created = call::Created {
            direction: self.direction.0,
            customer: customer?,
            lead: lead?,
            campaign: campaign?,
            agent: agent?,
            number: number?,
            number_claim: None,
            number_region: None,
            queue: self.queue,
            product: self.product,
            industry: self.industry,
            line: self.line,
            priority: self.priority,
            attributes: attributes(self.attributes),
        };
        Some(CreateCall { created })
    }
}

/// A call that something happens to.
#[derive(InputObject)]
pub(crate) struct CallInput {
    /// The call.
    id: ID,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A dial that a rule forbids.
#[derive(InputObject)]
pub(crate) struct SuppressCallInput {
    /// The call.
    id: ID,
    /// The rule.
    rule: String,
    /// Which version of it.
    rule_version: String,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A call to be dialed.
#[derive(InputObject)]
pub(crate) struct DialCallInput {
    /// The call.
    id: ID,
    /// The fencing token of the agent's offer, when the agent was offered the lead.
    token: Option<u64>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// Who answered.
#[derive(InputObject)]
pub(crate) struct ClassifyCallInput {
    /// The call.
    id: ID,
    /// Who.
    answerer: Word<Answerer>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A call that waits for an agent.
#[derive(InputObject)]
pub(crate) struct QueueCallInput {
    /// The call.
    id: ID,
    /// In which queue.
    queue: String,
    /// Higher goes first.
    priority: Option<i32>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A call and the agent it is connected with.
#[derive(InputObject)]
pub(crate) struct BridgeCallInput {
    /// The call.
    id: ID,
    /// The agent; absent when the source does not name one.
    agent_id: Option<ID>,
    /// How long the customer waited in the queue, in milliseconds, when the source says it.
    waited_ms: Option<i64>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// The end of a call.
#[derive(InputObject)]
pub(crate) struct EndCallInput {
    /// The call.
    id: ID,
    /// Why.
    cause: Word<EndCause>,
    /// How long the customer waited in the queue, in milliseconds, when the call ended there and the source says
    /// it.
    waited_ms: Option<i64>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// How a finished call went.
#[derive(InputObject)]
pub(crate) struct DispositionCallInput {
    /// The call.
    id: ID,
    /// The wrap-up code, a word of the campaign's list.
    disposition: String,
    /// Whether the person wanted was on the line.
    #[graphql(default = false)]
    right_party: bool,
    /// Whether something was sold.
    #[graphql(default = false)]
    sale: bool,
    /// Whether the customer asked not to be called again.
    #[graphql(default = false)]
    do_not_call: bool,
    /// When the customer wants to be called again.
    callback_at: Option<DateTime>,
    /// The agent's note.
    note: Option<String>,
    /// How long the after-call work took, in milliseconds.
    wrap_ms: Option<i64>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

impl DispositionCallInput {
    fn parse(self, fields: &mut Fields) -> Option<ClassifyResult> {
        let call = fields.id("id", &self.id);
        let wrap_ms = fields.optional_millis("wrapMs", self.wrap_ms);
        let dispositioned = call::Dispositioned {
            disposition: self.disposition,
            right_party: self.right_party,
            sale: self.sale,
            do_not_call: self.do_not_call,
            callback_at: self.callback_at.map(|at| at.0),
            note: personal(self.note),
            by: By::Agent,
            wrap_ms: wrap_ms?,
        };
        Some(ClassifyResult { call: call?, dispositioned })
    }
}

#[derive(Default)]
pub(crate) struct CallMutations;

#[Object]
impl CallMutations {
    /// Makes a call known.
    async fn create_call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The call.")] input: CreateCallInput,
    ) -> ApiResult<CallPayload> {
        let mut fields = Fields::default();
        let key = input.idempotency_key.clone();
        let action = input.parse(&mut fields);
        carry_out(ctx, key, None, fields, action).await.map(CallPayload)
    }

    /// Forbids the dial by a rule.
    async fn suppress_call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and by which rule.")] input: SuppressCallInput,
    ) -> ApiResult<CallPayload> {
        let suppress = |_: &mut Fields| {
            let SuppressCallInput { rule, rule_version, .. } = input;
            Some(Command::Suppress(call::Suppressed { rule, rule_version, judged: None }))
        };
        let (key, id) = (input.idempotency_key.clone(), input.id.clone());
        single::<Call>(ctx, key, &id, suppress).await.map(CallPayload)
    }

    /// Dials a call for its lead, whose campaign has to be running, and its agent. When a rule bars calling the customer of
    /// its lead at this instant, the call is suppressed instead, and the lead is blocked or rests until the rule lets go;
    /// `judgement` says why.
    async fn dial_call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: DialCallInput,
    ) -> ApiResult<CallPayload> {
        let mut fields = Fields::default();
        let (token, judges) = (input.token, judges(ctx));
        let licensing = Arc::clone(ctx.data_unchecked::<Arc<Router>>().licensing());
        let action = fields.id("id", &input.id).map(|call| DialCall {
            call,
            token,
            agent_guaranteed: false,
            judges,
            worth: None,
            licensing,
            // Whoever dials by hand has a telephone of their own.
            ordered: false,
        });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(CallPayload)
    }

    /// The other end rings.
    async fn ring_call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CallInput,
    ) -> ApiResult<CallPayload> {
        let ring = |_: &mut Fields| Some(Command::Ring);
        single::<Call>(ctx, input.idempotency_key, &input.id, ring).await.map(CallPayload)
    }

    /// Somebody or something answered.
    async fn answer_call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CallInput,
    ) -> ApiResult<CallPayload> {
        let answer = |_: &mut Fields| Some(Command::Answer);
        single::<Call>(ctx, input.idempotency_key, &input.id, answer).await.map(CallPayload)
    }

    /// It was told who answered an outbound call.
    async fn classify_call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and who.")] input: ClassifyCallInput,
    ) -> ApiResult<CallPayload> {
        let classify =
            |_: &mut Fields| Some(Command::Classify(call::Classified { answerer: input.answerer.0 }));
        single::<Call>(ctx, input.idempotency_key, &input.id, classify).await.map(CallPayload)
    }

    /// Lets a call wait for an agent.
    async fn queue_call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and where.")] input: QueueCallInput,
    ) -> ApiResult<CallPayload> {
        let QueueCallInput { id, queue, priority, idempotency_key } = input;
        let queue = |_: &mut Fields| Some(Command::Queue(call::Queued { queue, priority }));
        single::<Call>(ctx, idempotency_key, &id, queue).await.map(CallPayload)
    }

    /// Connects a call with an agent, who then speaks. The agent may have been offered the call, may be in it
    /// already because it was dialed for the agent, or may be free.
    async fn bridge_call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and with whom.")] input: BridgeCallInput,
    ) -> ApiResult<CallPayload> {
        let mut fields = Fields::default();
        let call = fields.id("id", &input.id);
        let agent = fields.optional_id("agentId", input.agent_id.as_ref());
        let waited_ms = fields.optional_millis("waitedMs", input.waited_ms);
        let action = call.zip(agent).zip(waited_ms).map(|((call, agent), waited_ms)| BridgeCall {
            call,
            bridged: call::Bridged { agent, waited_ms },
        });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(CallPayload)
    }

    /// Lets the customer wait on the line.
    async fn hold_call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CallInput,
    ) -> ApiResult<CallPayload> {
        let mut fields = Fields::default();
        let action = fields.id("id", &input.id).map(|call| HoldCall { call });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(CallPayload)
    }

    /// Goes on with the conversation.
    async fn resume_call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CallInput,
    ) -> ApiResult<CallPayload> {
        let mut fields = Fields::default();
        let action = fields.id("id", &input.id).map(|call| ResumeCall { call });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(CallPayload)
    }

    /// Ends a call. Its agent goes into after-call work; a lead that nobody was reached for rests and is tried
    /// again, as its campaign says.
    async fn end_call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: EndCallInput,
    ) -> ApiResult<CallPayload> {
        let mut fields = Fields::default();
        let policy = *ctx.data_unchecked::<Policy>();
        let call = fields.id("id", &input.id);
        let waited_ms = fields.optional_millis("waitedMs", input.waited_ms);
        let action = call.zip(waited_ms).map(|(call, waited_ms)| EndCall {
            call,
            ended: call::Ended { cause: input.cause.0, waited_ms },
            policy,
        });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(CallPayload)
    }

    /// Classifies a finished call. Its lead goes on accordingly, its agent's after-call work ends, and a customer
    /// who asked not to be called is not called again.
    async fn disposition_call(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and how it went.")] input: DispositionCallInput,
    ) -> ApiResult<CallPayload> {
        let mut fields = Fields::default();
        let key = input.idempotency_key.clone();
        let action = input.parse(&mut fields);
        carry_out(ctx, key, None, fields, action).await.map(CallPayload)
    }
}
