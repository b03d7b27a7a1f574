//! Calls, as the figures drill down to them.

use async_graphql::{Context, ID, Object, SimpleObject};
use trunkline_domain::call::{Answerer, CallState, EndCause};
use trunkline_domain::words::{By, Direction};
use trunkline_projections::kpi::CallRow;

use super::judgement::{Judgement, judgement};
use super::{Agent, Attribute, Campaign, Customer, Lead, Recording, attributes};
use crate::error::ApiResult;
use crate::opener::{PersonalState, state, text};
use crate::scalars::{DateTime, LogPosition, StateOf, Word, global};
use crate::view::View;

/// The hour of a dial on the customer's clock.
#[derive(SimpleObject)]
pub(crate) struct DialSlot {
    /// The hour of the customer's day, 0 to 23.
    hour: i64,
    /// Whether it was a Saturday or a Sunday there.
    weekend: bool,
    /// The chance that a person answers, as it was learned from earlier dials; absent when nothing was, and when the customer
    /// refuses automated decisions.
    chance: Option<f64>,
    /// Below which chance the campaign lets leads wait for a better hour.
    least: Option<f64>,
    /// Whether the chance was below that: a call that nobody answers then was wasted.
    poor: bool,
}

/// One telephone call, outbound or inbound.
pub(crate) struct Call {
    pub row: CallRow,
    pub view: View,
}

/// One telephone call, outbound or inbound.
#[Object]
impl Call {
    /// The id, `call:UUID`.
    pub(crate) async fn id(&self) -> ID {
        global(self.row.call_id)
    }

    /// Who began it.
    async fn direction(&self) -> Word<Direction> {
        self.row.direction.0.into()
    }

    /// How far it has come.
    async fn state(&self) -> StateOf<CallState> {
        self.row.state.0.into()
    }

    /// The customer, when identified.
    async fn customer(&self) -> ApiResult<Option<Customer>> {
        self.view.customer(self.row.customer_id).await
    }

    /// The lead it is an attempt of.
    async fn lead(&self) -> ApiResult<Option<Lead>> {
        self.view.lead(self.row.lead_id).await
    }

    /// The campaign it belongs to.
    async fn campaign(&self) -> ApiResult<Option<Campaign>> {
        self.view.campaign(self.row.campaign_id).await
    }

    /// The agent who answered it, or whom it is meant for.
    async fn agent(&self) -> ApiResult<Option<Agent>> {
        self.view.agent(self.row.agent_id).await
    }

    /// That agent's team when the call was answered.
    async fn team(&self) -> Option<&str> {
        self.row.team.as_deref()
    }

    /// The queue.
    async fn queue(&self) -> Option<&str> {
        self.row.queue.as_deref()
    }

    /// The product it is about.
    async fn product(&self) -> Option<&str> {
        self.row.product.as_deref()
    }

    /// The customer's line of business.
    async fn industry(&self) -> Option<&str> {
        self.row.industry.as_deref()
    }

    /// Our line or trunk that carries it.
    async fn line(&self) -> Option<&str> {
        self.row.line.as_deref()
    }

    /// The customer's number in E.164, as far as the caller may see it; `numberState` says how it stands.
    async fn number(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.row.number.as_ref()).await
    }

    /// How the number stands.
    async fn number_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Call", "number"), self.row.number.as_ref()).await
    }

    /// Higher goes first.
    async fn priority(&self) -> Option<i64> {
        self.row.priority
    }

    /// Further values in the words of the source.
    async fn attributes(&self) -> Vec<Attribute> {
        attributes(&self.row.attributes.0)
    }

    /// When it began: the window in which it counts.
    async fn started_at(&self) -> DateTime {
        self.row.started_at.into()
    }

    /// When it was dialed.
    async fn dialed_at(&self) -> Option<DateTime> {
        self.row.dialed_at.map(DateTime)
    }

    /// When it was answered by anybody or anything.
    async fn answered_at(&self) -> Option<DateTime> {
        self.row.answered_at.map(DateTime)
    }

    /// Who answered an outbound call.
    async fn answerer(&self) -> Option<Word<Answerer>> {
        self.row.answerer.map(|answerer| answerer.0.into())
    }

    /// When it entered the queue.
    async fn queued_at(&self) -> Option<DateTime> {
        self.row.queued_at.map(DateTime)
    }

    /// How long it waited in the queue, in milliseconds, once that is over.
    async fn waited_ms(&self) -> Option<i64> {
        self.row.waited_ms
    }

    /// When an agent answered.
    async fn bridged_at(&self) -> Option<DateTime> {
        self.row.bridged_at.map(DateTime)
    }

    /// How long it was on hold, in milliseconds.
    async fn hold_ms(&self) -> i64 {
        self.row.hold_ms
    }

    /// When it ended.
    async fn ended_at(&self) -> Option<DateTime> {
        self.row.ended_at.map(DateTime)
    }

    /// Why it ended.
    async fn cause(&self) -> Option<Word<EndCause>> {
        self.row.cause.map(|cause| cause.0.into())
    }

    /// Conversation in milliseconds, holding left out, once it is over.
    async fn talk_ms(&self) -> Option<i64> {
        self.row.talk_ms
    }

    /// After-call work in milliseconds.
    async fn wrap_ms(&self) -> Option<i64> {
        self.row.wrap_ms
    }

    /// The rule that forbade the dial.
    async fn suppressed_by(&self) -> Option<&str> {
        self.row.suppressed_by.as_deref()
    }

    /// Whether the call was lawful at the instant of dialing, and why; absent where Trunkline did not judge: before
    /// dialing, calls of no lead, imported history.
    #[graphql(complexity = "5 + child_complexity")]
    async fn judgement(&self, ctx: &Context<'_>) -> ApiResult<Option<Judgement>> {
        if self.row.dialed_at.is_none() && self.row.suppressed_by.is_none() {
            return Ok(None);
        }
        judgement(ctx, self.row.call_id, self.row.position).await
    }

    /// The hour of the dial on the customer's clock, and what was to be expected of it; absent where it is not known.
    async fn slot(&self) -> Option<DialSlot> {
        let (hour, weekend) = (self.row.slot_hour?, self.row.slot_weekend?);
        let (chance, least) = (self.row.slot_chance, self.row.slot_least);
        let poor = chance.zip(least).is_some_and(|(chance, least)| chance < least);
        Some(DialSlot { hour, weekend, chance, least, poor })
    }

    /// Whether a person answered the dial and no agent was there in time.
    async fn abandoned(&self) -> bool {
        self.row.abandoned
    }

    /// The wrap-up code.
    async fn disposition(&self) -> Option<&str> {
        self.row.disposition.as_deref()
    }

    /// Whether the person wanted was on the line.
    async fn right_party(&self) -> Option<bool> {
        self.row.right_party
    }

    /// Whether something was sold.
    async fn sale(&self) -> Option<bool> {
        self.row.sale
    }

    /// Whether the customer asked not to be called again.
    async fn do_not_call(&self) -> Option<bool> {
        self.row.do_not_call
    }

    /// When the customer wants to be called again.
    async fn callback_at(&self) -> Option<DateTime> {
        self.row.callback_at.map(DateTime)
    }

    /// The agent's note, as far as the caller may see it; `noteState` says how it stands.
    async fn note(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.row.note.as_ref()).await
    }

    /// How the note stands.
    async fn note_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Call", "note"), self.row.note.as_ref()).await
    }

    /// Who classified it.
    async fn dispositioned_by(&self) -> Option<Word<By>> {
        self.row.dispositioned_by.map(|by| by.0.into())
    }

    /// What was recorded of it, oldest first.
    #[graphql(complexity = "1 + 2 * child_complexity")]
    async fn recordings(&self) -> ApiResult<Vec<Recording>> {
        self.view.recordings_of(self.row.call_id).await
    }

    /// The event that changed the call last.
    async fn position(&self) -> LogPosition {
        self.row.position.into()
    }
}
