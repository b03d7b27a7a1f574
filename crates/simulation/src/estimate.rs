//! A mean over independent runs, with its interval.

use serde::Serialize;

/// The mean of a figure over runs with different seeds, and its two-sided 95 % interval by Student's t.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Estimate {
    /// The mean.
    pub mean: f64,
    /// Half of the interval's width; infinite for a single run.
    pub reach: f64,
    /// How many runs.
    pub runs: usize,
}

/// The 97.5 % quantiles of Student's t for 1 to 30 degrees of freedom.
const T: [f64; 30] = [
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.160, 2.145, 2.131,
    2.120, 2.110, 2.101, 2.093, 2.086, 2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042,
];

impl Estimate {
    /// Of these runs; `None` without any.
    pub fn of(runs: &[f64]) -> Option<Self> {
        let n = runs.len() as f64;
        if runs.is_empty() {
            return None;
        }
        let mean = runs.iter().sum::<f64>() / n;
        let variance = runs.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / (n - 1.0);
        // Above 30 the quantile is 1.96 and a little; this is off by less than 0.001.
        let quantile = runs
            .len()
            .checked_sub(2)
            .map_or(f64::INFINITY, |at| T.get(at).copied().unwrap_or(1.96 + 2.4 / (n - 1.0)));
        let reach = if runs.len() > 1 { quantile * (variance / n).sqrt() } else { f64::INFINITY };
        Some(Self { mean, reach, runs: runs.len() })
    }

    /// The lower end.
    pub fn low(&self) -> f64 {
        self.mean - self.reach
    }

    /// The upper end.
    pub fn high(&self) -> f64 {
        self.mean + self.reach
    }

    /// Whether the interval holds this value.
    pub fn holds(&self, value: f64) -> bool {
        (self.low()..=self.high()).contains(&value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_students() {
        let estimate = Estimate::of(&[4.0, 6.0, 5.0, 9.0]).unwrap();
        // Mean 6, standard deviation sqrt(14 / 3), t of 3 degrees 3.182.
        assert!((estimate.mean - 6.0).abs() < 1e-12);
        assert!((estimate.reach - 3.182 * (14.0_f64 / 3.0 / 4.0).sqrt()).abs() < 1e-9);
        assert!(estimate.holds(9.0) && !estimate.holds(9.5));
        assert!(Estimate::of(&[1.0]).unwrap().reach.is_infinite());
        assert_eq!(Estimate::of(&[]), None);
    }
}
