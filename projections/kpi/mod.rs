//! KPI: calls as facts, and their sums per hour and day by agent, team, campaign, queue, product and
//! industry.
//!
//! A call counts, with everything that ever came of it, in the window in which it began. So every figure of a
//! window is about the same calls, and an event that comes late restates the window that its call belongs to.
//! Agents' time counts in the windows in which it was spent, leads in those in which they were added and first
//! dialed. Sums of hours and days are stored; those of minutes are added up from the facts when they are asked for,
//! because a stored minute would mostly hold a single call. What agents achieved is kept without windows, for the routing.

mod achievements;
mod behind;
mod dimensions;
mod facts;
mod fold;
mod rows;
mod sums;

pub use achievements::{AchievementRow, AcquaintanceRow, TALLIES_MAX, Tally};
pub use behind::behind;
pub use dimensions::{Dimension, Dimensions, Granularity, RollupRow};
pub use fold::KpiFold;
pub use rows::{
    AnswerRow, CallHistoryRow, CallRow, KpiAgentRow, KpiLeadRow, LeadMark, LeadMarkRow, NonZero, PresenceRow,
};
pub(crate) use sums::{dimensions_of, interval_dimensions, mark_sums, presence_sums, sums_of, windows};

use trunkline_database::TableRow;

use crate::{Definition, Script};

/// How the KPI read model is declared.
pub const DEFINITION: Definition = Definition {
    name: "kpi",
    version: 5,
    categories: &["call", "agent", "lead"],
    tables: &[
        CallRow::TABLE,
        CallHistoryRow::TABLE,
        KpiAgentRow::TABLE,
        PresenceRow::TABLE,
        KpiLeadRow::TABLE,
        LeadMarkRow::TABLE,
        RollupRow::TABLE,
        AchievementRow::TABLE,
        AcquaintanceRow::TABLE,
        AnswerRow::TABLE,
    ],
    script: Script {
        sqlite: include_str!("tables.sqlite.sql"),
        postgres: include_str!("tables.postgres.sql"),
    },
    fold: || Box::new(KpiFold::default()),
};
