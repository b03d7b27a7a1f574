//! Agents: who they are and what they are doing.

use async_graphql::{Context, ID, Object, SimpleObject};
use trunkline_domain::agent::{self, PauseReason, Presence, Validity};
use trunkline_projections::agent_availability::{AgentRow, AgentTimeRow};

use super::{Achievements, Call, Lead, Task};
use crate::error::ApiResult;
use crate::opener::{PersonalState, state, text};
use crate::scalars::{DateTime, LogPosition, StateOf, Word, global};
use crate::view::View;

/// A person who speaks with customers, and what that person is doing now.
pub(crate) struct Agent {
    pub row: AgentRow,
    pub view: View,
}

/// A skill of an agent.
#[derive(SimpleObject)]
pub(crate) struct Skill {
    /// The skill's name.
    name: String,
    /// From 1 (beginner) to 5 (expert).
    level: u8,
}

/// A licence of an agent.
#[derive(SimpleObject)]
pub(crate) struct Licence {
    /// What it is called.
    name: String,
    /// From when on it holds; from ever when absent.
    from: Option<DateTime>,
    /// From when on it does not hold any more; never when absent.
    until: Option<DateTime>,
}

/// Hours that an agent works every week.
#[derive(SimpleObject)]
pub(crate) struct Shift {
    /// The IANA time zone of the hours.
    time_zone: String,
    /// The days on which the shift begins, 1 for Monday to 7 for Sunday.
    weekdays: Vec<u8>,
    /// The minute of the day at which it begins, 540 for 09:00.
    from_minute: u16,
    /// The minute of the day at which it ends; one that is not after the beginning is of the next day.
    until_minute: u16,
}

/// A person who speaks with customers, and what that person is doing now.
#[Object]
impl Agent {
    /// The id, `agent:UUID`.
    pub(crate) async fn id(&self) -> ID {
        global(self.row.agent_id)
    }

    /// The name, as far as the caller may see it; `nameState` says how it stands.
    async fn name(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.row.name.as_ref()).await
    }

    /// How the name stands.
    async fn name_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Agent", "name"), self.row.name.as_ref()).await
    }

    /// The team, by its name.
    async fn team(&self) -> Option<&str> {
        self.row.team.as_deref()
    }

    /// Skills and their levels.
    async fn skills(&self) -> Vec<Skill> {
        let skills = self.row.skills.0.iter();
        skills.map(|(name, level)| Skill { name: name.clone(), level: *level }).collect()
    }

    /// Languages spoken, as BCP 47 tags.
    async fn languages(&self) -> &[String] {
        &self.row.languages.0
    }

    /// Licences held.
    async fn licences(&self) -> Vec<Licence> {
        let of = |(name, validity): (&String, &Validity)| Licence {
            name: name.clone(),
            from: validity.from.map(DateTime),
            until: validity.until.map(DateTime),
        };
        self.row.licences.0.iter().map(of).collect()
    }

    /// When the agent works; always without any.
    async fn shifts(&self) -> Vec<Shift> {
        let of = |shift: &agent::Shift| {
            let agent::Shift { time_zone, weekdays, from_minute, until_minute } = shift.clone();
            Shift { time_zone, weekdays, from_minute, until_minute }
        };
        self.row.shifts.0.iter().map(of).collect()
    }

    /// How many tasks at once; a call takes the whole agent.
    async fn capacity(&self) -> i64 {
        self.row.capacity
    }

    /// Where the switch reaches the agent, in its own words: an extension such as `1001`.
    async fn extension(&self) -> Option<&str> {
        self.row.extension.as_deref()
    }

    /// What the agent is doing.
    async fn presence(&self) -> StateOf<Presence> {
        self.row.presence.0.into()
    }

    /// Since when.
    async fn since(&self) -> DateTime {
        self.row.since.into()
    }

    /// Why the agent is paused.
    async fn pause_reason(&self) -> Option<Word<PauseReason>> {
        self.row.pause_reason.map(|reason| reason.0.into())
    }

    /// Why the agent will be paused after the present work.
    async fn next_pause_reason(&self) -> Option<Word<PauseReason>> {
        self.row.next_pause_reason.map(|reason| reason.0.into())
    }

    /// The call that the agent works on or is offered.
    async fn call(&self) -> ApiResult<Option<Call>> {
        self.view.call(self.row.call_id).await
    }

    /// The lead that the agent looks at or is offered.
    async fn lead(&self) -> ApiResult<Option<Lead>> {
        self.view.lead(self.row.lead_id).await
    }

    /// The task that the agent is offered.
    async fn task(&self) -> ApiResult<Option<Task>> {
        self.view.task(self.row.task_id).await
    }

    /// The offer under way.
    async fn reservation_id(&self) -> Option<ID> {
        self.row.reservation_id.map(global)
    }

    /// The fencing token of the last offer; whoever acts under an older one is refused.
    async fn token(&self) -> i64 {
        self.row.token
    }

    /// When the offer under way ends by itself.
    async fn offer_expires_at(&self) -> Option<DateTime> {
        self.row.offer_expires_at.map(DateTime)
    }

    /// Offers missed in a row.
    async fn missed_offers(&self) -> i64 {
        self.row.missed_offers
    }

    /// When the after-call work ends by itself.
    async fn wrap_until(&self) -> Option<DateTime> {
        self.row.wrap_until.map(DateTime)
    }

    /// Since when the agent is signed in.
    async fn signed_in_at(&self) -> Option<DateTime> {
        self.row.signed_in_at.map(DateTime)
    }

    /// When the agent became known.
    async fn registered_at(&self) -> DateTime {
        self.row.registered_at.into()
    }

    /// How long the agent was in each state on a day (UTC), today when none is given; intervals that are over.
    async fn times(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Any moment of the day; today when absent.")] day: Option<DateTime>,
    ) -> ApiResult<Vec<AgentTime>> {
        self.view.agent_times(ctx, self.row.agent_id, day.map(|day| day.0)).await
    }

    /// What the agent achieved in calls that are over, as it is now, also of an agent as of the past; absent before the first,
    /// and where the agent's figures are not seen.
    async fn achievements(&self, ctx: &Context<'_>) -> ApiResult<Option<Achievements>> {
        View::now(ctx).achievements(self.row.agent_id).await
    }

    /// The event that changed the agent last.
    async fn position(&self) -> LogPosition {
        self.row.position.into()
    }
}

/// How long an agent was in one state on one day.
pub(crate) struct AgentTime(pub AgentTimeRow);

/// How long an agent was in one state on one day.
#[Object]
impl AgentTime {
    /// The day's first moment, UTC.
    async fn day(&self) -> DateTime {
        self.0.day.into()
    }

    /// The state.
    async fn presence(&self) -> StateOf<Presence> {
        self.0.presence.0.into()
    }

    /// How long, in milliseconds.
    async fn total_ms(&self) -> i64 {
        self.0.total_ms
    }

    /// How often the state was entered.
    async fn entered(&self) -> i64 {
        self.0.entered
    }
}
