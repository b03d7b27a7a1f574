//! How the notary of this server gets on, for metrics and health.

use std::sync::Arc;

use parking_lot::Mutex;
use trunkline_kernel::Timestamp;

/// What health and metrics say of the notary.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Standing {
    /// Whether this server is the one that keeps the tree.
    pub keeping: bool,
    /// How many events the tree has.
    pub size: u64,
    /// How many events of the log the tree does not have yet.
    pub lag: u64,
    /// The size of the last signed head.
    pub head_size: u64,
    /// When it was signed.
    pub head_at: Option<Timestamp>,
    /// Heads that wait to be published, over all places.
    pub unpublished: u64,
    /// What keeps it from going on, in words.
    pub trouble: Option<String>,
}

/// The present [`Standing`], shared.
#[derive(Clone, Debug, Default)]
pub struct Stats(Arc<Mutex<Standing>>);

impl Stats {
    /// How it stands now.
    pub fn standing(&self) -> Standing {
        self.0.lock().clone()
    }

    pub(crate) fn update(&self, change: impl FnOnce(&mut Standing)) {
        change(&mut self.0.lock());
    }
}
