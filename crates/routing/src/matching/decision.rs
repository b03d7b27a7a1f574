//! Deciding, and deciding again.

use std::collections::BTreeMap;

use trunkline_kernel::Timestamp;

use super::eligible::eligible;
use super::record::{AgentFacts, CallFacts, Candidate, Decision, Inputs};
use super::settle::{settle, tied, urgency, value};
use super::{Call, Policy, Pool};
use crate::Hash;
use crate::features::Table;
use crate::score::Scorer;

/// The version of the record and of the rules behind it. A change that would decide a stored record otherwise
/// raises it.
const FORMAT: u32 = 1;

/// Why a decision cannot be made again.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unreplayable {
    /// It was made by other rules.
    #[error("the decision is of format {0}; this program decides by format {FORMAT}")]
    Format(u32),
    /// It was made with another model, or one is given and there was none.
    #[error("the decision was made with model {recorded:?}, not with {given:?}")]
    Model {
        /// What the decision says.
        recorded: Option<Hash>,
        /// What was given.
        given: Option<Hash>,
    },
    /// A candidate is not among the agents.
    #[error("the record is broken: a candidate is not among its agents")]
    Broken,
}

/// Decides which of the waiting calls go to which agents.
///
/// One call gets the best of its candidates; several are assigned so that the sum of what the pairings are worth,
/// each times its call's urgency, is the largest possible. Without a model, or for a customer who refused automated
/// decisions, values differ by fairness alone, and the longest idle gets the call.
pub fn decide(
    pool: &Pool,
    calls: &[Call],
    scorer: Option<&dyn Scorer>,
    policy: &Policy,
    at: Timestamp,
    seed: u64,
) -> Decision {
    let occupied: f32 = pool.presence.iter().map(|presence| presence.occupancy).sum();
    let mut inputs = Inputs {
        format: FORMAT,
        at,
        seed,
        policy: policy.clone(),
        model: scorer.map(|scorer| scorer.hash().clone()),
        mean_occupancy: occupied / pool.len().max(1) as f32,
        calls: Vec::with_capacity(calls.len()),
        agents: Vec::new(),
    };
    let mut order: Vec<&Call> = calls.iter().collect();
    let urgent = |call: &Call| urgency(policy, call.priority, at.since(call.waiting_since).0);
    order.sort_by(|a, b| {
        urgent(b).total_cmp(&urgent(a)).then(a.waiting_since.cmp(&b.waiting_since)).then(a.id.cmp(&b.id))
    });
    let keep = usize::from(policy.shortlist).max(calls.len());
    let mut places = BTreeMap::new();
    for call in order {
        let facts = shortlist(pool, call, scorer, &mut inputs, &mut places, keep);
        inputs.calls.push(facts);
    }
    let assigned = settle(&inputs);
    Decision { inputs, assigned }
}

/// The call with its best candidates, who are put among the agents.
fn shortlist(
    pool: &Pool,
    call: &Call,
    scorer: Option<&dyn Scorer>,
    inputs: &mut Inputs,
    places: &mut BTreeMap<usize, usize>,
    keep: usize,
) -> CallFacts {
    let (rows, set_aside) = eligible(pool, call, inputs.at);
    let scorer = scorer.filter(|_| call.automated);
    let scores = scorer.map(|scorer| scorer.score(&call.features, &pool.features, &rows));
    let mut facts = CallFacts {
        id: call.id,
        customer: call.customer,
        waited: inputs.at.since(call.waiting_since),
        priority: call.priority,
        automated: call.automated,
        features: if call.automated { call.features.clone() } else { Vec::new() },
        eligible: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        set_aside,
        candidates: Vec::new(),
    };
    let mut ranked: Vec<(f64, usize, Candidate)> = Vec::with_capacity(rows.len());
    for (at, row) in rows.into_iter().enumerate() {
        let presence = &pool.presence[row];
        let familiarity = call.familiar.get(&presence.id).copied().filter(|_| call.automated).unwrap_or(0.0);
        let candidate = Candidate {
            agent: 0,
            score: scores
                .as_ref()
                .and_then(|scores| scores.get(at))
                .copied()
                .filter(|score| score.is_finite()),
            familiarity: if familiarity.is_finite() { familiarity } else { 0.0 },
            preferred: call.preferred.is_some_and(|preferred| preferred.agent == presence.id),
        };
        let value = value(inputs, &facts, &candidate, presence.occupancy, pool.features.row(row));
        ranked.push((tied(&inputs.policy, value), row, candidate));
    }
    let best_first = |a: &(f64, usize, Candidate), b: &(f64, usize, Candidate)| {
        let (this, that) = (&pool.presence[a.1], &pool.presence[b.1]);
        b.0.total_cmp(&a.0).then(this.idle_since.cmp(&that.idle_since)).then(this.id.cmp(&that.id))
    };
    if ranked.len() > keep {
        ranked.select_nth_unstable_by(keep, best_first);
        ranked.truncate(keep);
    }
    ranked.sort_by(best_first);
    for (_, row, candidate) in ranked {
        let agent = *places.entry(row).or_insert_with(|| {
            inputs.agents.push(agent_facts(pool, row));
            inputs.agents.len() - 1
        });
        facts.candidates.push(Candidate { agent, ..candidate });
    }
    facts
}

fn agent_facts(pool: &Pool, row: usize) -> AgentFacts {
    let presence = &pool.presence[row];
    AgentFacts {
        id: presence.id,
        free: presence.free,
        idle_since: presence.idle_since,
        occupancy: presence.occupancy,
        features: pool.features.row(row).to_vec(),
    }
}

/// Makes the decision again from its record: scores the recorded vectors with the model, and settles. What comes out
/// has the same JSON as what was recorded, or the record was not made by these rules from these inputs.
///
/// # Errors
/// When the rules or the model are not those of the record.
pub fn replay(recorded: &Decision, scorer: Option<&dyn Scorer>) -> Result<Decision, Unreplayable> {
    let mut inputs = recorded.inputs.clone();
    if inputs.format != FORMAT {
        return Err(Unreplayable::Format(inputs.format));
    }
    let given = scorer.map(|scorer| scorer.hash().clone());
    if given != inputs.model {
        return Err(Unreplayable::Model { recorded: inputs.model, given });
    }
    let scores = scored(&inputs, scorer)?;
    put(&mut inputs, &scores)?;
    let assigned = settle(&inputs);
    Ok(Decision { inputs, assigned })
}

/// Decides as another model would have, from the same record and its scores: without draws, because those were the
/// exploration of the one that decided. The scores are those of [`scores`].
///
/// # Errors
/// When the rules are not those of the record, or the scores are not of its candidates.
pub fn reconsider(
    recorded: &Decision,
    model: &Hash,
    scores: &[Vec<Option<f32>>],
) -> Result<Decision, Unreplayable> {
    let mut inputs = recorded.inputs.clone();
    if inputs.format != FORMAT {
        return Err(Unreplayable::Format(inputs.format));
    }
    inputs.model = Some(model.clone());
    inputs.policy.exploration = 0.0;
    put(&mut inputs, scores)?;
    let assigned = settle(&inputs);
    Ok(Decision { inputs, assigned })
}

/// What a model says of the recorded candidates: for each call those of its candidates, in their order. Nothing of customers
/// who may not be scored.
///
/// # Errors
/// When the record is broken.
pub fn scores(recorded: &Decision, scorer: &dyn Scorer) -> Result<Vec<Vec<Option<f32>>>, Unreplayable> {
    scored(&recorded.inputs, Some(scorer))
}

/// What was noted of the candidates when it was decided, in the order of [`scores`].
pub fn noted(recorded: &Decision) -> Vec<Vec<Option<f32>>> {
    let of = |call: &CallFacts| call.candidates.iter().map(|candidate| candidate.score).collect();
    recorded.inputs.calls.iter().map(of).collect()
}

fn scored(inputs: &Inputs, scorer: Option<&dyn Scorer>) -> Result<Vec<Vec<Option<f32>>>, Unreplayable> {
    let of = |call: &CallFacts| {
        let mut table = Table::new(inputs.agents.first().map_or(0, |agent| agent.features.len()));
        for candidate in &call.candidates {
            table.push(&inputs.agents.get(candidate.agent).ok_or(Unreplayable::Broken)?.features);
        }
        let rows: Vec<usize> = (0..call.candidates.len()).collect();
        let scorer = scorer.filter(|_| call.automated);
        let scores = scorer.map(|scorer| scorer.score(&call.features, &table, &rows));
        let score = |at: usize| scores.as_ref()?.get(at).copied().filter(|score| score.is_finite());
        Ok(rows.iter().map(|at| score(*at)).collect())
    };
    inputs.calls.iter().map(of).collect()
}

fn put(inputs: &mut Inputs, scores: &[Vec<Option<f32>>]) -> Result<(), Unreplayable> {
    if scores.len() != inputs.calls.len() {
        return Err(Unreplayable::Broken);
    }
    for (call, scores) in inputs.calls.iter_mut().zip(scores) {
        if scores.len() != call.candidates.len() {
            return Err(Unreplayable::Broken);
        }
        for (candidate, score) in call.candidates.iter_mut().zip(scores) {
            candidate.score = score.filter(|_| call.automated);
        }
    }
    Ok(())
}
