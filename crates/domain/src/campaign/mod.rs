//! A list, a script, a dialing mode, an attempt policy and calling hours.

mod events;

pub use events::*;

machine! {
    /// Whether a campaign dials.
    CampaignState of "campaign" starts Draft {
        /// Drawn up, not yet dialing.
        Draft = "DRAFT" {
            "started" => Running,
            "stopped" => Stopped,
            "policy_changed" => Draft,
        }
        /// Dialing.
        Running = "RUNNING" {
            "paused" => Paused,
            "stopped" => Stopped,
            "policy_changed" => Running,
        }
        /// Interrupted.
        Paused = "PAUSED" {
            "resumed" => Running,
            "stopped" => Stopped,
            "policy_changed" => Paused,
        }
        /// Over for good.
        Stopped = "STOPPED" {}
    }
}
