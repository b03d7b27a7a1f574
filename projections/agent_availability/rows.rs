//! The tables of agent availability.

use std::collections::BTreeMap;

use trunkline_database::{Json, table};
use trunkline_domain::agent::{PauseReason, Presence, Shift, Validity};
use trunkline_kernel::{AgentId, CallId, LeadId, Personal, Position, ReservationId, TaskId, Timestamp};

use crate::words::As;

table! {
    /// An agent: who, and doing what since when.
    #[derive(Clone, Debug, PartialEq)]
    pub struct AgentRow = "agents" key(agent_id) {
        /// The agent.
        pub agent_id: AgentId,
        /// The name.
        pub name: Option<Personal<String>>,
        /// The team, by its name.
        pub team: Option<String>,
        /// Skills and their levels from 1 to 5.
        pub skills: Json<BTreeMap<String, u8>>,
        /// Languages spoken, BCP 47.
        pub languages: Json<Vec<String>>,
        /// Licences held, and when they hold.
        pub licences: Json<BTreeMap<String, Validity>>,
        /// When the agent works; always without any.
        pub shifts: Json<Vec<Shift>>,
        /// How many pieces of work at once.
        pub capacity: i64,
        /// Where the switch reaches the agent, in its own words.
        pub extension: Option<String>,
        /// What the agent is doing.
        pub presence: As<Presence>,
        /// Since when.
        pub since: Timestamp,
        /// Why the agent is paused.
        pub pause_reason: Option<As<PauseReason>>,
        /// Why the agent will be paused after the present work.
        pub next_pause_reason: Option<As<PauseReason>>,
        /// The call that the agent works on or is offered.
        pub call_id: Option<CallId>,
        /// The lead that the agent looks at or is offered.
        pub lead_id: Option<LeadId>,
        /// The task that the agent is offered.
        pub task_id: Option<TaskId>,
        /// The offer under way.
        pub reservation_id: Option<ReservationId>,
        /// The fencing token of the last offer.
        pub token: i64,
        /// When the offer ends by itself.
        pub offer_expires_at: Option<Timestamp>,
        /// Offers missed in a row.
        pub missed_offers: i64,
        /// When the after-call work ends by itself.
        pub wrap_until: Option<Timestamp>,
        /// Since when the agent is signed in.
        pub signed_in_at: Option<Timestamp>,
        /// When the agent became known.
        pub registered_at: Timestamp,
        /// The event that changed it last.
        pub position: Position,
    }
}

table! {
    /// How long an agent was in one state on one day (UTC), intervals that are over.
    #[derive(Clone, Debug, PartialEq)]
    pub struct AgentTimeRow = "agent_times" key(agent_id, day, presence) {
        /// The agent.
        pub agent_id: AgentId,
        /// The day's first moment, UTC.
        pub day: Timestamp,
        /// The state.
        pub presence: As<Presence>,
        /// How long, in milliseconds.
        pub total_ms: i64,
        /// How often the state was entered.
        pub entered: i64,
    }
}
