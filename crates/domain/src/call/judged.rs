//! A judgement as it is kept: what was known when a call was to be dialed, and what each rule said to it.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{Millis, Timestamp};

use crate::words::Purpose;

/// How soon after a person's answer an agent must be there where no rule says so: as the strictest published one asks,
/// 16 CFR 310.4(b)(4)(iii).
pub const BRIDGE_WITHIN: Millis = Millis::from_secs(2);

words! {
    /// What a rule said to a dial.
    RulingVerdict {
        /// The call is in order.
        Permitted = "permitted",
        /// The call is not in order.
        Barred = "barred",
        /// The call is in order under the condition beside it.
        Conditional = "conditional",
    }
}

/// What was known when a call was to be dialed, and what each rule said to it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Judged {
    /// What the call is for.
    pub purpose: Purpose,
    /// The country under whose law the campaign is run, as ISO 3166.
    pub jurisdiction: String,
    /// The countries in which the customer may be; their rules hold too.
    pub countries: Vec<String>,
    /// The time zones in which the customer may be; rules about hours hold in each of them.
    pub zones: Vec<String>,
    /// Whether the customer had agreed to such calls, and still did.
    pub consented: bool,
    /// The do-not-call lists that a number of the customer was on.
    pub listed: Vec<String>,
    /// When the customer last refused further calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub refused_at: Option<Timestamp>,
    /// Whether the customer had asked for a call at this time.
    pub requested: bool,
    /// Whether an agent was free for this very call.
    pub agent_guaranteed: bool,
    /// How many earlier dials of the customer, in all campaigns, were looked at.
    pub earlier_dials: u32,
    /// What each rule that applied said.
    pub rulings: Vec<Ruling>,
}

/// What one rule said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ruling {
    /// The rule.
    pub rule: String,
    /// Its version.
    pub version: u32,
    /// What it said.
    pub verdict: RulingVerdict,
    /// From when on it would permit a call that it bars; absent when time changes nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
    /// The condition: it must ring at least so long, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ring_least_ms: Option<Millis>,
    /// The condition: an agent must be there so soon after the greeting, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bridge_within_ms: Option<Millis>,
    /// The condition: the campaign may abandon no greater share of its calls.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub abandonment_max: Option<f64>,
}

impl Judged {
    /// The first rule that barred the call.
    pub fn barred_by(&self) -> Option<&Ruling> {
        self.rulings.iter().find(|ruling| ruling.verdict == RulingVerdict::Barred)
    }

    /// How long it must ring at least.
    pub fn ring_least(&self) -> Millis {
        self.rulings.iter().filter_map(|ruling| ruling.ring_least_ms).max().unwrap_or(Millis::ZERO)
    }

    /// How soon after a person's answer an agent must be there, in a call that is meant for none: the shortest time that a
    /// rule gives, and [`BRIDGE_WITHIN`] where none does.
    pub fn bridge_within(&self) -> Millis {
        let given = self.rulings.iter().filter_map(|ruling| ruling.bridge_within_ms);
        given.chain([BRIDGE_WITHIN]).min().unwrap_or(BRIDGE_WITHIN)
    }

    /// When to look again: the latest time until which a rule bars the call; `None` when none does, or one does for
    /// good.
    pub fn again_at(&self) -> Option<Timestamp> {
        let barred = self.rulings.iter().filter(|ruling| ruling.verdict == RulingVerdict::Barred);
        barred.map(|ruling| ruling.until).collect::<Option<Vec<_>>>()?.into_iter().max()
    }
}
