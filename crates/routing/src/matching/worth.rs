//! What a customer is worth before it is known who will speak: to the mean of those who may.

use trunkline_kernel::Timestamp;

use super::eligible::able;
use super::{Call, Pool};
use crate::score::Scorer;

/// How many agents stand for all: the mean over so many, evenly spread over those who may take the call, is as good as that
/// over thousands.
const AGENTS_MAX: usize = 20;

/// The mean of the scores that the call has with the agents who have what it asks for, whether they are free now or not;
/// nothing where there are none, and for a customer who refuses automated decisions.
pub fn worth(pool: &Pool, call: &Call, scorer: &dyn Scorer, at: Timestamp) -> Option<f64> {
    if !call.automated {
        return None;
    }
    let able = able(pool, call, at);
    let step = able.len().div_ceil(AGENTS_MAX).max(1);
    let rows: Vec<usize> = able.into_iter().step_by(step).collect();
    let scores = scorer.score(&call.features, &pool.features, &rows);
    let finite: Vec<f64> = scores.into_iter().filter(|score| score.is_finite()).map(f64::from).collect();
    (!finite.is_empty()).then(|| finite.iter().sum::<f64>() / finite.len() as f64)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use trunkline_kernel::{AgentId, CallId, CustomerId, Id as _};
    use uuid::Uuid;

    use super::*;
    use crate::features::{Declaration, Encoder, Feature, Schema};
    use crate::matching::{Agent, Needs, free_for};
    use crate::score::Cosine;

    const NOW: Timestamp = Timestamp::from_millis(1_000_000_000);

    fn letters() -> Cosine {
        let schema = |of: &str| {
            let feature = |name: &str| Feature { name: name.to_owned(), encoder: Encoder::Plain };
            let features = ["a", "b"].map(feature).into();
            Schema::try_from(Declaration { of: of.to_owned(), version: 1, features }).unwrap()
        };
        Cosine::new(&schema("customer"), &schema("agent"), &BTreeMap::new()).unwrap()
    }

    fn agent(number: u128, skilled: bool, free: u16, features: [f32; 2]) -> Agent {
        let skills = skilled.then(|| ("loan".to_owned(), 3)).into_iter().collect();
        let id = AgentId::from_uuid(Uuid::from_u128(number));
        Agent { skills, free, features: features.into(), ..Agent::new(id, NOW) }
    }

    #[test]
    fn a_customer_is_worth_the_mean_over_those_who_may_take_the_call_busy_or_not() {
        let agents =
            [agent(1, true, 1, [1.0, 0.0]), agent(2, true, 0, [0.0, 1.0]), agent(3, false, 1, [0.0, 1.0])];
        let pool = Pool::new(2, agents);
        let customer = CustomerId::from_uuid(Uuid::from_u128(9));
        let needs = Needs { skills: [("loan".to_owned(), 1)].into(), ..Needs::default() };
        let features = vec![1.0, 0.0];
        let call = Call::new(CallId::from_uuid(Uuid::from_u128(8)), customer, NOW);
        let call = Call { needs, features, ..call };
        let of = |call: &Call| worth(&pool, call, &letters(), NOW);
        let alone = letters().score(&call.features, &pool.features, &[0, 1]);
        let mean = f64::from(alone[0] + alone[1]) / 2.0;
        assert!(alone[0] > alone[1] && (of(&call).unwrap() - mean).abs() < 1e-6, "{alone:?} {:?}", of(&call));
        assert_eq!(free_for(&pool, &call, NOW), [AgentId::from_uuid(Uuid::from_u128(1))]);
        assert_eq!(of(&Call { automated: false, ..call }), None, "nobody is scored who refuses it");
    }
}
