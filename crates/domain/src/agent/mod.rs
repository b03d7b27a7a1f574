//! A person who speaks with customers: what the agent can do, and what the agent is doing now.

mod events;

pub use events::*;

machine! {
    /// What an agent is doing now; what routing reads.
    Presence of "agent" starts Offline {
        /// Not signed in.
        Offline = "OFFLINE" {
            "signed_in" => Paused,
        }
        /// Signed in and taking no work, for a reason.
        Paused = "PAUSED" {
            "made_available" => Available,
            "paused" => Paused,
            "signed_out" => Offline,
        }
        /// Waiting for work.
        Available = "AVAILABLE" {
            "paused" => Paused,
            "reserved" => Reserved,
            "work_started" => Ringing,
            "signed_out" => Offline,
        }
        /// Work is offered and not yet taken.
        Reserved = "RESERVED" {
            "preview_started" => Preview,
            "work_started" => Ringing,
            "offer_missed" => Available,
            "offer_released" => Available,
            "pause_requested" => Reserved,
            "pause_request_cancelled" => Reserved,
            "signed_out" => Offline,
        }
        /// Looking at a lead before it is dialed.
        Preview = "PREVIEW" {
            "work_started" => Ringing,
            "offer_released" => Available,
            "pause_requested" => Preview,
            "pause_request_cancelled" => Preview,
            "signed_out" => Offline,
        }
        /// A call rings, at the agent's or at the customer's.
        Ringing = "RINGING" {
            "talking_started" => Talking,
            "wrap_started" => Wrapping,
            "offer_missed" => Available,
            "offer_released" => Available,
            "pause_requested" => Ringing,
            "pause_request_cancelled" => Ringing,
            "signed_out" => Offline,
        }
        /// Speaking with a customer.
        Talking = "TALKING" {
            "held" => Holding,
            "wrap_started" => Wrapping,
            "pause_requested" => Talking,
            "pause_request_cancelled" => Talking,
            "signed_out" => Offline,
        }
        /// The customer waits on the line.
        Holding = "HOLDING" {
            "resumed" => Talking,
            "wrap_started" => Wrapping,
            "pause_requested" => Holding,
            "pause_request_cancelled" => Holding,
            "signed_out" => Offline,
        }
        /// Finishing what a call left to do.
        Wrapping = "WRAPPING" {
            "wrap_ended" => Available,
            "pause_requested" => Wrapping,
            "pause_request_cancelled" => Wrapping,
            "signed_out" => Offline,
        }
    }
}
