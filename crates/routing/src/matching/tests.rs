mod optimal;

use std::collections::{BTreeMap, BTreeSet};

use proptest::prelude::*;
use trunkline_kernel::{AgentId, CallId, CustomerId, Id as _, Millis, Timestamp};
use uuid::Uuid;

use super::*;
use crate::features::{Declaration, Encoder, Feature, Schema, Table};
use crate::score::{Cosine, Language, Scorer};

const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

fn agent(number: u128) -> Agent {
    Agent::new(AgentId::from_uuid(Uuid::from_u128(number)), NOW)
}

fn call(number: u128) -> Call {
    let customer = CustomerId::from_uuid(Uuid::from_u128(number));
    Call::new(CallId::from_uuid(Uuid::from_u128(number)), customer, NOW)
}

fn number(id: AgentId) -> u128 {
    id.uuid().as_u128()
}

fn earlier(seconds: i64) -> Timestamp {
    NOW.plus(Millis::from_secs(-seconds))
}

fn words(words: &[&str]) -> BTreeSet<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

fn decided(agents: &[Agent], calls: &[Call], policy: &Policy) -> Decision {
    decide(&Pool::new(0, agents.to_vec()), calls, None, policy, NOW, 1)
}

/// Which agent the only call gets.
fn routed(agents: &[Agent], call: &Call) -> Option<u128> {
    decided(agents, std::slice::from_ref(call), &Policy::default()).assigned[0].agent.map(number)
}

/// Why agents were set aside.
fn aside(agents: &[Agent], call: &Call) -> BTreeMap<Reason, u32> {
    decided(agents, std::slice::from_ref(call), &Policy::default()).inputs.calls[0].set_aside.clone()
}

/// A scorer over one shared column for each letter.
fn letters() -> Cosine {
    let schema = |of: &str| {
        let feature = |name: &str| Feature { name: name.to_owned(), encoder: Encoder::Plain };
        let features = ["a", "b", "c"].map(feature).into();
        Schema::try_from(Declaration { of: of.to_owned(), version: 1, features }).unwrap()
    };
    Cosine::new(&schema("customer"), &schema("agent"), &BTreeMap::new()).unwrap()
}

fn with_features(mut agent: Agent, features: [f32; 3]) -> Agent {
    agent.features = features.into();
    agent
}

fn scored(agents: &[Agent], calls: &[Call], policy: &Policy, seed: u64) -> Decision {
    decide(&Pool::new(3, agents.to_vec()), calls, Some(&letters()), policy, NOW, seed)
}

#[test]
fn the_one_free_agent_gets_the_call_at_once_without_any_model() {
    let busy = Agent { free: 0, ..agent(1) };
    assert_eq!(routed(&[busy.clone(), agent(2)], &call(1)), Some(2));
    assert_eq!(routed(&[busy], &call(1)), None);
    assert_eq!(routed(&[], &call(1)), None);
}

#[test]
fn ties_go_to_the_longest_idle_and_then_to_the_lower_id() {
    let idle = |number, seconds| Agent { idle_since: earlier(seconds), ..agent(number) };
    assert_eq!(routed(&[idle(1, 10), idle(2, 30), idle(3, 20)], &call(1)), Some(2));
    assert_eq!(routed(&[idle(3, 10), idle(2, 10), idle(4, 10)], &call(1)), Some(2));
}

#[test]
fn every_hard_constraint_holds_and_is_counted() {
    let mut asking = call(1);
    asking.needs.skills = [("loans".to_owned(), 3)].into();
    asking.needs.languages = words(&["yue", "en"]);
    asking.needs.licences = words(&["insurance"]);
    asking.needs.teams = words(&["east"]);
    asking.barred = [agent(8).id].into();
    let fit = |number| Agent {
        skills: [("loans".to_owned(), 3)].into(),
        languages: words(&["en"]),
        licences: words(&["insurance", "funds"]),
        team: Some("east".to_owned()),
        ..agent(number)
    };
    let agents = [
        Agent { free: 0, ..fit(1) },
        Agent { shift: Some(Shift { from: earlier(60), until: NOW }), ..fit(2) },
        Agent { licences: words(&["funds"]), ..fit(3) },
        Agent { languages: words(&["cmn"]), ..fit(4) },
        Agent { skills: [("loans".to_owned(), 2)].into(), ..fit(5) },
        Agent { skills: BTreeMap::new(), ..fit(6) },
        Agent { team: Some("west".to_owned()), ..fit(7) },
        fit(8),
        fit(9),
    ];
    assert_eq!(routed(&agents, &asking), Some(9));
    let counted = aside(&agents, &asking);
    let once =
        [Reason::Capacity, Reason::Shift, Reason::DoNotPair, Reason::Licence, Reason::Language, Reason::Team];
    assert!(once.iter().all(|reason| counted[reason] == 1), "{counted:?}");
    assert_eq!(counted[&Reason::Skill], 2);
    asking.needs.licences.insert("that nobody has".to_owned());
    assert_eq!(routed(&agents, &asking), None);
}

#[test]
fn who_has_as_many_tasks_as_the_capacity_says_still_takes_calls() {
    let full = Agent { places: 0, ..agent(1) };
    let task = Call { is_task: true, ..call(1) };
    assert_eq!(routed(std::slice::from_ref(&full), &task), None);
    assert_eq!(aside(std::slice::from_ref(&full), &task)[&Reason::Capacity], 1);
    assert_eq!(routed(std::slice::from_ref(&full), &call(1)), Some(1));
    assert_eq!(routed(&[full, agent(2)], &task), Some(2));
}

#[test]
fn a_pool_forgets_what_an_agent_no_longer_has() {
    let mut asking = call(1);
    asking.needs.licences = words(&["insurance"]);
    let licensed = Agent { licences: words(&["insurance"]), ..agent(1) };
    let mut pool = Pool::new(0, [licensed]);
    let gets = |pool: &Pool| {
        decide(pool, std::slice::from_ref(&asking), None, &Policy::default(), NOW, 1).assigned[0].agent
    };
    assert!(gets(&pool).is_some());
    pool.put(agent(1));
    assert_eq!((gets(&pool), pool.len()), (None, 1));
    assert!(pool.set_presence(agent(1).id, 0, NOW, 0.5) && !pool.set_presence(agent(2).id, 0, NOW, 0.5));
}

#[test]
fn criteria_widen_with_the_wait_but_never_the_licence() {
    let mut asking = call(1);
    asking.needs = Needs {
        skills: [("loans".to_owned(), 4)].into(),
        teams: words(&["east"]),
        licences: words(&["insurance"]),
        widening: vec![
            Widening { after: Millis::from_secs(30), relax: Relax::Team },
            Widening {
                after: Millis::from_secs(60),
                relax: Relax::Skill { skill: "loans".to_owned(), by: 2 },
            },
            Widening {
                after: Millis::from_secs(90),
                relax: Relax::Skill { skill: "loans".to_owned(), by: 2 },
            },
        ],
        ..Needs::default()
    };
    let licensed = |level: u8| Agent {
        skills: [("loans".to_owned(), level)].into(),
        licences: words(&["insurance"]),
        team: Some("west".to_owned()),
        ..agent(1)
    };
    let after = |seconds: i64, agent: Agent| {
        routed(&[agent], &Call { waiting_since: earlier(seconds), ..asking.clone() }).is_some()
    };
    assert!(!after(29, licensed(4)) && after(30, licensed(4)));
    assert!(!after(59, licensed(2)) && after(60, licensed(2)));
    assert!(!after(89, Agent { skills: BTreeMap::new(), ..licensed(1) }));
    assert!(after(90, Agent { skills: BTreeMap::new(), ..licensed(1) }));
    assert!(!after(9_000, Agent { licences: BTreeSet::new(), ..licensed(5) }));
}

#[test]
fn the_preferred_agent_is_waited_for_with_patience() {
    let patience = Millis::from_secs(20);
    let wants = |seconds| Call {
        preferred: Some(Preferred { agent: agent(2).id, patience }),
        waiting_since: earlier(seconds),
        ..call(1)
    };
    let longer_idle = Agent { idle_since: earlier(500), ..agent(1) };
    let busy = Agent { free: 0, ..agent(2) };
    assert_eq!(routed(&[longer_idle.clone(), agent(2)], &wants(0)), Some(2));
    assert_eq!(routed(&[longer_idle.clone(), busy.clone()], &wants(19)), None);
    assert_eq!(aside(&[longer_idle.clone(), busy.clone()], &wants(19))[&Reason::Patience], 1);
    assert_eq!(routed(&[longer_idle.clone(), busy], &wants(20)), Some(1));
    // After the patience the preferred agent is still worth more than another.
    assert_eq!(routed(&[longer_idle.clone(), agent(2)], &wants(60)), Some(2));
    // Nobody waits for an agent who is not there, or may not get the call.
    assert_eq!(routed(std::slice::from_ref(&longer_idle), &wants(0)), Some(1));
    let home = Agent { shift: Some(Shift { from: earlier(90), until: earlier(60) }), ..agent(2) };
    assert_eq!(routed(&[longer_idle.clone(), home], &wants(0)), Some(1));
    let barred = Call { barred: [agent(2).id].into(), ..wants(0) };
    assert_eq!(routed(&[longer_idle, agent(2)], &barred), Some(1));
}

#[test]
fn the_better_match_wins_unless_the_customer_refused_to_be_scored() {
    let agents = [
        with_features(Agent { idle_since: earlier(100), ..agent(1) }, [0.0, 1.0, 0.0]),
        with_features(agent(2), [1.0, 0.1, 0.0]),
    ];
    let wants_a = Call { features: vec![1.0, 0.0, 0.0], ..call(1) };
    let decision = scored(&agents, std::slice::from_ref(&wants_a), &Policy::default(), 1);
    assert_eq!(decision.assigned[0].agent.map(number), Some(2));
    let refused = Call { automated: false, ..wants_a };
    let decision = scored(&agents, &[refused], &Policy::default(), 1);
    assert_eq!(decision.assigned[0].agent.map(number), Some(1));
    let facts = &decision.inputs.calls[0];
    assert!(facts.features.is_empty() && facts.candidates.iter().all(|candidate| candidate.score.is_none()));
}

#[test]
fn familiarity_fairness_and_emphasis_move_the_choice() {
    let policy = Policy::default();
    let mut known = call(1);
    known.familiar = [(agent(2).id, 0.9)].into();
    let longer_idle = Agent { idle_since: earlier(9), ..agent(1) };
    assert_eq!(routed(&[longer_idle.clone(), agent(2)], &known), Some(2));
    let overworked = Agent { occupancy: 0.9, ..longer_idle };
    assert_eq!(routed(&[overworked, Agent { occupancy: 0.6, ..agent(2) }], &call(1)), Some(2));
    // Two match equally; a surge of column c raises the one who has more of it.
    let agents = [
        with_features(Agent { idle_since: earlier(9), ..agent(1) }, [1.0, 0.0, 0.3]),
        with_features(agent(2), [1.0, 0.0, 0.3001]),
    ];
    let caller = Call { features: vec![1.0, 0.0, 0.3], ..call(1) };
    let gets = |policy: &Policy| {
        scored(&agents, std::slice::from_ref(&caller), policy, 1).assigned[0].agent.map(number)
    };
    assert_eq!(gets(&policy), Some(1));
    let emphasis = vec![Emphasis { customer_column: 2, agent_column: 2, amount: 1.0 }];
    let fine = Policy { emphasis, tie_width: 1e-5, ..policy };
    assert_eq!(gets(&fine), Some(2));
}

#[test]
fn the_more_urgent_call_is_served_first_and_waiting_makes_urgent() {
    let served = |calls: &[Call]| {
        let decision = decided(&[agent(1)], calls, &Policy::default());
        let served = decision.assigned.iter().find(|assigned| assigned.agent.is_some());
        served.map(|assigned| assigned.call.uuid().as_u128())
    };
    let waits =
        |number, priority, seconds| Call { priority, waiting_since: earlier(seconds), ..call(number) };
    assert_eq!(served(&[waits(1, 0, 5), waits(2, 0, 20)]), Some(2));
    assert_eq!(served(&[waits(1, 0, 20), waits(2, 1, 5)]), Some(2));
    // Two minutes make 3 of an urgency of 1; a priority of 1 makes 2.
    assert_eq!(served(&[waits(1, 0, 120), waits(2, 1, 0)]), Some(1));
}

#[test]
fn an_agent_with_room_for_two_gets_two() {
    let roomy = Agent { free: 2, ..agent(1) };
    let decision = decided(&[roomy], &[call(1), call(2), call(3)], &Policy::default());
    assert_eq!(decision.assigned.iter().filter(|assigned| assigned.agent.is_some()).count(), 2);
}

#[test]
fn the_logged_propensity_is_the_share_in_which_it_happens() {
    let agents: Vec<Agent> = [[1.0, 0.0, 0.0], [0.9, 0.2, 0.0], [0.0, 1.0, 0.5]]
        .into_iter()
        .zip(1..)
        .map(|(f, n)| with_features(agent(n), f))
        .collect();
    let asking = Call { features: vec![1.0, 0.1, 0.0], ..call(1) };
    let policy = Policy { exploration: 0.3, tie_width: 1e-6, ..Policy::default() };
    let mut seen: BTreeMap<u128, (u32, f32)> = BTreeMap::new();
    for seed in 0..4_000 {
        let assigned = scored(&agents, std::slice::from_ref(&asking), &policy, seed).assigned[0].clone();
        let entry = seen.entry(number(assigned.agent.unwrap())).or_default();
        *entry = (entry.0 + 1, assigned.propensity);
    }
    assert_eq!(seen.len(), 3);
    for (count, propensity) in seen.into_values() {
        let share = f64::from(count) / 4_000.0;
        assert!((share - f64::from(propensity)).abs() < 0.02, "{share} happened, {propensity} was logged");
    }
}

#[test]
fn in_a_batch_inverse_propensities_add_up() {
    const SEEDS: u64 = 40_000;
    // The mean of 1/propensity over the times that a pair happens is the share in which it was possible at all:
    // always for the first call; for the second unless the first had drawn the agent, which it does in 0.5 / 3.
    let agents: Vec<Agent> = [[1.0, 0.0, 0.0], [0.8, 0.6, 0.0], [0.0, 1.0, 0.0]]
        .into_iter()
        .zip(1..)
        .map(|(f, n)| with_features(agent(n), f))
        .collect();
    let calls = [[1.0, 0.0, 0.0], [0.7, 0.7, 0.0]]
        .into_iter()
        .zip(1..)
        .map(|(f, n)| Call { features: f.into(), ..call(n) });
    let calls: Vec<Call> = calls.collect();
    let policy = Policy { exploration: 0.5, ..Policy::default() };
    let mut sums: BTreeMap<(u128, u128), f64> = BTreeMap::new();
    for seed in 0..SEEDS {
        for assigned in scored(&agents, &calls, &policy, seed).assigned {
            let pair = (assigned.call.uuid().as_u128(), number(assigned.agent.unwrap()));
            *sums.entry(pair).or_default() += 1.0 / f64::from(assigned.propensity) / SEEDS as f64;
        }
    }
    assert_eq!(sums.len(), 6);
    for (pair, sum) in sums {
        let possible = if pair.0 == 1 { 1.0 } else { 1.0 - 0.5 / 3.0 };
        assert!((sum - possible).abs() < 0.06, "{pair:?} adds up to {sum}");
    }
}

#[test]
fn a_decision_is_not_made_again_by_another_model_or_other_rules() {
    let agents = [with_features(agent(1), [1.0, f32::NAN, 0.0])];
    let mut decision =
        scored(&agents, &[Call { features: vec![1.0, 0.0, f32::NAN], ..call(1) }], &Policy::default(), 1);
    assert!(matches!(replay(&decision, None), Err(Unreplayable::Model { .. })));
    assert!(serde_json::to_string(&decision).unwrap().contains("null"));
    decision.inputs.format = 2;
    assert_eq!(replay(&decision, Some(&letters())), Err(Unreplayable::Format(2)));
    decision.inputs.format = 1;
    decision.inputs.calls[0].candidates[0].agent = 7;
    assert_eq!(replay(&decision, Some(&letters())), Err(Unreplayable::Broken));
}

#[test]
fn a_forged_score_does_not_survive_the_replay() {
    let agents = [with_features(agent(1), [1.0, 0.0, 0.0]), with_features(agent(2), [0.0, 1.0, 0.0])];
    let mut decision =
        scored(&agents, &[Call { features: vec![1.0, 0.0, 0.0], ..call(1) }], &Policy::default(), 1);
    decision.inputs.calls[0].candidates[1].score = Some(0.99);
    assert_ne!(replay(&decision, Some(&letters())).unwrap(), decision);
}

#[test]
fn policies_out_of_range_are_refused_by_name() {
    assert_eq!(Policy::default().check(), Ok(()));
    let policy = Policy { exploration: 1.5, ..Policy::default() };
    assert_eq!(policy.check(), Err(InvalidPolicy("exploration")));
    assert_eq!(Policy { ageing_s: f32::NAN, ..Policy::default() }.check(), Err(InvalidPolicy("ageing_s")));
}

#[test]
fn who_has_spoken_with_the_customer_is_familiar_by_how_it_ended() {
    let of = |calls, sales, refusals| familiarity(calls, sales, refusals);
    assert_eq!((of(0, 0, 0), of(1, 0, 0), of(2, 0, 0)), (0.0, 0.5, 0.75));
    assert!(of(1, 1, 0) > of(1, 0, 0) && of(1, 0, 1) < of(1, 0, 0));
    assert_eq!(of(60, 60, 0), 1.0, "never more than whom the customer belongs to");
    let mut known = call(1);
    known.familiar = [(agent(2).id, of(2, 1, 0))].into();
    let decision = decided(&[agent(1), agent(2)], &[known], &Policy::default());
    assert_eq!(decision.assigned[0].agent.map(number), Some(2));
    let (inputs, candidate) = (&decision.inputs, &decision.inputs.calls[0].candidates[0]);
    assert_eq!(told(&inputs.policy, candidate, Language::En), ["the agent knows the customer (+0.100)"]);
    assert_eq!(told(&inputs.policy, candidate, Language::Zh), ["坐席熟悉该客户（+0.100）"]);
    assert!(told(&inputs.policy, &inputs.calls[0].candidates[1], Language::En).is_empty());
    assert_eq!(replay(&decision, None).unwrap(), decision);
}
