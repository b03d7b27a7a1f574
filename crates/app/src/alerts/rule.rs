//! Alert rules as data.

use std::collections::BTreeSet;

use serde::Deserialize;
use trunkline_access::Role;
use trunkline_domain::alert::AlertKind;
use trunkline_kernel::{Millis, Timestamp};

/// The rules of a centre.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRules {
    /// In the order in which they are looked at.
    #[serde(default)]
    pub rule: Vec<AlertRule>,
}

/// When somebody should look.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AlertRule {
    /// By which its alerts are known.
    pub name: String,
    /// Only about people with one of these roles; about everybody when there are none.
    #[serde(default)]
    pub roles: BTreeSet<Role>,
    /// What it is about.
    pub when: When,
}

/// What a rule is about.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum When {
    /// Rows that are read or exported.
    Rows(Often),
    /// Personal values outside of working hours.
    Hours(Hours),
    /// Refusals.
    Refusals(Often),
    /// Emergency access.
    Emergency {},
    /// Customers of other owners whose personal values are seen.
    Colleagues(Often),
}

/// More often than this within a window of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Often {
    /// So much is in order.
    pub more_than: u64,
    /// The length of the windows.
    pub within_minutes: u32,
}

/// The working hours of a centre.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hours {
    /// The first minute of the day.
    pub from_minute: u32,
    /// The first minute that is not in them any more.
    pub until_minute: u32,
    /// The days, from 1 (Monday) to 7.
    pub weekdays: BTreeSet<u8>,
    /// How far the clocks of the centre are ahead of UTC.
    pub utc_offset_minutes: i32,
}

/// One day.
const DAY: Millis = Millis::from_mins(24 * 60);

impl Hours {
    /// The moment on the centre's clocks, as if they showed UTC.
    fn local(&self, at: Timestamp) -> Timestamp {
        at.plus(Millis::from_mins(self.utc_offset_minutes.into()))
    }

    /// Whether a moment is in them.
    pub(super) fn has(&self, at: Timestamp) -> bool {
        let local = self.local(at);
        let day = local.floor(DAY);
        let minute = (local.micros() - day.micros()) / 60_000_000;
        // The first of January 1970 was a Thursday, the fourth day.
        let weekday = (day.micros() / (DAY.0 * 1_000) + 3).rem_euclid(7) + 1;
        self.weekdays.iter().any(|known| i64::from(*known) == weekday)
            && (i64::from(self.from_minute)..i64::from(self.until_minute)).contains(&minute)
    }
}

impl When {
    pub(super) fn kind(&self) -> AlertKind {
        match self {
            Self::Rows(_) => AlertKind::Rows,
            Self::Hours(_) => AlertKind::Hours,
            Self::Refusals(_) => AlertKind::Refusals,
            Self::Emergency {} => AlertKind::Emergency,
            Self::Colleagues(_) => AlertKind::Colleagues,
        }
    }

    /// How much is in order.
    pub(super) fn limit(&self) -> u64 {
        match self {
            Self::Rows(often) | Self::Refusals(often) | Self::Colleagues(often) => often.more_than,
            Self::Hours(_) | Self::Emergency {} => 0,
        }
    }

    /// The window that a moment is in: it begins here.
    pub(super) fn window(&self, at: Timestamp) -> Timestamp {
        match self {
            Self::Rows(often) | Self::Refusals(often) | Self::Colleagues(often) => {
                at.floor(Millis::from_mins(often.within_minutes.max(1).into()))
            }
            Self::Hours(hours) => {
                let offset = Millis::from_mins(hours.utc_offset_minutes.into());
                hours.local(at).floor(DAY).plus(Millis(-offset.0))
            }
            Self::Emergency {} => at,
        }
    }
}

impl AlertRules {
    /// How far back accesses can matter for what is to be judged now.
    pub fn longest(&self) -> Millis {
        let length = |rule: &AlertRule| match &rule.when {
            When::Rows(often) | When::Refusals(often) | When::Colleagues(often) => {
                Millis::from_mins(often.within_minutes.into())
            }
            When::Hours(_) => DAY,
            When::Emergency {} => Millis(0),
        };
        self.rule.iter().map(length).max().unwrap_or(Millis(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn working_hours_are_those_of_the_centres_clocks() {
        let hours = Hours {
            from_minute: 480,
            until_minute: 1_260,
            weekdays: (1..=5).collect(),
            utc_offset_minutes: 480,
        };
        for (at, within) in [
            ("2026-03-02T00:00:00Z", true),
            ("2026-03-01T23:59:59Z", false),
            ("2026-03-02T12:59:59Z", true),
            ("2026-03-02T13:00:00Z", false),
            ("2026-03-07T04:00:00Z", false),
        ] {
            assert_eq!(hours.has(at.parse().unwrap()), within, "{at}");
        }
        let window = When::Hours(hours).window("2026-03-02T17:00:00Z".parse().unwrap());
        assert_eq!(window, "2026-03-02T16:00:00Z".parse().unwrap());
    }
}
