//! From the recorded inputs to what is decided. Nothing else enters, so that the record is enough to decide again.

use trunkline_kernel::Id as _;

use super::assign::{Gains, assign};
use super::policy::Policy;
use super::record::{AgentFacts, Assigned, CallFacts, Candidate, Inputs};
use crate::draw;

/// The least and the most that a pairing can be worth. Above -1, so that being served is worth more than waiting.
const VALUE_MIN: f64 = -0.9;
const VALUE_MAX: f64 = 9.0;
/// How many times over waiting can raise a call's urgency.
const AGEING_MAX: f64 = 64.0;

/// How urgent a call is: doubled by each step of priority, and rising with the time that it waits.
pub(super) fn urgency(policy: &Policy, priority: u8, waited_ms: i64) -> f64 {
    let age = waited_ms.max(0) as f64 / 1_000.0 / f64::from(policy.ageing_s);
    libm::exp2(f64::from(priority.min(super::PRIORITY_MAX))) * (1.0 + age.min(AGEING_MAX))
}

/// What pairing the call with an agent of that occupancy and vector is worth, ties aside.
pub(super) fn value(
    inputs: &Inputs,
    call: &CallFacts,
    candidate: &Candidate,
    occupancy: f32,
    features: &[f32],
) -> f64 {
    let policy = &inputs.policy;
    // A score is what the model says between 0 and 1; anything else is a fault of its unit.
    let score = f64::from(candidate.score.unwrap_or(0.0));
    let score = if score.is_nan() { 0.0 } else { score.clamp(0.0, 1.0) };
    let familiar = f64::from(policy.familiarity) * f64::from(candidate.familiarity.clamp(0.0, 1.0));
    let preferred = f64::from(policy.preferred) * f64::from(u8::from(candidate.preferred));
    let ahead = f64::from(occupancy) - f64::from(inputs.mean_occupancy);
    let emphasised: f64 = policy
        .emphasis
        .iter()
        .map(|emphasis| {
            let cell = |cells: &[f32], at: usize| {
                cells.get(at).copied().filter(|cell| cell.is_finite()).unwrap_or(0.0)
            };
            let both = cell(&call.features, emphasis.customer_column) * cell(features, emphasis.agent_column);
            f64::from(emphasis.amount) * f64::from(both.clamp(-1.0, 1.0))
        })
        .sum();
    let value = score + familiar + preferred - f64::from(policy.fairness) * ahead + emphasised;
    value.clamp(VALUE_MIN, VALUE_MAX)
}

/// The value in whole widths of a tie: what has the same number is a tie.
pub(super) fn tied(policy: &Policy, value: f64) -> f64 {
    (value / f64::from(policy.tie_width)).round()
}

/// What each call can gain from each place; an agent who can take more has several places.
struct Table {
    gains: Gains,
    values: Vec<Vec<f64>>,
    /// The agent of each place.
    agent_of: Vec<usize>,
}

impl Table {
    fn of(inputs: &Inputs) -> Self {
        let calls = inputs.calls.len();
        let places = |agent: &AgentFacts| usize::from(agent.free).min(calls);
        let agent_of: Vec<usize> =
            inputs.agents.iter().enumerate().flat_map(|(at, agent)| vec![at; places(agent)]).collect();
        let idle = idle_ranks(&inputs.agents);
        let width = f64::from(inputs.policy.tie_width);
        let mut gains = Gains::new(calls, agent_of.len());
        let mut values = Vec::with_capacity(calls);
        for (row, call) in inputs.calls.iter().enumerate() {
            let urgency = urgency(&inputs.policy, call.priority, call.waited.0);
            let mut worth = vec![f64::NAN; inputs.agents.len()];
            for candidate in &call.candidates {
                let Some(agent) = inputs.agents.get(candidate.agent) else { continue };
                let value = value(inputs, call, candidate, agent.occupancy, &agent.features);
                worth[candidate.agent] = value;
                // Values in one step of the tie's width are a tie. The longest idle gets a share of the step, so
                // small that all calls' shares together stay below it.
                let tied = tied(&inputs.policy, value) * width;
                let bonus = width * idle[candidate.agent] / (calls + 1) as f64;
                let first = agent_of.partition_point(|at| *at < candidate.agent);
                for place in first..first + places(agent) {
                    gains.set(row, place, urgency * (1.0 + tied + bonus));
                }
            }
            values.push(worth);
        }
        Self { gains, values, agent_of }
    }
}

/// For each agent a number from 0 (idle for the shortest time) to below 1; ids settle what time does not.
fn idle_ranks(agents: &[AgentFacts]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..agents.len()).collect();
    order.sort_by_key(|at| (std::cmp::Reverse(agents[*at].idle_since), std::cmp::Reverse(agents[*at].id)));
    let mut ranks = vec![0.0; agents.len()];
    for (rank, at) in order.into_iter().enumerate() {
        ranks[at] = rank as f64 / agents.len() as f64;
    }
    ranks
}

/// A call's draws: whether it explores, and which of its candidates it would take then.
#[derive(Clone, Copy)]
struct Luck {
    explores: bool,
    pick: f64,
}

impl Luck {
    fn of(inputs: &Inputs, call: &CallFacts) -> Self {
        if inputs.policy.exploration <= 0.0 {
            return Self { explores: false, pick: 0.0 };
        }
        let subject = [call.id.uuid().as_bytes().as_slice(), &inputs.at.micros().to_be_bytes()].concat();
        let explores = draw(inputs.seed, &subject, "explore") < f64::from(inputs.policy.exploration);
        Self { explores, pick: draw(inputs.seed, &subject, "pick") }
    }
}

/// Who gets which place, and between how many each call could have picked, had it explored.
struct Allotment {
    places: Vec<Option<usize>>,
    choices: Vec<Vec<usize>>,
}

/// First the calls that explore pick, in their order, among what is left; the rest is assigned at its best.
fn allot(inputs: &Inputs, table: &Table, luck: &[Luck]) -> Allotment {
    let mut taken = vec![false; table.agent_of.len()];
    let mut places = vec![None; inputs.calls.len()];
    let mut choices = Vec::with_capacity(inputs.calls.len());
    for (row, (call, luck)) in inputs.calls.iter().zip(luck).enumerate() {
        let free = |agent: usize| {
            let first = table.agent_of.partition_point(|at| *at < agent);
            let own = table.agent_of[first..].iter().take_while(|at| **at == agent).count();
            (first..first + own).find(|place| !taken[*place])
        };
        let open: Vec<usize> = call.candidates.iter().filter_map(|candidate| free(candidate.agent)).collect();
        if luck.explores && !open.is_empty() {
            let place = open[index(luck.pick, open.len())];
            places[row] = Some(place);
            taken[place] = true;
        }
        choices.push(open);
    }
    let mut gains = Gains::new(inputs.calls.len(), table.agent_of.len());
    for (row, place) in places.iter().enumerate() {
        if place.is_none() {
            for column in (0..taken.len()).filter(|column| !taken[*column]) {
                gains.set(row, column, table.gains.get(row, column));
            }
        }
    }
    for (place, best) in places.iter_mut().zip(assign(&gains)) {
        *place = place.or(best);
    }
    Allotment { places, choices }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the product is below the length"
)]
fn index(draw: f64, length: usize) -> usize {
    ((draw * length as f64) as usize).min(length.saturating_sub(1))
}

/// What is decided. The calls are in the order of their urgency.
pub(super) fn settle(inputs: &Inputs) -> Vec<Assigned> {
    let table = Table::of(inputs);
    let luck: Vec<Luck> = inputs.calls.iter().map(|call| Luck::of(inputs, call)).collect();
    let allotment = allot(inputs, &table, &luck);
    let agent = |place: Option<usize>| place.map(|place| table.agent_of[place]);
    let assigned = inputs.calls.iter().enumerate().map(|(row, call)| {
        let chosen = agent(allotment.places[row]);
        let choices: Vec<usize> = allotment.choices[row].iter().map(|place| table.agent_of[*place]).collect();
        let explores = luck[row].explores && !choices.is_empty();
        let greedy = if explores {
            let mut sober = luck.clone();
            sober[row].explores = false;
            agent(allot(inputs, &table, &sober).places[row])
        } else {
            chosen
        };
        Assigned {
            call: call.id,
            agent: chosen.map(|at| inputs.agents[at].id),
            value: chosen.map_or(0.0, |at| narrow(table.values[row][at])),
            explored: explores,
            propensity: propensity(inputs.policy.exploration, chosen, greedy, &choices),
        }
    });
    assigned.collect()
}

/// The chance of `chosen`, when `greedy` is taken without exploring, and one of `choices` otherwise.
fn propensity(share: f32, chosen: Option<usize>, greedy: Option<usize>, choices: &[usize]) -> f32 {
    if choices.is_empty() {
        return 1.0;
    }
    let share = f64::from(share);
    let picked = chosen.is_some_and(|chosen| choices.contains(&chosen));
    let by_draw = if picked { share / choices.len() as f64 } else { 0.0 };
    let by_choice = if chosen == greedy { 1.0 - share } else { 0.0 };
    narrow(by_draw + by_choice)
}

#[expect(clippy::cast_possible_truncation, reason = "rounding to single precision is what is wanted")]
fn narrow(x: f64) -> f32 {
    x as f32
}
