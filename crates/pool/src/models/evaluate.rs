//! How a model would have done on decisions that were logged, and how its scores meet what happened.

use std::collections::HashMap;

use trunkline_domain::model::{Estimate, Evaluation};
use trunkline_insight::{
    Interval, Logged, Worth, auc, auc_interval, calibration_error, doubly_robust, population_stability,
    self_normalised,
};
use trunkline_kernel::{AgentId, DecisionId, Timestamp};
use trunkline_routing::matching::{Decision, noted, reconsider, scores};
use trunkline_routing::score::Scorer;

use super::{Outcomes, Paired};

/// How many resamples an interval takes, and their seed, so that the same decisions give the same figures.
pub(super) const RESAMPLES: usize = 500;
pub(super) const SEED: u64 = 1;
/// Into how many bins scores are put.
pub(super) const BINS: usize = 10;

/// What a model said of decisions that it did not make, when they were made.
pub type Noted = HashMap<DecisionId, Vec<Vec<Option<f32>>>>;

/// Holds what scores against decisions, one after the other. What was noted of it when they were made counts as it was noted;
/// of others it is asked now.
#[derive(Debug)]
pub struct Judge<'a> {
    scorer: &'a dyn Scorer,
    noted: &'a Noted,
    /// Decisions of which nothing was noted are left out.
    noted_only: bool,
    by_note: u32,
    outcomes: &'a Outcomes,
    logged: Vec<Logged>,
    scored: Vec<(f64, bool)>,
    left_out: u32,
}

impl<'a> Judge<'a> {
    /// Has seen nothing yet.
    pub fn new(scorer: &'a dyn Scorer, noted: &'a Noted, outcomes: &'a Outcomes) -> Self {
        let (logged, scored) = (Vec::new(), Vec::new());
        Self { scorer, noted, noted_only: false, by_note: 0, outcomes, logged, scored, left_out: 0 }
    }

    /// Takes only decisions of which it was noted what it said.
    #[must_use]
    pub fn noted_only(self) -> Self {
        Self { noted_only: true, ..self }
    }

    /// How many decisions were judged by what was noted of them.
    pub fn by_note(&self) -> u32 {
        self.by_note
    }

    /// What was noted of a decision when it was made.
    fn note(&self, id: DecisionId, decision: &Decision) -> Option<Vec<Vec<Option<f32>>>> {
        let own = decision.inputs.model.as_ref() == Some(self.scorer.hash());
        if own { Some(noted(decision)) } else { self.noted.get(&id).cloned() }
    }

    /// Whether it was noted of a decision what it said.
    pub fn has_note(&self, id: DecisionId, decision: &Decision) -> bool {
        decision.inputs.model.as_ref() == Some(self.scorer.hash()) || self.noted.contains_key(&id)
    }

    /// Takes one decision into account.
    pub fn take(&mut self, id: DecisionId, decision: &Decision) {
        let paired = self.outcomes.pairings(decision);
        let note = self.note(id, decision).filter(|_| !paired.is_empty());
        self.by_note = self.by_note.saturating_add(u32::from(note.is_some()));
        let now = || scores(decision, self.scorer).ok().filter(|_| !self.noted_only && !paired.is_empty());
        let said = note.or_else(now);
        let other = said.and_then(|said| reconsider(decision, self.scorer.hash(), &said).ok());
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

pub(super) fn within(value: f64, interval: &Interval) -> Estimate {
    Estimate { value, low: interval.low, high: interval.high }
}
