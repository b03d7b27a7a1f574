//! One customer in one campaign, from the list to its end.

mod events;

pub use events::*;

machine! {
    /// How far a lead has come.
    LeadState of "lead" starts New {
        /// On the list, not yet released for dialing.
        New = "NEW" {
            "readied" => Ready,
            "finished" => Done,
            "blocked" => DoNotCall,
        }
        /// May be queued.
        Ready = "READY" {
            "queued" => Queued,
            "called" => InCall,
            "held" => OnHold,
            "finished" => Done,
            "blocked" => DoNotCall,
        }
        /// Waits to be dialed.
        Queued = "QUEUED" {
            "unqueued" => Ready,
            "called" => InCall,
            "held" => OnHold,
            "finished" => Done,
            "blocked" => DoNotCall,
        }
        /// Being called.
        InCall = "IN_CALL" {
            "returned" => Ready,
            "finished" => Done,
            "blocked" => DoNotCall,
        }
        /// Rests until a time.
        OnHold = "ON_HOLD" {
            "readied" => Ready,
            "held" => OnHold,
            "finished" => Done,
            "blocked" => DoNotCall,
        }
        /// Ended, with an outcome.
        Done = "DONE" {}
        /// Must not be called.
        DoNotCall = "DO_NOT_CALL" {}
    }
}
