//! The tables of the task board.

use trunkline_database::table;
use trunkline_domain::task::{TaskKind, TaskState};
use trunkline_kernel::{
    AgentId, CallId, CustomerId, LeadId, Personal, Position, ReservationId, TaskId, Timestamp, Version,
};

use crate::words::As;

table! {
    /// A task as it stands.
    #[derive(Clone, Debug, PartialEq)]
    pub struct TaskRow = "tasks" key(task_id) {
        /// The task.
        pub task_id: TaskId,
        /// What sort of work.
        pub kind: As<TaskKind>,
        /// What is to be done.
        pub title: Option<Personal<String>>,
        /// How far it has come.
        pub state: As<TaskState>,
        /// Since when.
        pub state_since: Timestamp,
        /// The customer it is about.
        pub customer_id: Option<CustomerId>,
        /// The call it comes from.
        pub call_id: Option<CallId>,
        /// The lead it belongs to.
        pub lead_id: Option<LeadId>,
        /// The agent who has it, or is to do it.
        pub agent_id: Option<AgentId>,
        /// The team that is to do it, by its name.
        pub team: Option<String>,
        /// The offer under way.
        pub reservation_id: Option<ReservationId>,
        /// By when it is due.
        pub due_at: Option<Timestamp>,
        /// `due_at`, or the year 9999 without one, so that a queue has one order.
        pub due_order: Timestamp,
        /// Higher goes first.
        pub priority: i64,
        /// Failed attempts.
        pub attempts: i64,
        /// What went wrong last.
        pub last_error: Option<Personal<String>>,
        /// Not to be tried again before.
        pub retry_at: Option<Timestamp>,
        /// What it waits for.
        pub blocked_reason: Option<Personal<String>>,
        /// What came of it.
        pub result: Option<Personal<String>>,
        /// Whether nothing has moved for too long.
        pub stuck: bool,
        /// Since when it has been flagged.
        pub stuck_at: Option<Timestamp>,
        /// When it was opened.
        pub opened_at: Timestamp,
        /// When it came to its end.
        pub closed_at: Option<Timestamp>,
        /// The version of its stream.
        pub version: Version,
        /// The event that changed it last.
        pub position: Position,
    }
}

table! {
    /// One step in a task's history.
    #[derive(Clone, Debug, PartialEq)]
    pub struct TransitionRow = "task_transitions" key(task_id, version) {
        /// The task.
        pub task_id: TaskId,
        /// The step's place in the task's stream.
        pub version: Version,
        /// The event without its category: `assigned`.
        pub event: String,
        /// Where it started; absent for the first.
        pub from_state: Option<As<TaskState>>,
        /// Where it ended.
        pub to_state: As<TaskState>,
        /// The agent who has it after the step.
        pub agent_id: Option<AgentId>,
        /// The reason or error that was given.
        pub detail: Option<Personal<String>>,
        /// Who asked, `kind:key`.
        pub actor: String,
        /// When it happened.
        pub occurred_at: Timestamp,
        /// When it was recorded.
        pub recorded_at: Timestamp,
        /// The event.
        pub position: Position,
    }
}

table! {
    /// How many tasks stand where, kept as sums.
    #[derive(Clone, Debug, PartialEq)]
    pub struct TaskCountRow = "task_counts" key(team, agent_id, state) {
        /// The team, empty without one.
        pub team: String,
        /// The agent, all zeros without one.
        pub agent_id: AgentId,
        /// The state.
        pub state: As<TaskState>,
        /// How many tasks.
        pub tasks: i64,
        /// How many of them are flagged as stuck.
        pub stuck: i64,
    }
}
