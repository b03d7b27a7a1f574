//! What can be done to a campaign.

use async_graphql::{Context, ID, InputObject, Object};
use trunkline_app::cases::New;
use trunkline_domain::campaign::{
    self, AttemptPolicy, CallingHours, Campaign, Command, DialingMode, OutcomeRest,
};
use trunkline_domain::lead::AttemptOutcome;
use trunkline_domain::words::Purpose;
use trunkline_kernel::Millis;

use super::carry_out::{carry_out, single};
use super::edge::{Fields, personal};
use super::payload::CampaignPayload;
use crate::error::ApiResult;
use crate::scalars::Word;

/// How often and how soon a lead is tried.
#[derive(InputObject)]
pub(crate) struct AttemptPolicyInput {
    /// Calls of one lead at most.
    attempts_max: u16,
    /// Calls of one lead in a day at most.
    attempts_per_day_max: u16,
    /// How long a lead rests after an attempt, in milliseconds, where `rests` names no other time.
    retry_after_ms: i64,
    /// How long it rests after attempts that ended in one way, each named once.
    rests: Option<Vec<OutcomeRestInput>>,
    /// How often a lead that ended without an answer may be brought back to the list; 1 when absent.
    recycles_max: Option<u16>,
    /// The chance of an answer, above 0 and below 1, that an hour must promise: in a poorer one a lead waits for a better
    /// one of the same day or the next. When absent, none waits.
    answer_chance_min: Option<f64>,
}

/// How long a lead rests after an attempt that ended in this way.
#[derive(InputObject)]
pub(crate) struct OutcomeRestInput {
    /// How the attempt ended.
    outcome: Word<AttemptOutcome>,
    /// How long the lead rests, in milliseconds.
    rest_ms: i64,
}

impl From<AttemptPolicyInput> for AttemptPolicy {
    fn from(input: AttemptPolicyInput) -> Self {
        let rest =
            |rest: OutcomeRestInput| OutcomeRest { outcome: rest.outcome.0, rest_ms: Millis(rest.rest_ms) };
        Self {
            attempts_max: input.attempts_max,
            attempts_per_day_max: input.attempts_per_day_max,
            retry_after_ms: Millis(input.retry_after_ms),
            rests: input.rests.unwrap_or_default().into_iter().map(rest).collect(),
            recycles_max: input.recycles_max,
            answer_chance_min: input.answer_chance_min,
        }
    }
}

/// When customers may be called, in their own local time.
#[derive(InputObject)]
pub(crate) struct CallingHoursInput {
    /// The first minute of the day, 540 for 09:00.
    from_minute: u16,
    /// The minute of the day before which calls must have begun, 1260 for 21:00.
    until_minute: u16,
    /// The days of the week, 1 for Monday to 7 for Sunday.
    weekdays: Vec<u8>,
}

impl From<CallingHoursInput> for CallingHours {
    fn from(input: CallingHoursInput) -> Self {
        let CallingHoursInput { from_minute, until_minute, weekdays } = input;
        Self { from_minute, until_minute, weekdays }
    }
}

/// A campaign to be drawn up.
#[derive(InputObject)]
pub(crate) struct CreateCampaignInput {
    /// What it is called.
    name: String,
    /// How calls are started.
    mode: Word<DialingMode>,
    /// What is sold.
    product: Option<String>,
    /// The queue that its answered calls wait in.
    queue: Option<String>,
    /// What agents say.
    script: Option<String>,
    /// How often and how soon a lead is tried; when absent 3 attempts, 2 a day, 4 hours apart, a busy line after 15
    /// minutes, a machine after 5 hours, and somebody else, or nobody bridged in time, the next day.
    attempts: Option<AttemptPolicyInput>,
    /// When customers may be called; every day from 09:00 to 21:00 when absent.
    hours: Option<CallingHoursInput>,
    /// Whose law holds, as ISO 3166: `CN`.
    jurisdiction: String,
    /// What customers are called for, `MARKETING` when absent. The rules for it hold, and consent to it is asked.
    purpose: Option<Word<Purpose>>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A change of a campaign's rules; absent fields stay.
#[derive(InputObject)]
pub(crate) struct ChangeCampaignPolicyInput {
    /// The campaign.
    id: ID,
    /// How calls are started from now on.
    mode: Option<Word<DialingMode>>,
    /// What agents say from now on.
    script: Option<String>,
    /// How often and how soon a lead is tried from now on.
    attempts: Option<AttemptPolicyInput>,
    /// When customers may be called from now on.
    hours: Option<CallingHoursInput>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A campaign that something is to be done to.
#[derive(InputObject)]
pub(crate) struct CampaignInput {
    /// The campaign.
    id: ID,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A campaign that something is to be done to, for a reason.
#[derive(InputObject)]
pub(crate) struct CampaignReasonInput {
    /// The campaign.
    id: ID,
    /// Why.
    reason: Option<String>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

#[derive(Default)]
pub(crate) struct CampaignMutations;

#[Object]
impl CampaignMutations {
    /// Draws up a campaign. It dials nobody before it is started.
    async fn create_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The campaign.")] input: CreateCampaignInput,
    ) -> ApiResult<CampaignPayload> {
        let created = campaign::Created {
            name: input.name,
            mode: input.mode.0,
            product: input.product,
            queue: input.queue,
            script: input.script,
            attempts: input.attempts.map(AttemptPolicy::from).unwrap_or_default(),
            hours: input.hours.map(CallingHours::from).unwrap_or_default(),
            jurisdiction: input.jurisdiction,
            purpose: input.purpose.map(|purpose| purpose.0),
        };
        let action = New::<Campaign> { command: Command::Create(created) };
        let fields = Fields::default();
        carry_out(ctx, input.idempotency_key, None, fields, Some(action)).await.map(CampaignPayload)
    }

    /// Changes the rules of a campaign.
    async fn change_campaign_policy(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what.")] input: ChangeCampaignPolicyInput,
    ) -> ApiResult<CampaignPayload> {
        let change = |_: &mut Fields| {
            Some(Command::ChangePolicy(campaign::PolicyChanged {
                mode: input.mode.map(|mode| mode.0),
                script: input.script,
                attempts: input.attempts.map(AttemptPolicy::from),
                hours: input.hours.map(CallingHours::from),
            }))
        };
        single::<Campaign>(ctx, input.idempotency_key, &input.id, change).await.map(CampaignPayload)
    }

    /// Begins to dial.
    async fn start_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CampaignInput,
    ) -> ApiResult<CampaignPayload> {
        let start = |_: &mut Fields| Some(Command::Start);
        single::<Campaign>(ctx, input.idempotency_key, &input.id, start).await.map(CampaignPayload)
    }

    /// Interrupts dialing.
    async fn pause_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: CampaignReasonInput,
    ) -> ApiResult<CampaignPayload> {
        let pause =
            |_: &mut Fields| Some(Command::Pause(campaign::Paused { reason: personal(input.reason) }));
        single::<Campaign>(ctx, input.idempotency_key, &input.id, pause).await.map(CampaignPayload)
    }

    /// Goes on dialing.
    async fn resume_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: CampaignInput,
    ) -> ApiResult<CampaignPayload> {
        let resume = |_: &mut Fields| Some(Command::Resume);
        single::<Campaign>(ctx, input.idempotency_key, &input.id, resume).await.map(CampaignPayload)
    }

    /// Ends a campaign for good.
    async fn stop_campaign(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: CampaignReasonInput,
    ) -> ApiResult<CampaignPayload> {
        let stop = |_: &mut Fields| Some(Command::Stop(campaign::Stopped { reason: personal(input.reason) }));
        single::<Campaign>(ctx, input.idempotency_key, &input.id, stop).await.map(CampaignPayload)
    }
}
