//! What the sequencer knows of the log without asking: true as long as the head is where it was.

use lru::LruCache;
use trunkline_kernel::{Position, Recorded, StreamId, Timestamp, Version};

use crate::store::Snapshot;

/// The head, and the versions of the streams used most recently.
pub(super) struct Known {
    pub(super) head: Position,
    pub(super) recorded_at: Timestamp,
    versions: LruCache<StreamId, Version>,
    streams_max: usize,
}

impl Known {
    pub(super) fn new(snapshot: &Snapshot, streams_max: usize) -> Self {
        let versions = LruCache::unbounded();
        Self { head: snapshot.head, recorded_at: snapshot.recorded_at, versions, streams_max }
    }

    pub(super) fn version(&self, stream: &StreamId) -> Option<Version> {
        self.versions.peek(stream).copied()
    }

    /// Takes over what was looked up, and forgets the rest when another process has moved the head. Returns
    /// whether it has.
    pub(super) fn learn<'a>(
        &mut self,
        snapshot: &Snapshot,
        asked: impl IntoIterator<Item = &'a StreamId>,
    ) -> bool {
        let moved = snapshot.head != self.head;
        if moved {
            self.versions.clear();
            self.head = snapshot.head;
            self.recorded_at = snapshot.recorded_at;
        }
        for stream in asked {
            let version = snapshot.versions.get(stream).copied().unwrap_or_default();
            self.versions.put(stream.clone(), version);
        }
        moved
    }

    /// Forgets the streams that were used longest ago. Not done in the midst of a batch, which needs all of
    /// its own streams.
    pub(super) fn trim(&mut self) {
        while self.versions.len() > self.streams_max {
            self.versions.pop_lru();
        }
    }

    /// Takes over what was just committed.
    pub(super) fn extend(&mut self, committed: &[Recorded]) {
        for event in committed {
            self.versions.put(event.stream.clone(), event.version);
        }
        if let Some(last) = committed.last() {
            self.head = last.position;
            self.recorded_at = last.recorded_at;
        }
    }
}
