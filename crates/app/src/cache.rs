//! Folded aggregates, kept between commands so that a long stream is not read again for each.

use std::any::Any;
use std::num::NonZeroUsize;
use std::sync::Arc;

use lru::LruCache;
use parking_lot::Mutex;
use trunkline_kernel::{Aggregate, StreamId, Version};

type Folded = Arc<dyn Any + Send + Sync>;

/// The least recently used aggregates go first. An entry can be behind the log, never ahead of it: an append
/// checks the version, and a refusal is only given on the newest state.
pub(crate) struct Cache {
    entries: Mutex<LruCache<StreamId, (Version, Folded)>>,
}

impl Cache {
    pub(crate) fn new(entries_max: NonZeroUsize) -> Self {
        Self { entries: Mutex::new(LruCache::new(entries_max)) }
    }

    pub(crate) fn get<A: Aggregate>(&self, stream: &StreamId) -> (Version, A) {
        let cached = self.entries.lock().get(stream).cloned();
        cached
            .and_then(|(version, folded)| Some((version, folded.downcast_ref::<A>()?.clone())))
            .unwrap_or_default()
    }

    /// Keeps the newer of what is there and what is given.
    pub(crate) fn put(&self, stream: StreamId, version: Version, folded: Folded) {
        let mut entries = self.entries.lock();
        if entries.peek(&stream).is_none_or(|(cached, _)| *cached < version) {
            entries.put(stream, (version, folded));
        }
    }

    /// Drops an entry that another writer has overtaken, so that the next attempt reads the log.
    pub(crate) fn forget(&self, stream: &StreamId) {
        self.entries.lock().pop(stream);
    }
}
