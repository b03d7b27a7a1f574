//! How a model would have done on decisions that were logged, and how its scores meet what happened.

use trunkline_domain::model::{Estimate, Evaluation};
use trunkline_insight::{
    Interval, Logged, Worth, auc, auc_interval, calibration_error, doubly_robust, population_stability,
    self_normalised,
};
use trunkline_kernel::{AgentId, Timestamp};
use trunkline_routing::matching::{Decision, reconsider};
use trunkline_routing::score::Scorer;

use super::{Outcomes, Paired};

/// How many resamples an interval takes, and their seed, so that the same decisions give the same figures.
const RESAMPLES: usize = 500;
const SEED: u64 = 1;
/// Into how many bins scores are put.
const BINS: usize = 10;

/// Holds one model against decisions, one after the other.
#[derive(Debug)]
pub struct Judge<'a> {
    scorer: &'a dyn Scorer,
    outcomes: &'a Outcomes,
    logged: Vec<Logged>,
    scored: Vec<(f64, bool)>,
    left_out: u32,
}

impl<'a> Judge<'a> {
    /// Has seen nothing yet.
    pub fn new(scorer: &'a dyn Scorer, outcomes: &'a Outcomes) -> Self {
        Self { scorer, outcomes, logged: Vec::new(), scored: Vec::new(), left_out: 0 }
    }

    /// Takes one decision into account.
    pub fn take(&mut self, decision: &Decision) {
        let paired = self.outcomes.pairings(decision);
        let other = reconsider(decision, self.scorer).ok().filter(|_| !paired.is_empty());
        let judged: Vec<_> =
            other.iter().flat_map(|other| paired.iter().filter_map(|paired| judge(other, paired))).collect();
        let calls = decision.inputs.calls.len();
        self.left_out = self.left_out.saturating_add(u32::try_from(calls - judged.len()).unwrap_or(u32::MAX));
        self.logged.extend(judged.iter().map(|(logged, _)| *logged));
        self.scored.extend(judged.iter().map(|(logged, score)| (*score, logged.reward > 0.0)));
    }

    /// How the model did.
    pub fn evaluation(&self, since: Timestamp, until: Timestamp) -> Evaluation {
        let decisions = u32::try_from(self.logged.len()).unwrap_or(u32::MAX);
        let rewards: f64 = self.logged.iter().map(|logged| logged.reward).sum();
        let normalised = self_normalised(&self.logged);
        let scores: Vec<f64> = self.scored.iter().map(|(score, _)| *score).collect();
        let (then, now) = scores.split_at(scores.len() / 2);
        let area = auc(&self.scored).zip(auc_interval(&self.scored, RESAMPLES, SEED));
        Evaluation {
            since,
            until,
            decisions,
            left_out: self.left_out,
            logged: rewards / f64::from(decisions.max(1)),
            self_normalised: normalised.as_ref().map(worth),
            doubly_robust: doubly_robust(&self.logged).as_ref().map(worth),
            effective: normalised.map(|worth| worth.effective),
            auc: area.map(|(value, interval)| within(value, &interval)),
            calibration_error: calibration_error(&self.scored, BINS),
            stability: population_stability(then, now, BINS),
        }
    }
}

/// What a pairing that came about says of the model, and the model's score for it.
fn judge(other: &Decision, paired: &Paired<'_>) -> Option<(Logged, f64)> {
    let call = other.inputs.calls.get(paired.row)?;
    let chosen = other.assigned.get(paired.row)?.agent?;
    let scores: Vec<(AgentId, f64)> = call
        .candidates
        .iter()
        .filter_map(|of| Some((other.inputs.agents.get(of.agent)?.id, f64::from(of.score?))))
        .collect();
    let score = |agent| scores.iter().find(|(id, _)| *id == agent).map(|(_, score)| *score);
    let (own, theirs) = (score(paired.agent.id)?, score(chosen)?);
    let logged = Logged {
        reward: if paired.sale { 1.0 } else { 0.0 },
        propensity: f64::from(paired.assigned.propensity),
        // What the model is worth when it decides; exploring costs the same whichever does.
        target: if chosen == paired.agent.id { 1.0 } else { 0.0 },
        foretold: own.clamp(0.0, 1.0),
        foretold_of_target: theirs.clamp(0.0, 1.0),
    };
    Some((logged, own))
}

fn worth(worth: &Worth) -> Estimate {
    within(worth.value, &worth.interval)
}

fn within(value: f64, interval: &Interval) -> Estimate {
    Estimate { value, low: interval.low, high: interval.high }
}
