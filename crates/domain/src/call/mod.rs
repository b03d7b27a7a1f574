//! One telephone call, outbound or inbound, from its first trace to its classification.

mod events;

pub use events::*;

machine! {
    /// How far a call has come.
    CallState of "call" starts Created {
        /// Known, nothing has happened yet.
        Created = "CREATED" {
            "suppressed" => Suppressed,
            "dialed" => Dialing,
            "rang" => Ringing,
            "answered" => Answered,
            "queued" => Queued,
            "bridged" => Bridged,
            "ended" => Ended,
        }
        /// Not dialed, because a rule forbade it.
        Suppressed = "SUPPRESSED" {}
        /// Dialed, the network has not answered yet.
        Dialing = "DIALING" {
            "rang" => Ringing,
            "answered" => Answered,
            "ended" => Ended,
        }
        /// The other end rings.
        Ringing = "RINGING" {
            "answered" => Answered,
            "ended" => Ended,
        }
        /// Somebody or something answered.
        Answered = "ANSWERED" {
            "classified" => Classified,
            "queued" => Queued,
            "bridged" => Bridged,
            "ended" => Ended,
        }
        /// It is known whether a person or a machine answered.
        Classified = "CLASSIFIED" {
            "queued" => Queued,
            "bridged" => Bridged,
            "ended" => Ended,
        }
        /// Waits for an agent.
        Queued = "QUEUED" {
            "bridged" => Bridged,
            "ended" => Ended,
        }
        /// Customer and agent are connected.
        Bridged = "BRIDGED" {
            "held" => Held,
            "ended" => Ended,
        }
        /// The customer waits on the line.
        Held = "HELD" {
            "resumed" => Bridged,
            "ended" => Ended,
        }
        /// Over, not yet classified.
        Ended = "ENDED" {
            "dispositioned" => Dispositioned,
        }
        /// Over and classified; an agent's word replaces one that the system gave.
        Dispositioned = "DISPOSITIONED" {
            "dispositioned" => Dispositioned,
        }
    }
}
