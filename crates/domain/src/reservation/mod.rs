//! An offer of work to one agent, with a fencing token and an expiry; accepted, it is the assignment.

mod events;

pub use events::*;

machine! {
    /// How an offer stands.
    ReservationState of "reservation" starts Pending {
        /// Offered, not yet answered.
        Pending = "PENDING" {
            "accepted" => Accepted,
            "rejected" => Rejected,
            "timed_out" => TimedOut,
            "cancelled" => Cancelled,
            "rescinded" => Rescinded,
        }
        /// The agent has the work.
        Accepted = "ACCEPTED" {
            "completed" => Completed,
            "cancelled" => Cancelled,
            "rescinded" => Rescinded,
        }
        /// The agent turned it down.
        Rejected = "REJECTED" {}
        /// The agent did not answer in time.
        TimedOut = "TIMED_OUT" {}
        /// The work is gone.
        Cancelled = "CANCELLED" {}
        /// Taken back from the agent.
        Rescinded = "RESCINDED" {}
        /// The work is done.
        Completed = "COMPLETED" {}
    }
}
