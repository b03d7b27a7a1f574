//! The limits of the runtime, each with its name and default.

use std::time::Duration;

/// Limits of the runtime. Each field is a setting `projections.<name>` of the server.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// Events that are read, folded and committed together at most. Default 2,000.
    pub page_events: usize,
    /// How long a follower trusts that no hint means no event, before it reads all the same. Default 200 ms.
    pub reread: Duration,
    /// How long what is read in the centre gathers before its record is folded, while nobody waits for what came after it.
    /// Every commit makes all who read forget the pages in their memory. Default 25 ms.
    pub gather: Duration,
    /// How long a server that does not answer keeps its projections. Default 6 s.
    pub lease: Duration,
    /// How often leases are renewed and free ones are taken. Default 2 s; with `lease` it bounds failover to 8 s.
    pub renew: Duration,
    /// The pause after a fault of a store. Default 500 ms.
    pub backoff: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            page_events: 2_000,
            reread: Duration::from_millis(200),
            gather: Duration::from_millis(25),
            lease: Duration::from_secs(6),
            renew: Duration::from_secs(2),
            backoff: Duration::from_millis(500),
        }
    }
}

/// How often an event is tried before it is parked. A try that ends the process counts when the event was folded alone:
/// the end of a process that folds a page blames no event of it, and makes the next one fold them one by one.
pub const TRIES_MAX: i64 = 3;
/// A generation that has at most this many events to go is ready to be compared.
pub(crate) const NEARLY_THERE: u64 = 20_000;
