//! What can have happened to a campaign.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{Millis, Personal};

words! {
    /// How a campaign's calls are started.
    DialingMode {
        /// The agent dials.
        Manual = "manual",
        /// The agent sees the lead first, then it is dialed.
        Preview = "preview",
        /// One call for each free agent.
        Progressive = "progressive",
        /// More calls than free agents, by forecast.
        Predictive = "predictive",
    }
}

events! {
    /// What can have happened to a campaign.
    Created = "campaign.created" v 1;
    PolicyChanged = "campaign.policy_changed" v 1;
    Started = "campaign.started" v 1;
    Paused = "campaign.paused" v 1;
    Resumed = "campaign.resumed" v 1;
    Stopped = "campaign.stopped" v 1;
}

/// How often and how soon a lead is tried.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct AttemptPolicy {
    /// Calls of one lead at most.
    pub attempts_max: u16,
    /// Calls of one lead in a day at most.
    pub attempts_per_day_max: u16,
    /// How long to wait after a call without an answer, in milliseconds.
    pub retry_after_ms: Millis,
}

impl Default for AttemptPolicy {
    /// 3 attempts, 2 a day, 4 hours apart.
    fn default() -> Self {
        Self { attempts_max: 3, attempts_per_day_max: 2, retry_after_ms: Millis::from_mins(240) }
    }
}

/// When customers may be called, in their own local time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CallingHours {
    /// The first minute of the day, 540 for 09:00.
    pub from_minute: u16,
    /// The minute of the day before which calls must have begun, 1260 for 21:00.
    pub until_minute: u16,
    /// The days of the week, 1 for Monday to 7 for Sunday.
    pub weekdays: Vec<u8>,
}

impl Default for CallingHours {
    /// Every day from 09:00 to 21:00.
    fn default() -> Self {
        Self { from_minute: 9 * 60, until_minute: 21 * 60, weekdays: (1..=7).collect() }
    }
}

/// The campaign was drawn up.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Created {
    /// What it is called.
    pub name: String,
    /// How calls are started.
    pub mode: DialingMode,
    /// What is sold.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product: Option<String>,
    /// The queue that its answered calls wait in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub queue: Option<String>,
    /// What agents say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// How often and how soon a lead is tried.
    pub attempts: AttemptPolicy,
    /// When customers may be called.
    pub hours: CallingHours,
    /// Whose law holds, as ISO 3166, `CN`.
    pub jurisdiction: String,
}

/// The rules of the campaign changed; absent fields stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PolicyChanged {
    /// How calls are started from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<DialingMode>,
    /// What agents say from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub script: Option<String>,
    /// How often and how soon a lead is tried from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts: Option<AttemptPolicy>,
    /// When customers may be called from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hours: Option<CallingHours>,
}

/// Dialing began.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Started {}

/// Dialing is interrupted.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Paused {
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "campaign"))]
    pub reason: Option<Personal<String>>,
}

/// Dialing goes on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resumed {}

/// The campaign is over for good.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Stopped {
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "campaign"))]
    pub reason: Option<Personal<String>>,
}
