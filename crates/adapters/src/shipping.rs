//! How a follower that ships the log to an outside system gets on, for metrics and health.

use std::sync::Arc;

use parking_lot::Mutex;

/// What health and metrics say of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shipping {
    /// Whether this server is the one that ships.
    pub shipping: bool,
    /// Everything up to here has arrived.
    pub position: u64,
    /// How many events of the log have not.
    pub lag: u64,
    /// Documents that were taken since the start.
    pub taken: u64,
    /// Documents that were sent again, because they were not taken the first time.
    pub repeated: u64,
    /// Documents that will never be taken as they are, and were passed over.
    pub rejected: u64,
    /// What keeps it from going on, in words.
    pub trouble: Option<String>,
}

/// The present [`Shipping`], shared.
#[derive(Clone, Debug, Default)]
pub struct ShippingStats(Arc<Mutex<Shipping>>);

impl ShippingStats {
    /// How it stands now.
    pub fn now(&self) -> Shipping {
        self.0.lock().clone()
    }

    #[cfg_attr(not(feature = "opensearch"), expect(dead_code, reason = "this build ships nowhere"))]
    pub(crate) fn update(&self, change: impl FnOnce(&mut Shipping)) {
        change(&mut self.0.lock());
    }
}
