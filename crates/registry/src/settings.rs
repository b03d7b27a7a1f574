//! How the notary works.

use std::time::Duration;

/// Each field is a setting `notary.<name>` of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long an event waits for a signature at most. Default 60 s.
    pub interval: Duration,
    /// How many events wait for a signature at most. Default 10,000.
    pub events_max: u64,
    /// Events that are read and committed together at most. Default 2,000.
    pub page_events: usize,
    /// How long the notary trusts that no hint means no event. Default 500 ms.
    pub reread: Duration,
    /// With several servers one keeps the tree: how long one that does not answer keeps it. Default 6 s.
    pub lease: Duration,
    /// The longest pause after a fault of a store or a place of publication; the first is a second and doubles.
    /// Default 60 s.
    pub backoff_max: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            interval: Duration::from_secs(60),
            events_max: 10_000,
            page_events: 2_000,
            reread: Duration::from_millis(500),
            lease: Duration::from_secs(6),
            backoff_max: Duration::from_secs(60),
        }
    }
}
