//! Small samples are drawn towards the team's mean, so that one lucky call makes no specialist.

use serde::{Deserialize, Serialize};

/// What was seen of one agent: how many cases, their sum and the sum of their squares. For a rate, such as
/// conversion by product, each case is 0 or 1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Sample {
    /// Cases.
    pub n: u64,
    /// Their sum.
    pub sum: f64,
    /// The sum of their squares; for a rate the same as `sum`.
    pub squares: f64,
}

impl Sample {
    /// `hits` among `n`.
    pub fn rate(hits: u64, n: u64) -> Self {
        Self { n, sum: hits as f64, squares: hits as f64 }
    }

    /// One case more.
    pub fn add(&mut self, x: f64) {
        self.n += 1;
        self.sum += x;
        self.squares += x * x;
    }

    /// The mean; `None` without cases.
    pub fn mean(&self) -> Option<f64> {
        (self.n > 0).then(|| self.sum / self.n as f64)
    }
}

/// Bühlmann credibility: an agent's figure is `Z x̄ + (1 - Z) μ` with `Z = n / (n + k)`, where x̄ is the mean of
/// the agent's n cases and μ the team's.
///
/// k is how many cases of one's own weigh as much as the team: the expected variance within agents over the
/// variance between them. For rates this is the posterior mean under a beta prior of weight k.
/// Source: Bühlmann and Straub (1970); Klugman, Panjer, Willmot, "Loss Models", section 18.6.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Shrinkage {
    /// The team's mean, μ.
    pub mean: f64,
    /// How many cases the team's mean is worth, k; infinite when agents do not differ.
    pub strength: f64,
}

impl Shrinkage {
    /// From what was seen of all agents of the team, by the unbiased estimators of Bühlmann and Straub:
    ///
    /// `within = Σ (n_i - 1) s_i² / Σ (n_i - 1)`,
    /// `between = (Σ n_i (x̄_i - x̄)² - (r - 1) within) / (n - Σ n_i² / n)`, and `k = within / between`.
    ///
    /// `None` when nothing was seen.
    pub fn of(team: &[Sample]) -> Option<Self> {
        let seen = || team.iter().filter(|sample| sample.n > 0);
        let n: f64 = seen().map(|sample| sample.n as f64).sum();
        if n == 0.0 {
            return None;
        }
        let mean = seen().map(|sample| sample.sum).sum::<f64>() / n;
        let agents = seen().count() as f64;
        let spread = seen().map(|s| (s.squares - s.sum * s.sum / s.n as f64).max(0.0)).sum::<f64>();
        let within = if n > agents { spread / (n - agents) } else { f64::INFINITY };
        let apart = seen().map(|s| s.n as f64 * (s.sum / s.n as f64 - mean).powi(2)).sum::<f64>();
        let scale = n - seen().map(|s| (s.n as f64).powi(2)).sum::<f64>() / n;
        let between = if scale > 0.0 { (apart - (agents - 1.0) * within) / scale } else { 0.0 };
        let strength = if between > 0.0 { within / between } else { f64::INFINITY };
        Some(Self { mean, strength })
    }

    /// What to believe of an agent of whom this was seen.
    pub fn shrunk(&self, sample: Sample) -> f64 {
        match sample.mean() {
            Some(mean) if self.strength.is_finite() => {
                let n = sample.n as f64;
                let credibility = n / (n + self.strength);
                credibility * mean + (1.0 - credibility) * self.mean
            }
            Some(_) | None => self.mean,
        }
    }
}
