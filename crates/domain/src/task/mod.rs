//! Work to be done by a person by a time.

mod events;

pub use events::*;

machine! {
    /// How far a task has come.
    TaskState of "task" starts Pending {
        /// Waits for an agent.
        Pending = "PENDING" {
            "reserved" => Reserved,
            "assigned" => Assigned,
            "cancelled" => Cancelled,
            "rescheduled" => Pending,
            "flagged_stuck" => Pending,
            "unflagged" => Pending,
        }
        /// Offered to an agent.
        Reserved = "RESERVED" {
            "assigned" => Assigned,
            "released" => Pending,
            "cancelled" => Cancelled,
            "rescheduled" => Reserved,
            "flagged_stuck" => Reserved,
            "unflagged" => Reserved,
        }
        /// An agent has it and has not begun, or waits to try again.
        Assigned = "ASSIGNED" {
            "started" => InProgress,
            "assigned" => Assigned,
            "released" => Pending,
            "blocked" => Blocked,
            "completed" => Completed,
            "cancelled" => Cancelled,
            "rescheduled" => Assigned,
            "flagged_stuck" => Assigned,
            "unflagged" => Assigned,
        }
        /// The agent works on it.
        InProgress = "IN_PROGRESS" {
            "completed" => Completed,
            "attempt_failed" => Assigned,
            "died" => Dead,
            "assigned" => Assigned,
            "released" => Pending,
            "blocked" => Blocked,
            "cancelled" => Cancelled,
            "rescheduled" => InProgress,
            "flagged_stuck" => InProgress,
            "unflagged" => InProgress,
        }
        /// Waits for something outside.
        Blocked = "BLOCKED" {
            "unblocked" => Assigned,
            "cancelled" => Cancelled,
            "rescheduled" => Blocked,
        }
        /// Done.
        Completed = "COMPLETED" {}
        /// Not needed any more.
        Cancelled = "CANCELLED" {}
        /// Every attempt failed; somebody has to look at it.
        Dead = "DEAD" {}
    }
}
