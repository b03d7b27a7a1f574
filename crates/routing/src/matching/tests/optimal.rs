//! The assignment of many calls held against trying everything.

use super::*;

/// The best sum of gains, by trying everything.
fn best(gains: &Gains, row: usize, rows: usize, columns: usize, taken: u32) -> f64 {
    if row == rows {
        return 0.0;
    }
    let alone = best(gains, row + 1, rows, columns, taken);
    (0..columns)
        .filter(|column| taken >> column & 1 == 0 && gains.get(row, *column) > 0.0)
        .map(|column| gains.get(row, column) + best(gains, row + 1, rows, columns, taken | 1 << column))
        .fold(alone, f64::max)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn the_assignment_is_the_best_of_all(
        rows in 0_usize..7,
        columns in 0_usize..7,
        cells in prop::collection::vec(prop_oneof![Just(-1.0), 0.0..1.0_f64, (0_u8..4).prop_map(f64::from)], 49),
    ) {
        let mut gains = Gains::new(rows, columns);
        for row in 0..rows {
            for column in 0..columns {
                gains.set(row, column, cells[row * 7 + column]);
            }
        }
        let assigned = assign(&gains);
        prop_assert_eq!(assigned.len(), rows);
        let columns_taken: Vec<usize> = assigned.iter().flatten().copied().collect();
        prop_assert_eq!(columns_taken.iter().collect::<BTreeSet<_>>().len(), columns_taken.len());
        let sum: f64 = assigned.iter().enumerate().filter_map(|(row, column)| Some(gains.get(row, (*column)?))).sum();
        prop_assert!((sum - best(&gains, 0, rows, columns, 0)).abs() < 1e-9);
    }

    #[test]
    fn several_calls_are_assigned_at_their_best_and_the_decision_repeats(
        vectors in prop::collection::vec(prop::array::uniform3(0.0..1.0_f32), 9),
        exploration in prop_oneof![Just(0.0_f32), Just(0.3)],
        seed in any::<u64>(),
    ) {
        let agents: Vec<Agent> = (0..5_usize).map(|n| with_features(agent(n as u128 + 1), vectors[n])).collect();
        let calls: Vec<Call> =
            (5..9_usize).map(|n| Call { features: vectors[n].into(), ..call(n as u128) }).collect();
        let policy = Policy { exploration, shortlist: 1, tie_width: 1e-6, ..Policy::default() };
        let decision = scored(&agents, &calls, &policy, seed);
        let text = serde_json::to_vec(&decision).unwrap();
        let read: Decision = serde_json::from_slice(&text).unwrap();
        let again = replay(&read, Some(&letters())).unwrap();
        prop_assert_eq!(&serde_json::to_vec(&again).unwrap(), &text);
        if exploration == 0.0 {
            let mut gains = Gains::new(4, 5);
            let mut all = Table::new(3);
            vectors.iter().for_each(|vector| all.push(vector));
            for (row, call) in calls.iter().enumerate() {
                for (column, score) in letters().score(&call.features, &all, &[0, 1, 2, 3, 4]).iter().enumerate() {
                    gains.set(row, column, 1.0 + f64::from(*score));
                }
            }
            let sum: f64 = decision.assigned.iter().map(|assigned| 1.0 + f64::from(assigned.value)).sum();
            prop_assert!((sum - best(&gains, 0, 4, 5, 0)).abs() < 1e-4);
        }
    }
}
