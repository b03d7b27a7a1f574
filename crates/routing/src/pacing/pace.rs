//! The decision how many calls to dial.

use serde::{Deserialize, Serialize};
use trunkline_kernel::Millis;

use super::{Durations, Forecast, Formula, Ledger, Share};

/// How a campaign's calls are started. Manual dialing is not paced.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Mode {
    /// A lead is shown to each free agent, who starts the call.
    Preview,
    /// One call for each free agent.
    Progressive,
    /// More calls than free agents, as long as the chance of abandoning stays within the bound.
    Predictive,
}

/// What a campaign may do.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct Limits {
    /// The share of calls that may be abandoned; 0 where no level is safe. Default 0.03.
    pub abandonment_max: f64,
    /// Which part of that is aimed for, so that chance does not carry the share above it. Default 0.9.
    pub aim: f64,
    /// How long after the greeting an agent must be there. Default 2 s.
    pub bridge_within: Millis,
    /// How that share is counted.
    pub formula: Formula,
    /// How many ended dials must be remembered before predictions are trusted. Default 100.
    pub dials_min: usize,
    /// How many ended conversations. Default 20.
    pub handled_min: usize,
    /// Calls in flight for each agent at most, whatever the forecast says. Default 6.
    pub lines_per_agent_max: f64,
    /// How far one answered call moves the threshold, as a factor's logarithm. Default 0.3.
    pub step: f64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            abandonment_max: 0.03,
            aim: 0.9,
            bridge_within: Millis::from_secs(2),
            formula: Formula::default(),
            dials_min: 100,
            handled_min: 20,
            lines_per_agent_max: 6.0,
            step: 0.3,
        }
    }
}

/// What became of a call that a person answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reception {
    /// An agent took it in time.
    Passed,
    /// The person hung up before that time was over.
    Left,
    /// No agent took it in time.
    Abandoned,
}

/// What is going on now.
#[derive(Clone, Copy, Debug)]
pub struct Situation<'a> {
    /// Agents who are free, or look at a lead in preview.
    pub free: usize,
    /// How long each busy agent has been busy with the present contact, after-call work included.
    pub busy: &'a [Millis],
    /// How long each call in flight has been dialed. In preview: the leads that are being looked at.
    pub ringing: &'a [Millis],
    /// Answered calls that wait for an agent.
    pub waiting: usize,
}

/// Why so many.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Why {
    /// The campaign's mode says so.
    Mode,
    /// The forecast allows as many.
    Forecast,
    /// Too little has been seen to predict.
    Unsure,
    /// The bound allows no abandoned call, or the share stands above it.
    Bound,
}

/// How many calls to dial now.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Pace {
    /// Calls to dial, or leads to show.
    pub dial: usize,
    /// Why so many.
    pub why: Why,
    /// The chance that the last of them would be abandoned, if it is answered.
    pub risk: f64,
    /// The threshold that this chance was held to.
    pub threshold: f64,
    /// The share of abandoned calls until now, and its upper confidence bound.
    pub abandonment: f64,
    /// The upper end of its one-sided 95 % interval.
    pub abandonment_upper: f64,
}

/// Paces one campaign: learns how long ringing and handling last, and where the threshold must be.
#[derive(Clone, Debug)]
pub struct Pacer {
    pub(super) mode: Mode,
    pub(super) limits: Limits,
    pub(super) rings: Durations,
    pub(super) handling: Durations,
    pub(super) ledger: Ledger,
    pub(super) threshold: f64,
}

/// Where the threshold may be. The lower end is as good as progressive, the upper as good as no bound.
const THRESHOLDS: std::ops::RangeInclusive<f64> = 0.002..=0.6;

impl Pacer {
    /// For a campaign of this mode and these limits, with what was abandoned already in its window.
    pub fn new(mode: Mode, limits: Limits, ledger: Ledger) -> Self {
        let rings = Durations::new(Millis(500), 240, 4_000, 1.0);
        let handling = Durations::new(Millis::from_secs(5), 360, 1_000, 10.0);
        Self {
            mode,
            limits,
            rings,
            handling,
            ledger,
            threshold: limits.abandonment_max.max(*THRESHOLDS.start()),
        }
    }

    /// Calls are started in this mode from now on; what was learned stays.
    pub fn turn(&mut self, mode: Mode) {
        self.mode = mode;
    }

    /// A dialed call was answered by a person, or ended otherwise, after ringing that long.
    pub fn rang(&mut self, length: Millis, answered: bool) {
        self.rings.observe(length, answered);
    }

    /// An agent was busy with a contact that long.
    pub fn handled(&mut self, length: Millis) {
        self.handling.observe(length, true);
    }

    /// What became of a call that a person answered.
    ///
    /// The threshold is moved as adaptive conformal inference does it (Gibbs and Candès, 2021): up by `step · aim` for
    /// a call that was not abandoned, down by `step · (1 - aim)` for one that was, in logarithms. As the threshold stays
    /// within its ends, the share of abandoned calls cannot stay away from the aim, however wrong the forecast is.
    pub fn received(&mut self, reception: Reception) {
        let taken = reception != Reception::Abandoned;
        self.ledger.answered += 1;
        self.ledger.abandoned += u64::from(!taken);
        self.ledger.passed += u64::from(reception == Reception::Passed);
        // What careful dialing abandons says nothing about forecasts, and must not save up for bolder ones.
        if taken && (!self.is_sure() || self.above_bound()) {
            return;
        }
        let missed = if taken { 0.0 } else { 1.0 };
        let move_by = self.limits.step * (self.limits.abandonment_max * self.limits.aim - missed);
        self.threshold = (self.threshold * libm::exp(move_by)).clamp(*THRESHOLDS.start(), *THRESHOLDS.end());
    }

    /// A call was taken for a machine's and is over.
    pub fn met_machine(&mut self) {
        self.ledger.machines += 1;
    }

    /// What was abandoned in the window, as it is known from elsewhere; the threshold stays where it is.
    pub fn remember(&mut self, ledger: Ledger) {
        self.ledger = ledger;
    }

    /// What was abandoned until now.
    pub fn ledger(&self) -> Ledger {
        self.ledger
    }

    /// How many calls to dial now.
    pub fn pace(&self, situation: &Situation<'_>) -> Pace {
        let one_each = situation.free.saturating_sub(situation.ringing.len() + situation.waiting);
        match self.careful() {
            Some(why) => Pace { dial: one_each, why, ..self.told(0.0) },
            None => self.forecast(situation, one_each),
        }
    }

    /// How many agents the calls in flight will want: one for each of them where no more calls are dialed than agents are
    /// free, otherwise as many as are likely to be answered, rounded up.
    pub fn wanted(&self, ringing: &[Millis], waiting: usize) -> usize {
        let likely = || ringing.iter().map(|age| self.rings.chance(*age, Millis(i64::MAX))).sum::<f64>();
        let answers = if self.careful().is_some() { ringing.len() } else { whole(likely().ceil()) };
        waiting + answers
    }

    /// Why no more calls are dialed than agents are free, if that is so.
    fn careful(&self) -> Option<Why> {
        match self.mode {
            Mode::Preview | Mode::Progressive => Some(Why::Mode),
            Mode::Predictive if self.limits.abandonment_max <= 0.0 || self.above_bound() => Some(Why::Bound),
            Mode::Predictive if !self.is_sure() => Some(Why::Unsure),
            Mode::Predictive => None,
        }
    }

    fn forecast(&self, situation: &Situation<'_>, one_each: usize) -> Pace {
        let agents = situation.free + situation.busy.len();
        let lines = whole(agents as f64 * self.limits.lines_per_agent_max);
        let room = lines.saturating_sub(situation.ringing.len());
        let mut forecast = Forecast::new(situation, &self.rings, &self.handling, self.limits.bridge_within);
        let (mut dial, mut last) = (0, 0.0);
        while dial < room {
            let risk = forecast.risk();
            if risk > self.threshold {
                break;
            }
            (dial, last) = (dial + 1, risk);
            forecast.dial();
        }
        // One call for each free agent abandons nobody, whatever is forecast.
        Pace { dial: dial.max(one_each), why: Why::Forecast, ..self.told(last) }
    }

    /// The share of abandoned calls until now, by the formula.
    pub fn share(&self) -> Share {
        self.limits.formula.share(&self.ledger)
    }

    fn told(&self, risk: f64) -> Pace {
        let share = self.share();
        Pace {
            dial: 0,
            why: Why::Mode,
            risk,
            threshold: self.threshold,
            abandonment: share.rate(),
            abandonment_upper: share.upper(),
        }
    }

    fn is_sure(&self) -> bool {
        self.rings.len() >= self.limits.dials_min
            && self.handling.len() >= self.limits.handled_min
            && self.rings.wanted() > 0
    }

    /// Whether the share stands above the bound. One abandoned call of few says little, so one is never enough.
    pub(super) fn above_bound(&self) -> bool {
        let share = self.share();
        share.abandoned > 1.0 && share.rate() > self.limits.abandonment_max
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "lines of a call centre, never negative"
)]
fn whole(lines: f64) -> usize {
    lines.max(0.0) as usize
}
