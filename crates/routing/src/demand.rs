//! Weights that follow the demand: a surge of one kind of customer raises its specialists, within bounds, and fades.

use serde::{Deserialize, Serialize};
use trunkline_kernel::{Millis, Timestamp};

/// Which customers are counted, and what a surge of them does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Watch {
    /// The column that a customer of this kind has, `industry=retail`. It is the agents' column too.
    pub column: String,
    /// How many of them come in an hour on a usual day at this time.
    pub usual_per_hour: f64,
    /// How long it takes until a customer who came counts for half.
    pub half_life: Millis,
    /// How many times the usual there must be before anything happens, above 1. 2 is a common choice.
    pub from_ratio: f64,
    /// The most that is added to a match.
    pub amount_max: f32,
}

/// How many customers of a kind came lately.
///
/// Each counts `2^(-age / half life)`. In a steady stream of λ the count is `λ · half life / ln 2`, so the count
/// divided by that length is an estimate of the rate that forgets.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Surge {
    count: f64,
    at: Timestamp,
}

impl Surge {
    /// Nobody came until then.
    pub fn from(at: Timestamp) -> Self {
        Self { count: 0.0, at }
    }

    /// One more customer. Events may come late: an earlier one counts less at once.
    pub fn observe(&mut self, watch: &Watch, at: Timestamp) {
        let now = at.max(self.at);
        self.count = self.count_at(watch, now) + halved(watch, now.since(at));
        self.at = now;
    }

    /// How many come in an hour, by what was seen until `at`.
    pub fn per_hour(&self, watch: &Watch, at: Timestamp) -> f64 {
        let hours = watch.half_life.0 as f64 / 3_600_000.0;
        self.count_at(watch, at) * std::f64::consts::LN_2 / hours
    }

    /// What is added to a match for now: 0 up to `from_ratio` times the usual, the most from twice that on.
    #[expect(clippy::cast_possible_truncation, reason = "a number from 0 to 1")]
    pub fn amount(&self, watch: &Watch, at: Timestamp) -> f32 {
        let ratio = self.per_hour(watch, at) / watch.usual_per_hour.max(f64::MIN_POSITIVE);
        let share = ((ratio - watch.from_ratio) / watch.from_ratio).clamp(0.0, 1.0);
        watch.amount_max * share as f32
    }

    fn count_at(&self, watch: &Watch, at: Timestamp) -> f64 {
        self.count * halved(watch, at.since(self.at))
    }
}

fn halved(watch: &Watch, age: Millis) -> f64 {
    libm::exp2(-(age.0.max(0) as f64) / (watch.half_life.0.max(1) as f64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn watch() -> Watch {
        Watch {
            column: "industry=retail".to_owned(),
            usual_per_hour: 30.0,
            half_life: Millis::from_mins(15),
            from_ratio: 2.0,
            amount_max: 0.3,
        }
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    /// A steady stream with that many seconds between customers.
    fn stream(every: i64, seconds: i64) -> Surge {
        let mut surge = Surge::from(at(0));
        (0..seconds / every).for_each(|n| surge.observe(&watch(), at(n * every)));
        surge
    }

    #[test]
    fn the_rate_of_a_steady_stream_is_found() {
        let rate = stream(40, 3 * 3_600).per_hour(&watch(), at(3 * 3_600 - 20));
        assert!((rate - 90.0).abs() < 2.0, "{rate}");
    }

    #[test]
    fn the_usual_changes_nothing_a_surge_raises_at_once_and_fades() {
        assert_eq!(stream(120, 3_600).amount(&watch(), at(3_600)), 0.0);
        let surge = stream(10, 900);
        let soon = surge.amount(&watch(), at(900));
        assert!(soon > 0.25, "{soon}");
        let later = surge.amount(&watch(), at(900 + 900));
        assert!(later < soon && later > 0.0, "{later}");
        assert_eq!(surge.amount(&watch(), at(900 + 3_600)), 0.0);
        assert_eq!(stream(1, 900).amount(&watch(), at(900)), 0.3, "never more than the most");
    }

    #[test]
    fn late_events_count_as_if_they_had_come_in_time() {
        let (mut early, mut late) = (Surge::from(at(0)), Surge::from(at(0)));
        [10, 50, 90].iter().for_each(|seconds| early.observe(&watch(), at(*seconds)));
        [90, 10, 50].iter().for_each(|seconds| late.observe(&watch(), at(*seconds)));
        assert!((early.per_hour(&watch(), at(90)) - late.per_hour(&watch(), at(90))).abs() < 1e-9);
    }
}
