//! How a campaign that is being dialed is going.

use async_graphql::{Enum, SimpleObject};
use trunkline_app::Pacing as Look;
use trunkline_routing::pacing::Why;

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
    /// Calls that a person answered in the days that the rule of the campaign's country looks at, 30 by default.
    answered: u64,
    /// Those of them that no agent took in time.
    abandoned: u64,
    /// Abandoned of answered.
    abandonment: f64,
    /// The upper end of the one-sided 95 % interval of that share (Wilson).
    abandonment_upper: f64,
}

impl From<Look> for Pacing {
    fn from(look: Look) -> Self {
        let Look { at, pace, ledger, free, ringing, waiting } = look;
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
            answered: ledger.answered,
            abandoned: ledger.abandoned,
            abandonment: ledger.rate(),
            abandonment_upper: ledger.upper(),
        }
    }
}
