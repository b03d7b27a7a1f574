//! Seeded chances: a stream of its own for every purpose, so that a change in one place leaves the luck elsewhere as
//! it was, and two policies can be compared on the same customers.

use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde::{Deserialize, Serialize};

/// A stream of chances.
#[derive(Clone, Debug)]
pub(crate) struct Chance(ChaCha8Rng);

impl Chance {
    /// The stream of that number under the seed.
    pub(crate) fn of(seed: u64, stream: u64) -> Self {
        let mut source = ChaCha8Rng::seed_from_u64(seed);
        source.set_stream(stream);
        Self(source)
    }

    /// Evenly from 0 to below 1.
    pub(crate) fn even(&mut self) -> f64 {
        self.0.random()
    }

    /// True with this probability.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.even() < probability
    }

    /// A whole number below `count`; 0 for none.
    pub(crate) fn below(&mut self, count: usize) -> usize {
        if count == 0 { 0 } else { self.0.random_range(0..count) }
    }

    /// Standard normal, by Box and Muller.
    pub(crate) fn normal(&mut self) -> f64 {
        let radius = libm::sqrt(-2.0 * libm::log(1.0 - self.even()));
        radius * libm::cos(std::f64::consts::TAU * self.even())
    }

    fn exponential(&mut self, mean: f64) -> f64 {
        -mean * libm::log(1.0 - self.even())
    }
}

/// How long something lasts, in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Lengths {
    /// Always the same.
    Constant {
        /// Seconds.
        mean_s: f64,
    },
    /// Without memory.
    Exponential {
        /// Mean seconds.
        mean_s: f64,
    },
    /// The sum of so many exponential phases: the more phases, the less spread.
    Erlang {
        /// Mean seconds of the whole.
        mean_s: f64,
        /// How many phases.
        phases: u32,
    },
    /// Lognormal, as conversations are (Brown et al., 2005, on the bank's log that `docs/import.md` imports).
    Lognormal {
        /// Mean seconds.
        mean_s: f64,
        /// Standard deviation in seconds.
        deviation_s: f64,
    },
    /// One of these, as likely as each other: an empirical sample.
    Sample {
        /// Seconds.
        seconds: Vec<f64>,
    },
}

/// A length of time that cannot be. Carries the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a length is impossible: {0}")]
pub struct InvalidLengths(&'static str);

impl Lengths {
    /// Whether it can be drawn from.
    ///
    /// # Errors
    /// Says what is wrong.
    pub fn check(&self) -> Result<(), InvalidLengths> {
        let possible = match self {
            Self::Constant { mean_s } => mean_s.is_finite() && *mean_s >= 0.0,
            Self::Exponential { mean_s } => mean_s.is_finite() && *mean_s > 0.0,
            Self::Erlang { mean_s, phases } => {
                mean_s.is_finite() && *mean_s > 0.0 && (1..=1_000).contains(phases)
            }
            Self::Lognormal { mean_s, deviation_s } => {
                mean_s.is_finite() && *mean_s > 0.0 && deviation_s.is_finite() && *deviation_s >= 0.0
            }
            Self::Sample { seconds } => {
                !seconds.is_empty() && seconds.iter().all(|s| s.is_finite() && *s >= 0.0)
            }
        };
        if possible {
            Ok(())
        } else {
            Err(InvalidLengths("give finite seconds, not below zero, and at least one"))
        }
    }

    /// The mean in seconds.
    pub fn mean_s(&self) -> f64 {
        match self {
            Self::Constant { mean_s }
            | Self::Exponential { mean_s }
            | Self::Erlang { mean_s, .. }
            | Self::Lognormal { mean_s, .. } => *mean_s,
            Self::Sample { seconds } => seconds.iter().sum::<f64>() / seconds.len().max(1) as f64,
        }
    }

    /// One length in seconds.
    pub(crate) fn draw(&self, chance: &mut Chance) -> f64 {
        match self {
            Self::Constant { mean_s } => *mean_s,
            Self::Exponential { mean_s } => chance.exponential(*mean_s),
            Self::Erlang { mean_s, phases } => {
                (0..*phases).map(|_| chance.exponential(mean_s / f64::from(*phases))).sum()
            }
            Self::Lognormal { mean_s, deviation_s } => {
                let variance = libm::log1p((deviation_s / mean_s) * (deviation_s / mean_s));
                libm::exp(libm::log(*mean_s) - variance / 2.0 + variance.sqrt() * chance.normal())
            }
            Self::Sample { seconds } => seconds.get(chance.below(seconds.len())).copied().unwrap_or(0.0),
        }
    }
}

/// When customers come.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Arrivals {
    /// Independently of each other, so many an hour; with several rates one for each hour, again from the first
    /// after the last.
    Poisson {
        /// Rates.
        per_hour: Vec<f64>,
    },
    /// With gaps like these, an empirical sample.
    Gaps {
        /// Between one and the next.
        gaps: Lengths,
    },
}

impl Arrivals {
    pub(crate) fn check(&self) -> Result<(), InvalidLengths> {
        match self {
            Self::Poisson { per_hour } => {
                let possible = per_hour.iter().all(|rate| rate.is_finite() && *rate >= 0.0);
                let some = per_hour.iter().any(|rate| *rate > 0.0);
                if possible && some {
                    Ok(())
                } else {
                    Err(InvalidLengths("give rates, one of them above zero"))
                }
            }
            Self::Gaps { gaps } if gaps.mean_s() > 0.0 => gaps.check(),
            Self::Gaps { .. } => Err(InvalidLengths("gaps must be above zero")),
        }
    }

    /// Seconds from now, so many seconds after the start, until the next customer. Changing rates are met by thinning
    /// (Lewis and Shedler, 1979).
    pub(crate) fn next(&self, chance: &mut Chance, now_s: f64) -> f64 {
        match self {
            Self::Gaps { gaps } => gaps.draw(chance),
            Self::Poisson { per_hour } => {
                let most = per_hour.iter().copied().fold(0.0, f64::max);
                let mut after = 0.0;
                loop {
                    after += chance.exponential(3_600.0 / most);
                    let hour = libm::floor((now_s + after) / 3_600.0) % per_hour.len() as f64;
                    let rate = per_hour.iter().zip(0_u32..).find(|(_, at)| f64::from(*at) >= hour);
                    if chance.even() * most < rate.map_or(most, |(rate, _)| *rate) {
                        return after;
                    }
                }
            }
        }
    }
}

/// Patience from a log, where most customers were answered before it ended: each wait in seconds and whether the
/// customer left. With exponential patience the estimate of greatest likelihood is the sum of all waits divided by how
/// many left. `None` when nobody left.
pub fn exponential_patience(waits: &[(f64, bool)]) -> Option<Lengths> {
    let left = waits.iter().filter(|(_, left)| *left).count();
    let mean_s = waits.iter().map(|(seconds, _)| seconds).sum::<f64>() / left as f64;
    (left > 0 && mean_s > 0.0).then_some(Lengths::Exponential { mean_s })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn moments(lengths: &Lengths) -> (f64, f64) {
        let mut chance = Chance::of(1, 0);
        let drawn: Vec<f64> = (0..100_000).map(|_| lengths.draw(&mut chance)).collect();
        let mean = drawn.iter().sum::<f64>() / 1e5;
        (mean, (drawn.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 1e5).sqrt())
    }

    #[test]
    fn lengths_have_the_mean_and_the_spread_that_they_say() {
        for (lengths, deviation) in [
            (Lengths::Constant { mean_s: 120.0 }, 0.0),
            (Lengths::Exponential { mean_s: 120.0 }, 120.0),
            (Lengths::Erlang { mean_s: 120.0, phases: 4 }, 60.0),
            (Lengths::Lognormal { mean_s: 120.0, deviation_s: 90.0 }, 90.0),
            (Lengths::Sample { seconds: vec![60.0, 180.0] }, 60.0),
        ] {
            let (mean, spread) = moments(&lengths);
            assert!(
                (mean - 120.0).abs() < 1.5 && (spread - deviation).abs() < 2.0,
                "{lengths:?}: {mean} {spread}"
            );
            assert!((lengths.mean_s() - 120.0).abs() < 1e-9 && lengths.check().is_ok());
        }
        assert!(Lengths::Sample { seconds: vec![] }.check().is_err());
        assert!(Lengths::Exponential { mean_s: 0.0 }.check().is_err());
    }

    #[test]
    fn arrivals_follow_the_rate_of_their_hour() {
        let arrivals = Arrivals::Poisson { per_hour: vec![60.0, 0.0, 240.0] };
        let (mut chance, mut now, mut counts) = (Chance::of(3, 0), 0.0, [0_u32; 3]);
        while now < 300.0 * 3_600.0 {
            now += arrivals.next(&mut chance, now);
            let hour = (now / 3_600.0) % 3.0;
            counts[if hour < 1.0 {
                0
            } else if hour < 2.0 {
                1
            } else {
                2
            }] += 1;
        }
        assert!((5_700..6_300).contains(&counts[0]) && counts[1] == 0, "{counts:?}");
        assert!((23_400..24_600).contains(&counts[2]), "{counts:?}");
    }

    #[test]
    fn patience_is_found_behind_answers_that_cut_it_short() {
        let (mut chance, patience) = (Chance::of(5, 0), Lengths::Exponential { mean_s: 90.0 });
        let waits: Vec<(f64, bool)> = (0..20_000)
            .map(|_| {
                let (patient, offered) = (patience.draw(&mut chance), 40.0 * chance.even());
                (patient.min(offered), patient < offered)
            })
            .collect();
        let found = exponential_patience(&waits).unwrap();
        assert!((found.mean_s() - 90.0).abs() < 3.0, "{found:?}");
        assert_eq!(exponential_patience(&[(5.0, false)]), None);
    }

    #[test]
    fn streams_of_one_seed_are_apart_and_repeat() {
        let draw = |seed, stream| {
            let mut chance = Chance::of(seed, stream);
            (0..5).map(|_| chance.even().to_bits()).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }
}
