//! What another way of deciding would have been worth, from decisions that were made with known chances.

use crate::Interval;

/// One decision that was made, what came of it, and what the other policy makes of it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Logged {
    /// What came of it, for instance 1 for a sale.
    pub reward: f64,
    /// The chance with which it was decided so.
    pub propensity: f64,
    /// The chance with which the other policy decides so.
    pub target: f64,
    /// What a model foretells of what was decided; 0 without a model.
    pub foretold: f64,
    /// What the model foretells on average of what the other policy decides; 0 without a model.
    pub foretold_of_target: f64,
}

/// What the other policy is worth for each decision.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Worth {
    /// The estimate.
    pub value: f64,
    /// Its 95 % interval, by the normal approximation.
    pub interval: Interval,
    /// How many decisions the estimate rests on, as Kish (1965) counts weighted ones: far fewer than there are means that
    /// the other policy does what was hardly tried.
    pub effective: f64,
}

/// Inverse propensity scoring (Horvitz and Thompson, 1952): without bias when the propensities are true. `None` with
/// fewer than two decisions, or a propensity that is none.
pub fn inverse_propensity(decisions: &[Logged]) -> Option<Worth> {
    let weights = weights(decisions)?;
    let terms = decisions.iter().zip(&weights).map(|(decision, weight)| weight * decision.reward);
    worth(&terms.collect::<Vec<_>>(), &weights)
}

/// The same divided by the mean weight (Hájek, 1971): a little bias for much less variance. `None` as
/// [`inverse_propensity`], and when the other policy does nothing that was done.
pub fn self_normalised(decisions: &[Logged]) -> Option<Worth> {
    let weights = weights(decisions)?;
    let all: f64 = weights.iter().sum();
    if all <= 0.0 {
        return None;
    }
    let value =
        decisions.iter().zip(&weights).map(|(decision, weight)| weight * decision.reward).sum::<f64>() / all;
    let mean = all / count(weights.len());
    // The linearised terms of a ratio have its mean and its variance.
    let terms =
        decisions.iter().zip(&weights).map(|(decision, w)| value + w * (decision.reward - value) / mean);
    worth(&terms.collect::<Vec<_>>(), &weights)
}

/// Doubly robust (Dudík, Langford and Li, 2011): what the model foretells of the other policy, corrected by what it got
/// wrong where that was tried. Without bias when either the propensities or the model are true. `None` as
/// [`inverse_propensity`].
pub fn doubly_robust(decisions: &[Logged]) -> Option<Worth> {
    let weights = weights(decisions)?;
    let terms = decisions.iter().zip(&weights).map(|(decision, weight)| {
        decision.foretold_of_target + weight * (decision.reward - decision.foretold)
    });
    worth(&terms.collect::<Vec<_>>(), &weights)
}

fn weights(decisions: &[Logged]) -> Option<Vec<f64>> {
    let possible = |decision: &Logged| {
        (0.0..=1.0).contains(&decision.target) && decision.propensity > 0.0 && decision.propensity <= 1.0
    };
    (decisions.len() > 1 && decisions.iter().all(possible))
        .then(|| decisions.iter().map(|decision| decision.target / decision.propensity).collect())
}

fn worth(terms: &[f64], weights: &[f64]) -> Option<Worth> {
    const Z: f64 = 1.959_963_984_540_054;
    let n = count(terms.len());
    let value = terms.iter().sum::<f64>() / n;
    let variance = terms.iter().map(|term| (term - value) * (term - value)).sum::<f64>() / (n - 1.0);
    let reach = Z * (variance / n).sqrt();
    let (all, squares) = weights.iter().fold((0.0, 0.0), |(all, squares), w| (all + w, squares + w * w));
    let effective = if squares > 0.0 { all * all / squares } else { 0.0 };
    let interval = Interval { low: value - reach, high: value + reach };
    value.is_finite().then_some(Worth { value, interval, effective })
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn count(number: usize) -> f64 {
    number as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two agents who sell to 0.3 and 0.6 of customers, tried with the chances 0.8 and 0.2; the other policy always takes
    /// the better one, whose worth is 0.6. The model is off by `bias`.
    fn decisions(seed: u64, bias: f64) -> Vec<Logged> {
        let mut state = seed;
        let mut even = || {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            f64::from(u32::try_from(state >> 32).unwrap()) / f64::from(u32::MAX)
        };
        let decision = |_| {
            let better = even() < 0.2;
            let (chance, sells) = if better { (0.2, 0.6) } else { (0.8, 0.3) };
            Logged {
                reward: if even() < sells { 1.0 } else { 0.0 },
                propensity: chance,
                target: if better { 1.0 } else { 0.0 },
                foretold: sells + bias,
                foretold_of_target: 0.6 + bias,
            }
        };
        (0..2_000).map(decision).collect()
    }

    /// How often the interval holds the truth over many logs, and how wide it is on average.
    fn holds(of: impl Fn(&[Logged]) -> Option<Worth>, bias: f64) -> (f64, f64) {
        let worths: Vec<Worth> =
            (0..400).map(|seed| of(&decisions(seed * 7_919 + 1, bias)).unwrap()).collect();
        let held =
            worths.iter().filter(|worth| worth.interval.low <= 0.6 && 0.6 <= worth.interval.high).count();
        let width = worths.iter().map(|worth| worth.interval.high - worth.interval.low).sum::<f64>();
        (count(held) / 400.0, width / 400.0)
    }

    #[test]
    fn every_estimator_finds_the_worth_of_a_policy_that_was_never_followed() {
        let (held, plain) = holds(inverse_propensity, 0.0);
        assert!((0.92..=0.98).contains(&held), "{held}");
        let (held, normalised) = holds(self_normalised, 0.0);
        assert!((0.92..=0.98).contains(&held) && normalised < plain, "{held} {normalised} {plain}");
        let (held, robust) = holds(doubly_robust, 0.0);
        assert!((0.92..=0.98).contains(&held) && robust < plain, "{held} {robust} {plain}");
    }

    #[test]
    fn a_wrong_model_costs_the_robust_estimate_its_width_but_not_its_truth() {
        let (held, wrong) = holds(doubly_robust, 0.4);
        assert!((0.92..=0.98).contains(&held), "{held}");
        assert!(wrong > holds(doubly_robust, 0.0).1);
    }

    #[test]
    fn what_rests_on_few_decisions_says_so() {
        let worth = inverse_propensity(&decisions(1, 0.0)).unwrap();
        assert!((300.0..500.0).contains(&worth.effective), "{}", worth.effective);
        let same = |propensity| Logged { propensity, ..decisions(1, 0.0)[0] };
        assert_eq!(inverse_propensity(&[same(0.0), same(1.0)]), None);
        assert_eq!(inverse_propensity(&[same(1.0)]), None);
        let untried: Vec<Logged> =
            decisions(1, 0.0).into_iter().map(|decision| Logged { target: 0.0, ..decision }).collect();
        assert_eq!(self_normalised(&untried), None);
    }
}
