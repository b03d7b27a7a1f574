//! A natural person or company that may be contacted: who it is, whose it is, and what it agreed to.

mod events;

pub use events::*;

machine! {
    /// Whether a customer may be contacted for one purpose on one channel.
    ConsentState of "consent" starts Unknown {
        /// Nothing is known; counts as a refusal for marketing calls.
        Unknown = "UNKNOWN" {
            "consent_granted" => Granted,
            "consent_withdrawn" => Withdrawn,
            "consent_suppressed" => Suppressed,
        }
        /// The customer agreed, and there is evidence.
        Granted = "GRANTED" {
            "consent_granted" => Granted,
            "consent_withdrawn" => Withdrawn,
            "consent_suppressed" => Suppressed,
            "consent_expired" => Expired,
        }
        /// The customer refused or took the consent back.
        Withdrawn = "WITHDRAWN" {
            "consent_granted" => Granted,
            "consent_suppressed" => Suppressed,
        }
        /// A rule or a list forbids contact for a time.
        Suppressed = "SUPPRESSED" {
            "consent_granted" => Granted,
            "consent_withdrawn" => Withdrawn,
            "consent_suppressed" => Suppressed,
            "consent_expired" => Expired,
        }
        /// A consent or a suppression ran out; counts as unknown.
        Expired = "EXPIRED" {
            "consent_granted" => Granted,
            "consent_withdrawn" => Withdrawn,
            "consent_suppressed" => Suppressed,
        }
    }
}
