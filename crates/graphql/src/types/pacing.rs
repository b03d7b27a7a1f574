//! How a campaign that is being dialed is going.

use async_graphql::{Enum, SimpleObject};
use trunkline_app::Pacing as Look;
use trunkline_routing::compliance::AbandonmentBound;
use trunkline_routing::pacing::{ShareOf, Why};

use crate::scalars::DateTime;

/// Why the dialer dialed as many calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum PacingReason {
    /// The campaign's mode says so: one call for each free agent.
    Mode,
    /// The forecast allows as many.
    Forecast,
    /// Too little has been seen to predict, so that there is one call for each free agent.
    Unsure,
    /// No call may be abandoned, or too many were, so that there is one call for each free agent.
    Bound,
}

/// What the share of abandoned calls is a share of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Enum)]
pub(crate) enum AbandonmentOf {
    /// All calls that a person answered, as the United States count.
    LiveAnswers,
    /// Abandoned calls and those that were passed to an agent in time, as the United Kingdom counts.
    AbandonedAndPassed,
}

/// How the share of abandoned calls is counted, as the rule of the campaign's country says, or ours where it has none.
#[derive(SimpleObject)]
pub(crate) struct AbandonmentFormula {
    /// The rule, by its permanent name.
    rule: String,
    /// Its version.
    version: u32,
    /// What the share is a share of.
    of: AbandonmentOf,
    /// Over how many days. One is the last 24 hours; more are days of UTC, today included.
    days: u32,
    /// Which part of the calls that were taken for a machine's counts as abandoned: the estimate of people whom machine
    /// detection took for a machine.
    machine_errors: f64,
    /// The strictest share that a rule permits; 0 where no level is safe.
    share_max: f64,
}

impl From<AbandonmentBound> for AbandonmentFormula {
    fn from(bound: AbandonmentBound) -> Self {
        let AbandonmentBound { rule, version, formula, share_max } = bound;
        let of = match formula.of {
            ShareOf::LiveAnswers => AbandonmentOf::LiveAnswers,
            ShareOf::AbandonedAndPassed => AbandonmentOf::AbandonedAndPassed,
        };
        Self { rule, version, of, days: formula.days, machine_errors: formula.machine_errors, share_max }
    }
}

/// How a campaign that this server dials is going, at the dialer's last look.
#[derive(SimpleObject)]
pub(crate) struct Pacing {
    /// When the dialer looked.
    at: DateTime,
    /// Agents who were free for the campaign and promised to no call of another one.
    free_agents: usize,
    /// Calls that rang.
    ringing: usize,
    /// Answered calls in which somebody waited for an agent.
    waiting: usize,
    /// Calls that the dialer was to make.
    dialing: usize,
    /// Why as many.
    reason: PacingReason,
    /// The chance that the last of them would be abandoned, if a person answers it.
    risk: f64,
    /// The threshold that this chance is held to; it moves so that the share of abandoned calls stays below the bound.
    threshold: f64,
    /// How the share of abandoned calls is counted; nothing when no rule says so.
    formula: Option<AbandonmentFormula>,
    /// Calls that a person answered within the window of the formula.
    answered: u64,
    /// Those of them that no agent took in time.
    abandoned: u64,
    /// Those of them that an agent took in time. Who hung up before that time was over is neither.
    passed: u64,
    /// Calls within the window that were taken for a machine's.
    machines: u64,
    /// The share of abandoned calls, by the formula.
    abandonment: f64,
    /// The upper end of the one-sided 95 % interval of that share (Wilson).
    abandonment_upper: f64,
}

impl From<Look> for Pacing {
    fn from(look: Look) -> Self {
        let Look { at, pace, ledger, bound, free, ringing, waiting } = look;
        Self {
            at: at.into(),
            free_agents: free,
            ringing,
            waiting,
            dialing: pace.dial,
            reason: match pace.why {
                Why::Mode => PacingReason::Mode,
                Why::Forecast => PacingReason::Forecast,
                Why::Unsure => PacingReason::Unsure,
                Why::Bound => PacingReason::Bound,
            },
            risk: pace.risk,
            threshold: pace.threshold,
            formula: bound.map(AbandonmentFormula::from),
            answered: ledger.answered,
            abandoned: ledger.abandoned,
            passed: ledger.passed,
            machines: ledger.machines,
            abandonment: pace.abandonment,
            abandonment_upper: pace.abandonment_upper,
        }
    }
}
