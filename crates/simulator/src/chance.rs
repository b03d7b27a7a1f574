//! Seeded chances.

use std::time::Duration;

use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// A source of chances of its own for each agent, so that one agent's luck does not depend on another's timing.
#[derive(Debug)]
pub(crate) struct Chance(StdRng);

impl Chance {
    pub(crate) fn of(seed: u64, number: u64) -> Self {
        Self(StdRng::seed_from_u64(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ number))
    }

    /// True with this probability.
    pub(crate) fn happens(&mut self, probability: f64) -> bool {
        self.0.random_bool(probability.clamp(0.0, 1.0))
    }

    /// One of these.
    pub(crate) fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        (!from.is_empty()).then(|| &from[self.0.random_range(0..from.len())])
    }

    /// One of these words, each as likely as its weight says.
    pub(crate) fn weighed<T: Copy>(&mut self, from: &[(T, u32)], otherwise: T) -> T {
        let all: u32 = from.iter().map(|(_, weight)| weight).sum();
        let mut drawn = self.0.random_range(0..all.max(1));
        for (word, weight) in from {
            if drawn < *weight {
                return *word;
            }
            drawn -= weight;
        }
        otherwise
    }

    /// A length of time with this mean, exponentially distributed between a tenth and four times of it.
    pub(crate) fn around(&mut self, mean: Duration) -> Duration {
        let uniform: f64 = self.0.random_range(f64::EPSILON..1.0);
        mean.mul_f64((-uniform.ln()).clamp(0.1, 4.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_and_agent_have_the_same_luck() {
        let draw = |seed, number| {
            let mut chance = Chance::of(seed, number);
            (0..20).map(|_| chance.happens(0.5)).collect::<Vec<_>>()
        };
        assert_eq!(draw(1, 2), draw(1, 2));
        assert_ne!(draw(1, 2), draw(1, 3));
        assert_ne!(draw(1, 2), draw(2, 2));
    }

    #[test]
    fn weights_are_kept_and_lengths_bounded() {
        let mut chance = Chance::of(7, 0);
        let words = (0..10_000).map(|_| chance.weighed(&[("a", 3), ("b", 1)], "c"));
        let a = words.filter(|word| *word == "a").count();
        assert!((7_200..7_800).contains(&a), "{a}");
        let mean = Duration::from_secs(10);
        assert!((0..1_000).all(|_| (1..=40).contains(&chance.around(mean).as_secs())));
    }
}
