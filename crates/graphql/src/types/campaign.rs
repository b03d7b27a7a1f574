//! Campaigns and their leads.

use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, Object, SimpleObject};
use trunkline_app::PacingBoard;
use trunkline_domain::campaign::{self, CampaignState, DialingMode};
use trunkline_domain::lead::{AttemptOutcome, BlockReason, LeadOutcome, LeadState};
use trunkline_domain::words::Purpose;
use trunkline_projections::outreach::{CampaignRow, LeadRow};

use super::pacing::Pacing;
use super::{Attribute, Call, Customer, attributes};
use crate::error::ApiResult;
use crate::scalars::{DateTime, LogPosition, StateOf, Word, global};
use crate::view::View;

/// Pages of leads.
pub(crate) type LeadConnection = Connection<String, Lead>;

/// A list, a script, a dialing mode, an attempt policy and calling hours.
pub(crate) struct Campaign {
    pub row: CampaignRow,
    pub view: View,
}

/// How often and how soon a lead is tried.
#[derive(SimpleObject)]
pub(crate) struct AttemptPolicy {
    /// Calls of one lead at most.
    attempts_max: u16,
    /// Calls of one lead in a day at most.
    attempts_per_day_max: u16,
    /// How long a lead rests after an attempt, in milliseconds, where `rests` names no other time.
    retry_after_ms: i64,
    /// How long it rests after attempts that ended in one way.
    rests: Vec<OutcomeRest>,
    /// How often a lead that ended without an answer may be brought back to the list.
    recycles_max: u16,
    /// The chance of an answer that an hour must promise, so that a lead does not wait for a better one; absent when none
    /// waits.
    answer_chance_min: Option<f64>,
}

/// How long a lead rests after an attempt that ended in this way.
#[derive(SimpleObject)]
pub(crate) struct OutcomeRest {
    /// How the attempt ended.
    outcome: Word<AttemptOutcome>,
    /// How long the lead rests, in milliseconds.
    rest_ms: i64,
}

impl From<&campaign::OutcomeRest> for OutcomeRest {
    fn from(rest: &campaign::OutcomeRest) -> Self {
        Self { outcome: rest.outcome.into(), rest_ms: rest.rest_ms.0 }
    }
}

/// When customers may be called, in their own local time.
#[derive(SimpleObject)]
pub(crate) struct CallingHours {
    /// The first minute of the day, 540 for 09:00.
    from_minute: u16,
    /// The minute of the day before which calls must have begun, 1260 for 21:00.
    until_minute: u16,
    /// The days of the week, 1 for Monday to 7 for Sunday.
    weekdays: Vec<u8>,
}

/// How many leads of a campaign stand in one state.
#[derive(SimpleObject)]
pub(crate) struct LeadCount {
    /// The state.
    pub state: StateOf<LeadState>,
    /// How many leads.
    pub leads: i64,
}

/// A list, a script, a dialing mode, an attempt policy and calling hours.
#[Object]
impl Campaign {
    /// The id, `campaign:UUID`.
    pub(crate) async fn id(&self) -> ID {
        global(self.row.campaign_id)
    }

    /// What it is called.
    async fn name(&self) -> &str {
        &self.row.name
    }

    /// How far it has come.
    async fn state(&self) -> StateOf<CampaignState> {
        self.row.state.0.into()
    }

    /// Since when.
    async fn state_since(&self) -> DateTime {
        self.row.state_since.into()
    }

    /// How calls are started.
    async fn mode(&self) -> Word<DialingMode> {
        self.row.mode.0.into()
    }

    /// What is sold.
    async fn product(&self) -> Option<&str> {
        self.row.product.as_deref()
    }

    /// The queue that its answered calls wait in.
    async fn queue(&self) -> Option<&str> {
        self.row.queue.as_deref()
    }

    /// What agents say.
    async fn script(&self) -> Option<&str> {
        self.row.script.as_deref()
    }

    /// How often and how soon a lead is tried.
    async fn attempts(&self) -> AttemptPolicy {
        let policy = &self.row.attempts.0;
        AttemptPolicy {
            attempts_max: policy.attempts_max,
            attempts_per_day_max: policy.attempts_per_day_max,
            retry_after_ms: policy.retry_after_ms.0,
            rests: policy.rests.iter().map(OutcomeRest::from).collect(),
            recycles_max: policy.recycles_max(),
            answer_chance_min: policy.answer_chance_min,
        }
    }

    /// When customers may be called.
    async fn hours(&self) -> CallingHours {
        let hours = &self.row.hours.0;
        CallingHours {
            from_minute: hours.from_minute,
            until_minute: hours.until_minute,
            weekdays: hours.weekdays.clone(),
        }
    }

    /// Whose law holds, as ISO 3166.
    async fn jurisdiction(&self) -> &str {
        &self.row.jurisdiction
    }

    /// What its customers are called for.
    async fn purpose(&self) -> Word<Purpose> {
        self.row.purpose.0.into()
    }

    /// When it was drawn up.
    async fn created_at(&self) -> DateTime {
        self.row.created_at.into()
    }

    /// How many leads stand in each state.
    async fn lead_counts(&self) -> ApiResult<Vec<LeadCount>> {
        self.view.lead_counts(self.row.campaign_id).await
    }

    /// How it is going, when this server dials it.
    async fn pacing(&self, ctx: &Context<'_>) -> Option<Pacing> {
        ctx.data_unchecked::<Arc<PacingBoard>>().of(self.row.campaign_id).map(Pacing::from)
    }

    /// The event that changed the campaign last.
    async fn position(&self) -> LogPosition {
        self.row.position.into()
    }
}

/// One customer in one campaign.
pub(crate) struct Lead {
    pub row: LeadRow,
    pub view: View,
}

/// One customer in one campaign.
#[Object]
impl Lead {
    /// The id, `lead:UUID`.
    pub(crate) async fn id(&self) -> ID {
        global(self.row.lead_id)
    }

    /// The campaign.
    async fn campaign(&self) -> ApiResult<Option<Campaign>> {
        self.view.campaign(Some(self.row.campaign_id)).await
    }

    /// The customer.
    async fn customer(&self) -> ApiResult<Option<Customer>> {
        self.view.customer(Some(self.row.customer_id)).await
    }

    /// How far it has come.
    async fn state(&self) -> StateOf<LeadState> {
        self.row.state.0.into()
    }

    /// Since when.
    async fn state_since(&self) -> DateTime {
        self.row.state_since.into()
    }

    /// Higher goes first.
    async fn priority(&self) -> i64 {
        self.row.priority
    }

    /// Calls made.
    async fn attempts(&self) -> i64 {
        self.row.attempts
    }

    /// How often it was brought back to the list.
    async fn recycled(&self) -> i64 {
        self.row.recycled
    }

    /// The last call.
    async fn last_call(&self) -> ApiResult<Option<Call>> {
        self.view.call(self.row.last_call_id).await
    }

    /// When it was made.
    async fn last_called_at(&self) -> Option<DateTime> {
        self.row.last_called_at.map(DateTime)
    }

    /// How the last attempt ended.
    async fn last_outcome(&self) -> Option<Word<AttemptOutcome>> {
        self.row.last_outcome.map(|outcome| outcome.0.into())
    }

    /// Until when it rests.
    async fn hold_until(&self) -> Option<DateTime> {
        self.row.hold_until.map(DateTime)
    }

    /// How it ended.
    async fn outcome(&self) -> Option<Word<LeadOutcome>> {
        self.row.outcome.map(|outcome| outcome.0.into())
    }

    /// Why it must not be called.
    async fn block_reason(&self) -> Option<Word<BlockReason>> {
        self.row.block_reason.map(|reason| reason.0.into())
    }

    /// Further values in the words of the source.
    async fn attributes(&self) -> Vec<Attribute> {
        attributes(&self.row.attributes.0)
    }

    /// When it was put on the list.
    async fn added_at(&self) -> DateTime {
        self.row.added_at.into()
    }

    /// The event that changed the lead last.
    async fn position(&self) -> LogPosition {
        self.row.position.into()
    }
}
