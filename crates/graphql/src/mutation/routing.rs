//! Having an agent found.

use std::sync::Arc;

use async_graphql::{Context, ID, InputObject, Object};
use trunkline_app::cases::RequestRouting;
use trunkline_domain::routing::{Needs, Requested};
use trunkline_domain::words::Work;
use trunkline_kernel::{AgentId, Clock, RoutingId};
use trunkline_pool::Router;

use super::agent::{SkillInput, skills};
use super::carry_out::{Done, carry_out, unseen};
use super::edge::{Fields, UserError};
use super::payload::AgentPayload;
use super::reservation::WorkInput;
use crate::error::ApiResult;
use crate::scalars::{LogPosition, global};
use crate::types::Routing;
use crate::view::View;

/// Work that an agent is to be found for, and what the agent must have.
#[derive(InputObject)]
pub(crate) struct RouteWorkInput {
    /// The work: a call that waits, a lead that can be called, a task that is pending.
    work: WorkInput,
    /// To how many agents it is offered at once, 1 to 50; the first to accept gets it. A task is offered to one.
    #[graphql(default = 1)]
    offers: u16,
    /// How urgent it is, 0 to 9; each step doubles the urgency.
    #[graphql(default = 0)]
    priority: u8,
    /// Skills and their least levels; all are asked for.
    skills: Option<Vec<SkillInput>>,
    /// Languages, one of which must be spoken.
    languages: Option<Vec<String>>,
    /// Licences, all of which must be held at that moment.
    licences: Option<Vec<String>>,
    /// Teams, one of which it must be.
    teams: Option<Vec<String>>,
    /// From how long a wait on any team will do, in milliseconds.
    any_team_after_ms: Option<i64>,
    /// From how long a wait on the skills are not asked for, in milliseconds.
    any_skill_after_ms: Option<i64>,
    /// The agent whom the customer should get.
    preferred_agent_id: Option<ID>,
    /// How long nobody else gets it while that agent works, in milliseconds.
    patience_ms: Option<i64>,
    /// Agents who must not get it.
    barred_agent_ids: Option<Vec<ID>>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

impl RouteWorkInput {
    fn parse(self, fields: &mut Fields) -> Option<(Requested, Option<String>)> {
        let work = self.work.parse(fields)?;
        let barred: Option<Vec<AgentId>> =
            self.barred_agent_ids.iter().flatten().map(|id| fields.id("barredAgentIds", id)).collect();
        let needs = Needs {
            skills: skills(self.skills.unwrap_or_default()),
            languages: self.languages.unwrap_or_default().into_iter().collect(),
            licences: self.licences.unwrap_or_default().into_iter().collect(),
            teams: self.teams.unwrap_or_default().into_iter().collect(),
            any_team_after_ms: fields.optional_millis("anyTeamAfterMs", self.any_team_after_ms)?,
            any_skill_after_ms: fields.optional_millis("anySkillAfterMs", self.any_skill_after_ms)?,
        };
        let requested = Requested {
            work,
            offers: if matches!(work, Work::Task(_)) { self.offers.min(1) } else { self.offers },
            priority: self.priority,
            needs,
            preferred: fields.optional_id("preferredAgentId", self.preferred_agent_id.as_ref())?,
            patience_ms: fields.optional_millis("patienceMs", self.patience_ms)?,
            barred: barred?.into_iter().collect(),
        };
        Some((requested, self.idempotency_key))
    }
}

/// A sign of life of an agent's program.
#[derive(InputObject)]
pub(crate) struct HeartbeatInput {
    /// The agent.
    agent_id: ID,
}

/// What asking for an agent did.
pub(crate) struct RoutingPayload {
    done: Done,
    work: Option<Work>,
}

/// What asking for an agent did.
#[Object]
impl RoutingPayload {
    /// The id of the search; absent when nothing was done.
    async fn id(&self) -> Option<ID> {
        self.done.id.map(|uuid| global(<RoutingId as trunkline_kernel::Id>::from_uuid(uuid)))
    }

    /// The search after the first attempt: offers stand, or nobody is free and the work waits.
    #[graphql(complexity = "5 + child_complexity")]
    async fn routing(&self, ctx: &Context<'_>) -> ApiResult<Option<Routing>> {
        let (Some(_), Some(work)) = (self.done.id, self.work) else { return Ok(None) };
        // The work can have been made a moment ago: whether it is seen the read models say.
        let now = View::now(ctx);
        let view = now.beside(now.reads().clone());
        view.reach(self.done.position).await?;
        Routing::read(ctx, view, work).await
    }

    /// Why nothing was done; empty when it was.
    async fn user_errors(&self) -> &[UserError] {
        &self.done.errors
    }

    /// The position that the log has reached with it: give it as `minPosition` to read what was written.
    async fn position(&self) -> Option<LogPosition> {
        self.done.position.map(LogPosition)
    }

    /// The events that it led to, in order.
    async fn event_ids(&self) -> Vec<ID> {
        self.done.events.iter().map(|event| global(*event)).collect()
    }

    /// Whether this is the stored answer to an earlier request with the same idempotency key.
    async fn repeated(&self) -> bool {
        self.done.repeated
    }
}

#[derive(Default)]
pub(crate) struct RoutingMutations;

#[Object]
impl RoutingMutations {
    /// Has an agent found for a piece of work: the best of those who are free, by the model in use, gets an offer. When
    /// nobody can be had the work waits, and is offered as soon as somebody can.
    async fn route_work(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "What, and who can do it.")] input: RouteWorkInput,
    ) -> ApiResult<RoutingPayload> {
        let mut fields = Fields::default();
        let parsed = input.parse(&mut fields);
        let (requested, key) = parsed.map_or((None, None), |(requested, key)| (Some(requested), key));
        let action = requested.clone().map(RequestRouting);
        let done = carry_out(ctx, key, None, fields, action).await?;
        let work = requested.as_ref().map(|requested| requested.work);
        if let Some(requested) = requested.filter(|_| done.id.is_some() && !done.repeated) {
            ctx.data_unchecked::<Arc<Router>>().route(&requested).await;
        }
        Ok(RoutingPayload { done, work })
    }

    /// Says that an agent's program is alive. Whoever has said so once and then is silent for `policy.heartbeat_seconds`
    /// is signed out, and what was offered goes to somebody else.
    async fn heartbeat(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Whose.")] input: HeartbeatInput,
    ) -> ApiResult<AgentPayload> {
        let mut fields = Fields::default();
        let agent = fields.id::<AgentId>("agentId", &input.agent_id);
        let done = unseen(ctx, fields, agent).await?;
        if let Some(agent) = agent.filter(|_| done.errors.is_empty()) {
            let now = ctx.data_unchecked::<Arc<dyn Clock>>().now();
            ctx.data_unchecked::<Arc<Router>>().pool().heard(agent, now).await;
        }
        Ok(AgentPayload(done))
    }
}
