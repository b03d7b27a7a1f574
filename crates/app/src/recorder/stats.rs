//! What the server's metrics can say of the record of reads.

use std::sync::atomic::{AtomicU64, Ordering};

/// Counters that only grow, and a gauge of the present.
#[derive(Debug, Default)]
pub struct RecorderStats {
    waiting: AtomicU64,
    written: AtomicU64,
    events: AtomicU64,
    refused: AtomicU64,
    lost: AtomicU64,
}

impl RecorderStats {
    /// How many accesses wait to be written.
    pub fn waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// How many accesses are in the log.
    pub fn written(&self) -> u64 {
        self.written.load(Ordering::Relaxed)
    }

    /// How many events they are in.
    pub fn events(&self) -> u64 {
        self.events.load(Ordering::Relaxed)
    }

    /// How many answers with personal values were withheld, because their access could not be written.
    pub fn refusals(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many accesses to nothing personal are not in the record, because it could not be written.
    pub fn losses(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }

    pub(super) fn waits(&self) {
        self.waiting.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn taken(&self, entries: usize) {
        self.waiting.fetch_sub(entries as u64, Ordering::Relaxed);
    }

    pub(super) fn wrote(&self, entries: usize) {
        self.written.fetch_add(entries as u64, Ordering::Relaxed);
        self.events.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn lost(&self, entries: usize) {
        self.lost.fetch_add(entries as u64, Ordering::Relaxed);
    }
}
