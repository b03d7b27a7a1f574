//! What can have happened to a campaign.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{Millis, Personal};

use crate::lead::AttemptOutcome;
use crate::words::Purpose;

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
    /// How long a lead rests after an attempt, in milliseconds, where `rests` names no other time.
    pub retry_after_ms: Millis,
    /// How long it rests after attempts that ended in one way, each named once.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub rests: Vec<OutcomeRest>,
    /// How often a lead that ended without an answer may be brought back to the list; 1 when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recycles_max: Option<u16>,
    /// The chance of an answer, above 0 and below 1, that an hour must promise: in a poorer one a lead waits for a better
    /// one of the same day or the next. Absent, it does not wait.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub answer_chance_min: Option<f64>,
}

/// How long a lead rests after an attempt that ended in this way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OutcomeRest {
    /// How the attempt ended.
    pub outcome: AttemptOutcome,
    /// How long the lead rests, in milliseconds.
    pub rest_ms: Millis,
}

impl AttemptPolicy {
    /// How long a lead rests after an attempt that ended so.
    pub fn rest_after(&self, outcome: AttemptOutcome) -> Millis {
        let own = self.rests.iter().find(|rest| rest.outcome == outcome);
        own.map_or(self.retry_after_ms, |rest| rest.rest_ms)
    }

    /// How often a lead may be brought back to the list.
    pub fn recycles_max(&self) -> u16 {
        self.recycles_max.unwrap_or(1)
    }
}

impl Default for AttemptPolicy {
    /// 3 attempts, 2 a day, 4 hours apart. A busy line is tried again after 15 minutes and a call that could not be made
    /// after 10; a machine at another time of the day, 5 hours later; where somebody answered, but not the customer,
    /// was not connected in time or had nothing settled, the next day; a number that there is not makes no other one wait.
    fn default() -> Self {
        let rests = [
            (AttemptOutcome::Busy, 15),
            (AttemptOutcome::Failed, 10),
            (AttemptOutcome::Machine, 5 * 60),
            (AttemptOutcome::WrongParty, 24 * 60),
            (AttemptOutcome::Abandoned, 24 * 60),
            (AttemptOutcome::Undecided, 24 * 60),
            (AttemptOutcome::InvalidNumber, 0),
        ];
        let rest = |(outcome, minutes)| OutcomeRest { outcome, rest_ms: Millis::from_mins(minutes) };
        Self {
            attempts_max: 3,
            attempts_per_day_max: 2,
            retry_after_ms: Millis::from_mins(240),
            rests: rests.map(rest).to_vec(),
            recycles_max: None,
            answer_chance_min: None,
        }
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
    /// What customers are called for; selling when absent. The rules for it hold, and consent to it is asked.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<Purpose>,
}

impl Created {
    /// What customers are called for.
    pub fn purpose(&self) -> Purpose {
        self.purpose.unwrap_or(Purpose::Marketing)
    }
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
