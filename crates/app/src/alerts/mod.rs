//! Alerts: rules as data, judged over the record of reads, raised as events.

mod judge;
mod rule;
#[cfg(test)]
mod tests;
mod watch;

pub use judge::{Judge, Owners, customers};
pub use rule::{AlertRule, AlertRules, Hours, Often, When};
pub use watch::{OwnerBook, watch};
