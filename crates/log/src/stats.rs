//! What the log has done, counted without a lock, for whoever exports it.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// Upper bounds of the latency histogram's buckets in microseconds; one more bucket takes the rest.
pub const LATENCY_BOUNDS_US: [u64; 14] = [
    250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 64_000, 125_000, 250_000, 500_000, 1_000_000,
    5_000_000,
];

/// Upper bounds of the batch size histogram's buckets in appends; one more bucket takes the rest.
pub const BATCH_BOUNDS: [u64; 11] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1_024];

/// A histogram with fixed buckets, each counting only itself.
#[derive(Debug)]
pub struct Histogram<const N: usize> {
    bounds: &'static [u64; N],
    buckets: [AtomicU64; N],
    over: AtomicU64,
    sum: AtomicU64,
}

/// A histogram as it was at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HistogramValues {
    /// Upper bound (included) and count of each bucket.
    pub buckets: Vec<(u64, u64)>,
    /// How many were above the last bound.
    pub over: u64,
    /// The sum of everything counted.
    pub sum: u64,
}

impl<const N: usize> Histogram<N> {
    fn new(bounds: &'static [u64; N]) -> Self {
        let buckets = std::array::from_fn(|_| AtomicU64::new(0));
        Self { bounds, buckets, over: AtomicU64::new(0), sum: AtomicU64::new(0) }
    }

    fn count(&self, value: u64) {
        let bucket = self.buckets.get(self.bounds.partition_point(|bound| *bound < value));
        bucket.unwrap_or(&self.over).fetch_add(1, Ordering::Relaxed);
        self.sum.fetch_add(value, Ordering::Relaxed);
    }

    /// The counts so far.
    pub fn values(&self) -> HistogramValues {
        let buckets = self.bounds.iter().zip(&self.buckets);
        HistogramValues {
            buckets: buckets.map(|(bound, count)| (*bound, count.load(Ordering::Relaxed))).collect(),
            over: self.over.load(Ordering::Relaxed),
            sum: self.sum.load(Ordering::Relaxed),
        }
    }
}

/// Counters of one log since it was opened. Times are in microseconds.
#[derive(Debug)]
pub struct LogStats {
    /// From the call of `append` to its answer, whatever the answer.
    pub append_latency_us: Histogram<14>,
    /// Appends accepted by one commit.
    pub batch_appends: Histogram<11>,
    appended_events: AtomicU64,
    conflicts: AtomicU64,
    repeats: AtomicU64,
    busy: AtomicU64,
    retries: AtomicU64,
    under_way: AtomicU64,
}

impl Default for LogStats {
    fn default() -> Self {
        Self {
            append_latency_us: Histogram::new(&LATENCY_BOUNDS_US),
            batch_appends: Histogram::new(&BATCH_BOUNDS),
            appended_events: AtomicU64::new(0),
            conflicts: AtomicU64::new(0),
            repeats: AtomicU64::new(0),
            busy: AtomicU64::new(0),
            retries: AtomicU64::new(0),
            under_way: AtomicU64::new(0),
        }
    }
}

impl LogStats {
    /// Events made durable by this process.
    pub fn appended_events(&self) -> u64 {
        self.appended_events.load(Ordering::Relaxed)
    }

    /// Appends refused because a stream was not as expected.
    pub fn conflicts(&self) -> u64 {
        self.conflicts.load(Ordering::Relaxed)
    }

    /// Appends that were already in the log.
    pub fn repeats(&self) -> u64 {
        self.repeats.load(Ordering::Relaxed)
    }

    /// Appends refused because the queue was full.
    pub fn busy(&self) -> u64 {
        self.busy.load(Ordering::Relaxed)
    }

    /// Commits tried again.
    pub fn retries(&self) -> u64 {
        self.retries.load(Ordering::Relaxed)
    }

    /// Appends not answered yet: the depth of the queue.
    pub fn under_way(&self) -> u64 {
        self.under_way.load(Ordering::Relaxed)
    }

    pub(crate) fn begin(&self) {
        self.under_way.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn end(&self, latency: Duration) {
        self.under_way.fetch_sub(1, Ordering::Relaxed);
        self.append_latency_us.count(u64::try_from(latency.as_micros()).unwrap_or(u64::MAX));
    }

    pub(crate) fn committed(&self, appends: usize, events: usize) {
        self.batch_appends.count(appends as u64);
        self.appended_events.fetch_add(events as u64, Ordering::Relaxed);
    }

    pub(crate) fn conflict(&self) {
        self.conflicts.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn repeat(&self) {
        self.repeats.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn refused_busy(&self) {
        self.busy.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }
}
