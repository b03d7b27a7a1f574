//! What can have happened to an agent.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{CallId, LeadId, Personal, ReservationId, Timestamp};

use crate::words::Work;

words! {
    /// Why an agent takes no work.
    PauseReason {
        /// Signed in and not yet ready.
        SignedIn = "signed_in",
        /// A short rest.
        Break = "break",
        /// A meal.
        Meal = "meal",
        /// A meeting or coaching.
        Meeting = "meeting",
        /// Training.
        Training = "training",
        /// Work that is no contact, for instance paperwork.
        OtherWork = "other_work",
        /// Offers were missed one after another.
        MissedOffers = "missed_offers",
        /// A supervisor asked for it.
        Supervisor = "supervisor",
        /// Any other reason.
        Other = "other",
    }

    /// Why an agent went offline.
    SignOutCause {
        /// The agent or a supervisor asked for it.
        Requested = "requested",
        /// The agent's program was silent for too long.
        HeartbeatLost = "heartbeat_lost",
    }
}

events! {
    /// What can have happened to an agent.
    Registered = "agent.registered" v 1;
    ProfileChanged = "agent.profile_changed" v 1;
    SignedIn = "agent.signed_in" v 1;
    MadeAvailable = "agent.made_available" v 1;
    Paused = "agent.paused" v 1;
    PauseRequested = "agent.pause_requested" v 1;
    PauseRequestCancelled = "agent.pause_request_cancelled" v 1;
    Reserved = "agent.reserved" v 1;
    OfferMissed = "agent.offer_missed" v 1;
    OfferReleased = "agent.offer_released" v 1;
    PreviewStarted = "agent.preview_started" v 1;
    WorkStarted = "agent.work_started" v 1;
    TalkingStarted = "agent.talking_started" v 1;
    Held = "agent.held" v 1;
    Resumed = "agent.resumed" v 1;
    WrapStarted = "agent.wrap_started" v 1;
    WrapEnded = "agent.wrap_ended" v 1;
    SignedOut = "agent.signed_out" v 1;
}

/// From when until when something holds; without an end where one is absent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Validity {
    /// The first moment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<Timestamp>,
    /// The moment from which it does not hold any more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<Timestamp>,
}

impl Validity {
    /// Whether it holds at that moment.
    pub fn holds(self, at: Timestamp) -> bool {
        self.from.is_none_or(|from| from <= at) && self.until.is_none_or(|until| at < until)
    }
}

/// Hours that an agent works every week.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shift {
    /// The IANA time zone of the hours.
    pub time_zone: String,
    /// The days on which the shift begins, 1 for Monday to 7 for Sunday.
    pub weekdays: Vec<u8>,
    /// The minute of the day at which it begins, 540 for 09:00.
    pub from_minute: u16,
    /// The minute of the day at which it ends; one that is not after the beginning is of the next day.
    pub until_minute: u16,
}

/// The agent became known.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Registered {
    /// The agent's name.
    #[schemars(extend("x-subject" = "agent"))]
    pub name: Personal<String>,
    /// The team, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// Skills and their levels from 1 (beginner) to 5 (expert).
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skills: BTreeMap<String, u8>,
    /// Languages spoken, as BCP 47 tags.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub languages: BTreeSet<String>,
    /// How many tasks at once; a call takes the whole agent.
    pub capacity: u16,
    /// Where the switch reaches the agent, in its own words: an extension such as `1001`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// Licences held, by name, and when they hold.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub licences: BTreeMap<String, Validity>,
    /// When the agent works; always without any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shifts: Vec<Shift>,
}

/// What is known of the agent changed; absent fields stay.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProfileChanged {
    /// The new name.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "agent"))]
    pub name: Option<Personal<String>>,
    /// The new team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub team: Option<String>,
    /// All skills from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skills: Option<BTreeMap<String, u8>>,
    /// All languages from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub languages: Option<BTreeSet<String>>,
    /// The new capacity.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u16>,
    /// Where the switch reaches the agent from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extension: Option<String>,
    /// All licences from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub licences: Option<BTreeMap<String, Validity>>,
    /// All shifts from now on.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shifts: Option<Vec<Shift>>,
}

/// The agent is there, paused at first.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedIn {}

/// The agent takes work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MadeAvailable {}

/// The agent takes no work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Paused {
    /// Why.
    pub reason: PauseReason,
}

/// The agent will be paused after the present work.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PauseRequested {
    /// Why.
    pub reason: PauseReason,
}

/// The agent will go on after the present work after all.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PauseRequestCancelled {}

/// Work is offered to the agent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reserved {
    /// The offer.
    pub reservation: ReservationId,
    /// What is offered.
    pub work: Work,
    /// Grows with every offer to this agent; whoever acts under an older one is refused.
    pub token: u64,
    /// When the offer ends by itself.
    pub expires_at: Timestamp,
}

/// The agent let an offer pass.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferMissed {
    /// The offer.
    pub reservation: ReservationId,
    /// How many in a row, this one included.
    pub missed: u16,
}

/// An offer ended without the agent's fault.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct OfferReleased {
    /// The offer.
    pub reservation: ReservationId,
}

/// The agent looks at a lead before it is dialed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PreviewStarted {
    /// The lead.
    pub lead: LeadId,
}

/// A call rings at the agent's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WorkStarted {
    /// The call.
    pub call: CallId,
}

/// The agent speaks with the customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TalkingStarted {
    /// The call.
    pub call: CallId,
}

/// The customer waits on the line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Held {}

/// The agent speaks again.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Resumed {}

/// The call is over, its after-work begins.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrapStarted {
    /// The call.
    pub call: CallId,
    /// When it ends by itself.
    pub until: Timestamp,
}

/// The after-work is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct WrapEnded {}

/// The agent is gone.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SignedOut {
    /// Why.
    pub cause: SignOutCause,
}
