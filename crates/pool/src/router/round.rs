//! One round: the most urgent work is looked up, decided on and offered.

use std::collections::{BTreeMap, BTreeSet};

use futures::future::{join_all, try_join};
use trunkline_app::cases::{DecidedWork, KnownWork, OfferDecided, OffersMade, look_up, routing_of};
use trunkline_app::{CommandError, Request};
use trunkline_domain::routing;
use trunkline_domain::words::Work;
use trunkline_kernel::{Actor, AgentId, CallId, CustomerId, Id as _, Millis, Position, RoutingId, Timestamp};
use trunkline_projections::kpi::AcquaintanceRow;
use trunkline_routing::matching::{self, Call, Decision, Preferred, Relax, Widening, familiarity};
use uuid::Uuid;

use super::{Router, Trouble};
use crate::port::{Claim, Wanted};

/// How many pieces of work are decided on together. An append takes 200 streams: one for the decision, one for each
/// piece of work, and two for each offer.
const WORKS_TOGETHER_MAX: usize = trunkline_domain::decision::WORKS_MAX;
/// How many offers are made together, unless one piece of work alone asks for more.
const OFFERS_TOGETHER_MAX: usize = 60;
/// How much a customer's last agent on another channel is known to the customer: as after one call.
const LAST_AGENT_FAMILIARITY: f32 = 0.5;
/// The draws of a decision follow from a seed that JSON can hold: whole numbers below 2^53.
const SEED_BITS: u32 = 53;

/// The work of a round.
pub(super) type Works = Vec<(RoutingId, Work)>;

/// Work that is being decided on.
pub(super) struct Open {
    pub(super) id: RoutingId,
    pub(super) work: Work,
    pub(super) known: KnownWork,
}

impl Router {
    /// The most urgent work that no round is at, when anybody is there to get it.
    pub(super) fn take_up(&self) -> Option<Works> {
        loop {
            let now = self.parts.clock.now();
            let mut waiting = self.waiting.lock();
            let works = waiting.take_up(now, WORKS_TOGETHER_MAX, OFFERS_TOGETHER_MAX);
            if works.is_empty() {
                return None;
            }
            if self.roster.anybody(now) {
                return Some(works);
            }
            works.iter().for_each(|(id, _)| waiting.tried(*id));
            waiting.put_back(&works);
        }
    }

    /// Decides on this work and has it offered.
    pub(super) async fn round(&self, works: Works) -> Result<(), Trouble> {
        let now = self.parts.clock.now();
        let claimed = self.claim_works(&works, now).await;
        let claims: Vec<(Claim, Position)> =
            claimed.iter().map(|(_, _, claim)| (*claim, Position::START)).collect();
        let routed = self.route_claimed(claimed, now).await;
        self.parts.pool.settle(&claims).await;
        self.waiting.lock().put_back(&works);
        routed
    }

    /// The work that no other server is at.
    async fn claim_works(
        &self,
        works: &[(RoutingId, Work)],
        now: Timestamp,
    ) -> Vec<(RoutingId, Work, Claim)> {
        let wanted: Vec<Wanted> =
            works.iter().map(|(id, _)| Wanted { id: id.uuid(), known: Position::START }).collect();
        let claims = self.parts.pool.claim(&wanted, self.parts.settings.claim).await;
        let mut waiting = self.waiting.lock();
        let mut won = Vec::with_capacity(works.len());
        for ((id, work), claim) in works.iter().zip(claims) {
            match claim {
                Some(claim) => won.push((*id, *work, claim)),
                None => waiting.leave(*id, now.plus(self.parts.settings.leave)),
            }
        }
        won
    }

    async fn route_claimed(
        &self,
        claimed: Vec<(RoutingId, Work, Claim)>,
        now: Timestamp,
    ) -> Result<(), Trouble> {
        let mut open = Vec::with_capacity(claimed.len());
        let known = join_all(claimed.iter().map(|(_, work, _)| look_up(&self.parts.dispatcher, *work))).await;
        for ((id, work, _), known) in claimed.into_iter().zip(known) {
            let mut waiting = self.waiting.lock();
            match known.map_err(CommandError::from)? {
                Some(known) => {
                    let (since, requested) = &known.requested;
                    waiting.learn(id, requested.priority, requested.offers, *since);
                    open.push(Open { id, work, known });
                }
                None => waiting.remove(id),
            }
        }
        if open.is_empty() {
            return Ok(());
        }
        let calls = self.calls(&open, now).await?;
        let until =
            now.plus(Millis(i64::try_from(self.parts.settings.claim.as_millis()).unwrap_or(i64::MAX)));
        let (decision, chosen) = self.decide(&open, &calls, now, until);
        self.offer(&open, &decision, chosen, until).await
    }

    /// The work as the matching sees it.
    pub(super) async fn calls(&self, open: &[Open], now: Timestamp) -> Result<Vec<Call>, Trouble> {
        let ids: Vec<CustomerId> = open
            .iter()
            .filter(|open| !open.known.refuses_automated_decisions)
            .filter_map(|open| open.known.customer)
            .collect();
        let (rows, acquaintances) =
            try_join(self.parts.reads.customers_by_ids(&ids), self.parts.reads.acquaintances_of(&ids))
                .await?;
        let call = |Open { known, .. }: &Open| {
            let (_, requested) = &known.requested;
            let row = rows.iter().find(|row| Some(row.customer_id) == known.customer);
            let automated = !known.refuses_automated_decisions;
            let last = row.and_then(|row| row.last_agent_id).map(|agent| (agent, LAST_AGENT_FAMILIARITY));
            let spoken = acquaintances.iter().filter(|spoken| Some(spoken.customer_id) == known.customer);
            let owner = known.owner.map(|agent| (agent, 1.0));
            // Whom the customer spoke with by phone is known better than by who was last on any channel.
            let familiar = last.into_iter().chain(spoken.map(familiar)).chain(owner);
            let patience = requested.patience_ms.unwrap_or(Millis::ZERO);
            let preferred = requested.preferred.map(|agent| Preferred { agent, patience });
            let features =
                if automated { self.parts.features.of_customer(known, row, now) } else { Vec::new() };
            Call {
                priority: requested.priority,
                preferred,
                barred: requested.barred.clone(),
                automated,
                familiar: familiar.collect::<BTreeMap<AgentId, f32>>(),
                features,
                ..self.asked(known)
            }
        };
        Ok(open.iter().map(call).collect())
    }

    fn needs(&self, known: &KnownWork) -> matching::Needs {
        let licences = self.parts.licensing.of(known.product.as_ref(), known.queue.as_ref());
        needs(&known.requested.1.needs, licences)
    }

    /// What a piece of work asks of its agent, of whom and by whom it is left out.
    pub(super) fn asked(&self, known: &KnownWork) -> Call {
        let (since, requested) = &known.requested;
        // Routing speaks of calls; a lead or a task is one as far as it is concerned.
        Call {
            needs: self.needs(known),
            is_task: matches!(requested.work, Work::Task(_)),
            ..Call::new(CallId::from_uuid(uuid_of(requested.work)), customer(known), *since)
        }
    }

    /// Decides; gives for each piece of work the agents whom it is to be offered to, the best first.
    pub(super) fn decide(
        &self,
        open: &[Open],
        calls: &[Call],
        now: Timestamp,
        until: Timestamp,
    ) -> (Decision, Vec<Vec<AgentId>>) {
        let seed = self.parts.ids.uuid().as_u64_pair().1 & ((1 << SEED_BITS) - 1);
        let scorer = self.parts.scorer.active();
        let offers = |open: &Open| open.known.requested.1.offers;
        let most = open.iter().map(offers).max().unwrap_or(1);
        let mut policy = self.parts.settings.matching.clone();
        policy.shortlist = policy.shortlist.max(most);
        policy.emphasis = self.demand.emphasis();
        self.roster.choose(now, until, |table| {
            let decision = matching::decide(table, calls, scorer.as_deref(), &policy, now, seed);
            let wanted: Vec<u16> = open.iter().map(offers).collect();
            let chosen = offered_to(&decision, calls, &wanted);
            let all = chosen.iter().flatten().copied().collect();
            ((decision, chosen), all)
        })
    }

    /// Has the offers made that were decided on, to those agents whom no other server is at.
    async fn offer(
        &self,
        open: &[Open],
        decision: &Decision,
        chosen: Vec<Vec<AgentId>>,
        until: Timestamp,
    ) -> Result<(), Trouble> {
        let all: Vec<AgentId> = chosen.iter().flatten().copied().collect();
        let wanted: Vec<Wanted> = all.iter().map(|agent| self.roster.wanted(*agent)).collect();
        let claims = self.parts.pool.claim(&wanted, self.parts.settings.claim).await;
        let won: BTreeMap<AgentId, Claim> =
            all.iter().zip(claims).filter_map(|(agent, claim)| Some((*agent, claim?))).collect();
        let leave = self.parts.clock.now().plus(self.parts.settings.leave);
        all.iter().filter(|agent| !won.contains_key(agent)).for_each(|agent| self.roster.hold(*agent, leave));
        let works: Vec<DecidedWork> = open
            .iter()
            .zip(&chosen)
            .map(|(open, agents)| {
                let agents = agents.iter().filter(|agent| won.contains_key(agent)).copied().collect();
                DecidedWork { work: open.work, agents }
            })
            .collect();
        let executed = if won.is_empty() {
            Ok((OffersMade::default(), Position::START))
        } else {
            let record = serde_json::to_value(decision)?;
            let action = OfferDecided { works, record, policy: self.parts.policy };
            let request = Request::by(Actor::system("router"));
            let outcome = self.parts.dispatcher.execute(request, &action).await;
            outcome.map(|outcome| (outcome.answer, outcome.position))
        };
        let (made, position) = match executed {
            Ok(made) => made,
            Err(error) => {
                won.keys().for_each(|agent| self.roster.let_go(*agent));
                let claims: Vec<_> = won.values().map(|claim| (*claim, Position::START)).collect();
                self.parts.pool.settle(&claims).await;
                return Err(error.into());
            }
        };
        if let Some(id) = made.decision {
            self.shadow(id, decision);
        }
        self.note(open, &chosen, &made, position, until);
        let reserved: Vec<AgentId> =
            made.offered.iter().flat_map(|(_, offers)| offers.iter().map(|offer| offer.agent)).collect();
        let known = |agent: &AgentId| if reserved.contains(agent) { position } else { Position::START };
        let claims: Vec<_> = won.iter().map(|(agent, claim)| (*claim, known(agent))).collect();
        self.parts.pool.settle(&claims).await;
        Ok(())
    }

    /// Takes note of what became of a decision: what was offered waits no more, and what had nobody to be offered to
    /// has been tried. Work whose agents turned out to be busy gets another chance at once.
    fn note(
        &self,
        open: &[Open],
        chosen: &[Vec<AgentId>],
        made: &OffersMade,
        position: Position,
        until: Timestamp,
    ) {
        let mut waiting = self.waiting.lock();
        for (Open { id, work, .. }, agents) in open.iter().zip(chosen) {
            let offered = made.offered.iter().any(|(offered, _)| offered == work);
            if offered {
                waiting.offered(*id, position);
            } else if made.over.contains(work) {
                waiting.remove(*id);
            } else if agents.is_empty() {
                waiting.tried(*id);
            }
        }
        drop(waiting);
        made.busy.iter().for_each(|agent| self.roster.hold(*agent, until));
    }
}

fn familiar(spoken: &AcquaintanceRow) -> (AgentId, f32) {
    let count = |number: i64| u32::try_from(number).unwrap_or(0);
    let degree = familiarity(count(spoken.calls), count(spoken.sales), count(spoken.refusals));
    (spoken.agent_id, degree)
}

fn uuid_of(work: Work) -> Uuid {
    routing_of(work).uuid()
}

/// Nobody knows who an unknown caller is; the nil id is nobody's.
fn customer(known: &KnownWork) -> CustomerId {
    known.customer.unwrap_or(CustomerId::from_uuid(Uuid::nil()))
}

fn needs(asked: &routing::Needs, mut licences: BTreeSet<String>) -> matching::Needs {
    licences.extend(asked.licences.iter().cloned());
    let team = asked.any_team_after_ms.map(|after| Widening { after, relax: Relax::Team });
    let skills = asked.any_skill_after_ms.into_iter().flat_map(|after| {
        let relax = |(skill, level): (&String, &u8)| Relax::Skill { skill: skill.clone(), by: *level };
        asked.skills.iter().map(relax).map(move |relax| Widening { after, relax })
    });
    matching::Needs {
        skills: asked.skills.clone(),
        languages: asked.languages.clone(),
        licences,
        teams: asked.teams.clone(),
        widening: team.into_iter().chain(skills).collect(),
    }
}

/// For each piece of work, in the order of `calls`, whom it is offered to: who was decided on, and as many further agents
/// as are asked for, from the shortlist and in its order, whom nobody else gets.
fn offered_to(decision: &Decision, calls: &[Call], offers: &[u16]) -> Vec<Vec<AgentId>> {
    let mut taken: Vec<AgentId> = decision.assigned.iter().filter_map(|assigned| assigned.agent).collect();
    let mut chosen = vec![Vec::new(); calls.len()];
    // The most urgent first, as the decision has them.
    for (facts, assigned) in decision.inputs.calls.iter().zip(&decision.assigned) {
        let Some(row) = calls.iter().position(|call| call.id == facts.id) else { continue };
        let Some(first) = assigned.agent else { continue };
        let mut agents = vec![first];
        for candidate in &facts.candidates {
            let Some(agent) = decision.inputs.agents.get(candidate.agent).map(|agent| agent.id) else {
                continue;
            };
            if agents.len() >= usize::from(offers[row]) {
                break;
            }
            if !taken.contains(&agent) {
                taken.push(agent);
                agents.push(agent);
            }
        }
        chosen[row] = agents;
    }
    chosen
}
