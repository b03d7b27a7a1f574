//! One rule.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use serde::{Deserialize, Serialize};
use trunkline_kernel::Millis;

use crate::pacing::Formula;

/// What a customer is called for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Purpose {
    /// Selling something.
    Marketing,
    /// Serving something already sold.
    Service,
    /// Asking for an opinion.
    Survey,
    /// Collecting a debt.
    Collection,
}

/// What the customer said to calls of that purpose.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Consent {
    /// Nothing.
    Unknown,
    /// Yes, and it still holds.
    Granted,
    /// No, or no longer.
    Withdrawn,
}

/// A rule: who made it, where and for what it holds, and what it asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Rule {
    /// Its permanent name.
    pub id: String,
    /// Raised with every change.
    pub version: u32,
    /// The country, ISO 3166, or `*`.
    pub jurisdiction: String,
    /// What the call must be for; none means anything.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub purposes: BTreeSet<Purpose>,
    /// Where it is written.
    pub source: String,
    /// What it asks.
    #[serde(flatten)]
    pub check: Check,
}

/// What a rule asks.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Check {
    /// It must be known where the customer is.
    PlaceKnown,
    /// The customer must not be on the company's do-not-call list.
    DoNotCall,
    /// The customer must have said yes.
    Consent,
    /// The customer must not have said no.
    Withdrawal,
    /// Only at these minutes of the customer's day, on these days of the week.
    Hours {
        /// The first minute, 540 for 09:00.
        from_minute: u16,
        /// The minute before which the call must begin.
        until_minute: u16,
        /// 1 for Monday to 7 for Sunday; none means every day.
        #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
        weekdays: BTreeSet<u8>,
        /// Whether it does not hold for a call that the customer asked for.
        #[serde(default)]
        unless_requested: bool,
    },
    /// Not on these days of the customer's calendar.
    Holidays {
        /// The days.
        dates: BTreeSet<NaiveDate>,
    },
    /// Not for so many months after the customer refused further calls.
    Refusal {
        /// Calendar months.
        months: u32,
    },
    /// At most so many calls in the last days of the customer's calendar, today included.
    Calls {
        /// How many.
        max: u32,
        /// In how many days.
        days: u32,
        /// Whether only connected calls count.
        #[serde(default)]
        connected: bool,
        /// Whether only calls of this campaign count.
        #[serde(default)]
        campaign: bool,
    },
    /// Not for so long after an abandoned call, unless an agent is guaranteed.
    AbandonedRedial {
        /// How long.
        wait: Millis,
    },
    /// It must ring at least so long before it is given up.
    Ring {
        /// How long.
        least: Millis,
    },
    /// An agent must be there so soon after the greeting.
    Bridge {
        /// How soon.
        within: Millis,
    },
    /// A campaign may not abandon more than this share of its calls.
    Abandonment {
        /// The share; 0 where no level is safe, and an agent must be guaranteed.
        share_max: f64,
        /// How the share is counted.
        #[serde(flatten)]
        formula: Formula,
    },
}
