//! What can be done to an agent.

use async_graphql::{Context, ID, InputObject, Object};
use std::collections::BTreeMap;
use trunkline_app::cases::New;
use trunkline_domain::agent::{self, Agent, Command, PauseReason, Shift, Validity};
use trunkline_kernel::Personal;

use super::carry_out::{carry_out, single};
use super::edge::{Fields, personal};
use super::payload::AgentPayload;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Word};

/// A skill of an agent.
#[derive(InputObject)]
pub(crate) struct SkillInput {
    /// The skill's name.
    name: String,
    /// From 1 (beginner) to 5 (expert).
    level: u8,
}

/// A licence of an agent.
#[derive(InputObject)]
pub(crate) struct LicenceInput {
    /// What it is called; work asks for it by that name.
    name: String,
    /// From when on it holds; from ever when absent.
    from: Option<DateTime>,
    /// From when on it does not hold any more; never when absent.
    until: Option<DateTime>,
}

/// Hours that an agent works every week.
#[derive(InputObject)]
pub(crate) struct ShiftInput {
    /// The IANA time zone of the hours, `Asia/Shanghai`.
    time_zone: String,
    /// The days on which the shift begins, 1 for Monday to 7 for Sunday.
    weekdays: Vec<u8>,
    /// The minute of the day at which it begins, 540 for 09:00.
    from_minute: u16,
    /// The minute of the day at which it ends, 1080 for 18:00; one that is not after the beginning is of the next day.
    until_minute: u16,
}

fn licences(given: Vec<LicenceInput>) -> BTreeMap<String, Validity> {
    let validity = |given: &LicenceInput| Validity {
        from: given.from.map(|from| from.0),
        until: given.until.map(|until| until.0),
    };
    given.into_iter().map(|licence| (licence.name.clone(), validity(&licence))).collect()
}

fn shifts(given: Vec<ShiftInput>) -> Vec<Shift> {
    let shift = |ShiftInput { time_zone, weekdays, from_minute, until_minute }| Shift {
        time_zone,
        weekdays,
        from_minute,
        until_minute,
    };
    given.into_iter().map(shift).collect()
}

pub(super) fn skills(given: Vec<SkillInput>) -> BTreeMap<String, u8> {
    given.into_iter().map(|skill| (skill.name, skill.level)).collect()
}

/// An agent to be made known.
#[derive(InputObject)]
pub(crate) struct RegisterAgentInput {
    /// The agent's name.
    name: String,
    /// The team, by its name.
    team: Option<String>,
    /// Skills and their levels.
    skills: Option<Vec<SkillInput>>,
    /// Languages spoken, as BCP 47 tags.
    languages: Option<Vec<String>>,
    /// How many tasks at once, 1 to 100; a call takes the whole agent.
    #[graphql(default = 1)]
    capacity: u16,
    /// Where the switch reaches the agent, in its own words: an extension such as `1001`.
    extension: Option<String>,
    /// Licences held.
    licences: Option<Vec<LicenceInput>>,
    /// When the agent works; outside of it no new work is offered. Always without any.
    shifts: Option<Vec<ShiftInput>>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A change of what is known; absent fields stay.
#[derive(InputObject)]
pub(crate) struct ChangeAgentProfileInput {
    /// The agent.
    id: ID,
    /// The new name.
    name: Option<String>,
    /// The new team.
    team: Option<String>,
    /// All skills from now on.
    skills: Option<Vec<SkillInput>>,
    /// All languages from now on.
    languages: Option<Vec<String>>,
    /// The new capacity.
    capacity: Option<u16>,
    /// Where the switch reaches the agent from now on.
    extension: Option<String>,
    /// All licences from now on.
    licences: Option<Vec<LicenceInput>>,
    /// All shifts from now on.
    shifts: Option<Vec<ShiftInput>>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// An agent who does something.
#[derive(InputObject)]
pub(crate) struct AgentInput {
    /// The agent.
    id: ID,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A pause.
#[derive(InputObject)]
pub(crate) struct PauseAgentInput {
    /// The agent.
    id: ID,
    /// Why.
    reason: Word<PauseReason>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

#[derive(Default)]
pub(crate) struct AgentMutations;

#[Object]
impl AgentMutations {
    /// Makes an agent known.
    async fn register_agent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The agent.")] input: RegisterAgentInput,
    ) -> ApiResult<AgentPayload> {
        let registered = agent::Registered {
            name: Personal::Open(input.name),
            team: input.team,
            skills: skills(input.skills.unwrap_or_default()),
            languages: input.languages.unwrap_or_default().into_iter().collect(),
            capacity: input.capacity,
            extension: input.extension,
            licences: licences(input.licences.unwrap_or_default()),
            shifts: shifts(input.shifts.unwrap_or_default()),
        };
        let action = New::<Agent> { command: Command::Register(registered) };
        let fields = Fields::default();
        carry_out(ctx, input.idempotency_key, None, fields, Some(action)).await.map(AgentPayload)
    }

    /// Changes what is known of an agent.
    async fn change_agent_profile(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose, and what.")] input: ChangeAgentProfileInput,
    ) -> ApiResult<AgentPayload> {
        let change = |_: &mut Fields| {
            Some(Command::ChangeProfile(agent::ProfileChanged {
                name: personal(input.name),
                team: input.team,
                skills: input.skills.map(skills),
                languages: input.languages.map(|languages| languages.into_iter().collect()),
                capacity: input.capacity,
                extension: input.extension,
                licences: input.licences.map(licences),
                shifts: input.shifts.map(shifts),
            }))
        };
        single::<Agent>(ctx, input.idempotency_key, &input.id, change).await.map(AgentPayload)
    }

    /// Begins an agent's shift; the agent is paused at first.
    async fn sign_in(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: AgentInput,
    ) -> ApiResult<AgentPayload> {
        let sign_in = |_: &mut Fields| Some(Command::SignIn);
        single::<Agent>(ctx, input.idempotency_key, &input.id, sign_in).await.map(AgentPayload)
    }

    /// Ends an agent's shift; refused while the agent is at work.
    async fn sign_out(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: AgentInput,
    ) -> ApiResult<AgentPayload> {
        let sign_out = |_: &mut Fields| Some(Command::SignOut);
        single::<Agent>(ctx, input.idempotency_key, &input.id, sign_out).await.map(AgentPayload)
    }

    /// Lets an agent take work; while at work, cancels a requested pause.
    async fn make_available(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who.")] input: AgentInput,
    ) -> ApiResult<AgentPayload> {
        let make_available = |_: &mut Fields| Some(Command::MakeAvailable);
        single::<Agent>(ctx, input.idempotency_key, &input.id, make_available).await.map(AgentPayload)
    }

    /// Lets an agent take no work; while at work, from the end of that work on.
    async fn pause_agent(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Who, and why.")] input: PauseAgentInput,
    ) -> ApiResult<AgentPayload> {
        let pause = |_: &mut Fields| Some(Command::Pause { reason: input.reason.0 });
        single::<Agent>(ctx, input.idempotency_key, &input.id, pause).await.map(AgentPayload)
    }

    /// Ends an agent's after-call work.
    async fn end_wrap(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: AgentInput,
    ) -> ApiResult<AgentPayload> {
        let end_wrap = |_: &mut Fields| Some(Command::EndWrap);
        single::<Agent>(ctx, input.idempotency_key, &input.id, end_wrap).await.map(AgentPayload)
    }
}
