//! What was decided about work and agents, and why.

use std::sync::Arc;

use async_graphql::{ComplexObject, Context, Enum, ID, Object, SimpleObject};
use trunkline_app::cases::routing_of;
use trunkline_domain::decision::{Event, ShadowScores};
use trunkline_domain::words::Work;
use trunkline_kernel::{DecisionId, Id as _, StreamId, Version};
use trunkline_log::Log;
use trunkline_pool::{Router, explain, read_record};
use trunkline_routing::matching::{AgentFacts, Candidate, Decision, Policy, Reason, told};
use trunkline_routing::score;

use super::routing::seen;
use super::{Agent, Call, Contribution, Lead, Task};
use crate::error::{ApiError, ApiResult};
use crate::scalars::{DateTime, global};
use crate::view::View;

/// The most reasons that are given in words.
const REASONS_MAX: usize = 5;

/// The most events of one decision: that it was made, and what other models said of it.
const EVENTS_MAX: usize = 2;

/// A language in which reasons are given.
#[derive(Enum, Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReasonLanguage {
    /// English.
    En,
    /// Simplified Chinese.
    Zh,
}

impl From<ReasonLanguage> for score::Language {
    fn from(language: ReasonLanguage) -> Self {
        match language {
            ReasonLanguage::En => Self::En,
            ReasonLanguage::Zh => Self::Zh,
        }
    }
}

/// Why agents could not get a piece of work, and how many.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct SetAside {
    #[graphql(skip)]
    constraint: Reason,
    /// The first hard constraint that held: `capacity`, `shift`, `doNotPair`, `licence`, `language`, `skill`, `team` or
    /// `patience`.
    reason: String,
    /// How many agents.
    agents: u32,
}

/// What was decided at one moment, with everything that it follows from.
pub(crate) struct RoutingDecision {
    id: DecisionId,
    decision: Arc<Decision>,
    shadows: Arc<[ShadowScores]>,
    works: Vec<(usize, Work)>,
    view: View,
}

impl RoutingDecision {
    /// Reads a decision from the log; nothing when there is none or none of its work is seen.
    ///
    /// # Errors
    /// When the log fails or holds what this build cannot read.
    pub(crate) async fn read(ctx: &Context<'_>, id: DecisionId) -> ApiResult<Option<Self>> {
        let log = ctx.data_unchecked::<Arc<dyn Log>>();
        let events = log.read_stream(&StreamId::of(id), Version::EMPTY, EVENTS_MAX).await?;
        let (mut made, mut shadows) = (None, Vec::new());
        for recorded in &events {
            let decoded = trunkline_domain::decode_as::<Event>(recorded);
            for event in decoded.map_err(|error| ApiError::fault(&error))? {
                match event {
                    Event::Made(said) => made = Some(said),
                    Event::Shadowed(said) => shadows.extend(said.shadows),
                }
            }
        }
        let Some(made) = made else { return Ok(None) };
        let decision = read_record(&made).map_err(|error| ApiError::fault(&error))?.decision;
        let view = View::now(ctx);
        let mut works = Vec::new();
        for (row, call) in decision.inputs.calls.iter().enumerate() {
            let named = |work: &&Work| routing_of(**work).uuid() == call.id.uuid();
            if let Some(work) = made.works.iter().find(named)
                && seen(&view, *work).await?
            {
                works.push((row, *work));
            }
        }
        let (decision, shadows) = (Arc::new(decision), shadows.into());
        Ok((!works.is_empty()).then(|| Self { id, decision, shadows, works, view }))
    }
}

/// What was decided at one moment, with everything that it follows from.
#[Object]
impl RoutingDecision {
    /// The id, `decision:UUID`; `trunkline routing replay` takes it.
    async fn id(&self) -> ID {
        global(self.id)
    }

    /// When.
    async fn at(&self) -> DateTime {
        self.decision.inputs.at.into()
    }

    /// The SHA-256 of the model that scored; absent when there was none.
    async fn model(&self) -> Option<&str> {
        self.decision.inputs.model.as_ref().map(|hash| hash.as_str())
    }

    /// The mean occupancy of all agents, from which fairness is counted.
    async fn mean_occupancy(&self) -> f32 {
        self.decision.inputs.mean_occupancy
    }

    /// The work that was decided on and is seen, the most urgent first.
    async fn works(&self) -> Vec<DecidedWork> {
        let of = |(row, work): &(usize, Work)| DecidedWork {
            row: *row,
            work: *work,
            decision: Arc::clone(&self.decision),
            shadows: Arc::clone(&self.shadows),
            view: self.view.clone(),
        };
        self.works.iter().map(of).collect()
    }
}

/// What was decided for one piece of work.
pub(crate) struct DecidedWork {
    row: usize,
    work: Work,
    decision: Arc<Decision>,
    shadows: Arc<[ShadowScores]>,
    view: View,
}

/// What was decided for one piece of work.
#[Object]
impl DecidedWork {
    /// The call, when the work is one.
    async fn call(&self) -> ApiResult<Option<Call>> {
        self.view.call(self.work.call()).await
    }

    /// The lead, when the work is one.
    async fn lead(&self) -> ApiResult<Option<Lead>> {
        self.view.lead(self.work.lead()).await
    }

    /// The task, when the work is one.
    async fn task(&self) -> ApiResult<Option<Task>> {
        self.view.task(self.work.task()).await
    }

    /// How long it had waited, in milliseconds.
    async fn waited_ms(&self) -> i64 {
        self.decision.inputs.calls.get(self.row).map_or(0, |call| call.waited.0)
    }

    /// Whether the customer was scored; false when the customer has opted out of automated decisions.
    async fn automated(&self) -> bool {
        self.decision.inputs.calls.get(self.row).is_some_and(|call| call.automated)
    }

    /// How many agents could have got it.
    async fn eligible(&self) -> u32 {
        self.decision.inputs.calls.get(self.row).map_or(0, |call| call.eligible)
    }

    /// How many could not, and why.
    async fn set_aside(&self) -> Vec<SetAside> {
        let facts = self.decision.inputs.calls.get(self.row);
        let aside = facts.into_iter().flat_map(|call| &call.set_aside);
        aside
            .map(|(reason, agents)| SetAside {
                constraint: *reason,
                reason: named(*reason).to_owned(),
                agents: *agents,
            })
            .collect()
    }

    /// The shortlist, the best first; agents who are not seen are left out.
    #[graphql(complexity = "20 * child_complexity")]
    async fn candidates(&self, ctx: &Context<'_>) -> ApiResult<Vec<DecisionCandidate>> {
        let Some(call) = self.decision.inputs.calls.get(self.row) else { return Ok(Vec::new()) };
        let scorer = match &self.decision.inputs.model {
            Some(hash) => ctx.data_unchecked::<Arc<Router>>().scorer_of(hash).await,
            None => None,
        };
        let policy = &self.decision.inputs.policy;
        let mut candidates = Vec::new();
        for (at, candidate) in call.candidates.iter().enumerate() {
            let Some(facts) = self.decision.inputs.agents.get(candidate.agent) else { continue };
            let Some(agent) = self.view.agent(Some(facts.id)).await? else { continue };
            let explanation =
                scorer.as_ref().and_then(|scorer| explain(&self.decision, scorer, self.row, facts.id));
            let beside = |said: &ShadowScores| ShadowScore {
                model: said.model.to_string(),
                score: said.scores.get(self.row).and_then(|scores| *scores.get(at)?),
            };
            let shadow_scores = self.shadows.iter().map(beside).collect();
            let candidate = DecisionCandidate::of(agent, candidate, policy, facts, explanation);
            candidates.push(DecisionCandidate { shadow_scores, ..candidate });
        }
        Ok(candidates)
    }

    /// Who was decided on; absent when it had to wait, or when the agent is not seen.
    async fn agent(&self) -> ApiResult<Option<Agent>> {
        self.view.agent(self.decision.assigned.get(self.row).and_then(|assigned| assigned.agent)).await
    }

    /// What the pairing was worth.
    async fn value(&self) -> f32 {
        self.decision.assigned.get(self.row).map_or(0.0, |assigned| assigned.value)
    }

    /// Whether the agent was drawn rather than chosen.
    async fn explored(&self) -> bool {
        self.decision.assigned.get(self.row).is_some_and(|assigned| assigned.explored)
    }

    /// How probable this outcome was before the draw.
    async fn propensity(&self) -> f32 {
        self.decision.assigned.get(self.row).map_or(1.0, |assigned| assigned.propensity)
    }
}

/// What a model said that decided nothing.
#[derive(SimpleObject)]
pub(crate) struct ShadowScore {
    /// The SHA-256 of its file.
    model: String,
    /// Its score; absent for customers who opted out.
    score: Option<f32>,
}

/// An agent on a shortlist, and why the agent had that score.
#[derive(SimpleObject)]
#[graphql(complex)]
pub(crate) struct DecisionCandidate {
    /// Who.
    agent: Agent,
    /// What the model said; absent without a model and for customers who opted out.
    score: Option<f32>,
    /// What models said that scored beside it and decided nothing.
    shadow_scores: Vec<ShadowScore>,
    /// How familiar the agent is with the customer, 0 to 1.
    familiarity: f32,
    /// Whether it is the agent whom the customer should get.
    preferred: bool,
    /// Since when the agent had nothing to do.
    idle_since: DateTime,
    /// The share of the agent's time that went to contacts.
    occupancy: f32,
    /// What each feature added to the score, or to its log-odds; empty when the scorer that decided is not known here.
    contributions: Vec<Contribution>,
    #[graphql(skip)]
    explanation: Option<score::Explanation>,
    #[graphql(skip)]
    decided: (Policy, Candidate),
}

impl DecisionCandidate {
    fn of(
        agent: Agent,
        candidate: &Candidate,
        policy: &Policy,
        facts: &AgentFacts,
        explanation: Option<score::Explanation>,
    ) -> Self {
        let parts = explanation.iter().flat_map(|explanation| &explanation.terms);
        let contributions = parts
            .flat_map(|term| term.contributions.iter().map(|part| (part, term.weight)))
            .map(|(part, weight)| Contribution { feature: part.feature.clone(), value: part.amount * weight })
            .collect();
        Self {
            agent,
            score: candidate.score,
            shadow_scores: Vec::new(),
            familiarity: candidate.familiarity,
            preferred: candidate.preferred,
            idle_since: facts.idle_since.into(),
            occupancy: facts.occupancy,
            contributions,
            explanation,
            decided: (policy.clone(), *candidate),
        }
    }
}

#[ComplexObject]
impl DecisionCandidate {
    /// The weightiest reasons for the pairing, as short sentences: what it is worth beside the score, then what the score
    /// is made of.
    async fn reasons(
        &self,
        #[graphql(desc = "In which language.", default_with = "ReasonLanguage::En")] language: ReasonLanguage,
    ) -> Vec<String> {
        let language = language.into();
        let (policy, candidate) = &self.decided;
        let scored = self.explanation.iter().flat_map(|told| told.sentences(language, REASONS_MAX));
        told(policy, candidate, language).into_iter().chain(scored).take(REASONS_MAX).collect()
    }
}

#[ComplexObject]
impl SetAside {
    /// The same in words.
    async fn words(
        &self,
        #[graphql(desc = "In which language.", default_with = "ReasonLanguage::En")] language: ReasonLanguage,
    ) -> &'static str {
        self.constraint.told(language.into())
    }
}

fn named(reason: Reason) -> &'static str {
    match reason {
        Reason::Capacity => "capacity",
        Reason::Shift => "shift",
        Reason::DoNotPair => "doNotPair",
        Reason::Licence => "licence",
        Reason::Language => "language",
        Reason::Skill => "skill",
        Reason::Team => "team",
        Reason::Patience => "patience",
    }
}
