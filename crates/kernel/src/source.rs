//! Time and identity are inputs (architecture, decision 7): whoever needs them takes these traits.

use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use crate::{Id, Millis, Timestamp};

/// Where the time comes from.
pub trait Clock: Send + Sync + 'static {
    /// The present moment.
    fn now(&self) -> Timestamp;
}

/// The machine's clock. Only the binary and the test kit make one.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one clock that the lint sends everybody to")]
    fn now(&self) -> Timestamp {
        chrono::Utc::now().into()
    }
}

/// A clock that stands still until it is moved, for tests and replays.
#[derive(Debug)]
pub struct FixedClock(AtomicI64);

impl FixedClock {
    /// A clock that shows `moment`.
    pub fn at(moment: Timestamp) -> Self {
        Self(AtomicI64::new(moment.micros()))
    }

    /// Moves the clock on.
    pub fn advance(&self, length: Millis) {
        self.0.fetch_add(length.0 * 1_000, Ordering::SeqCst);
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Timestamp {
        Timestamp::from_micros(self.0.load(Ordering::SeqCst))
    }
}

/// Where new ids come from.
pub trait Ids: Send + Sync + 'static {
    /// A UUID that no other call returns.
    fn uuid(&self) -> Uuid;
}

impl dyn Ids {
    /// A new id of the kind asked for.
    pub fn next<I: Id>(&self) -> I {
        I::from_uuid(self.uuid())
    }
}

/// Version 7: the time first, then random bits, so that ids made together lie together in an index.
#[derive(Clone, Copy, Debug, Default)]
pub struct RandomIds;

impl Ids for RandomIds {
    #[expect(clippy::disallowed_methods, reason = "this is the one source that the lint sends everybody to")]
    fn uuid(&self) -> Uuid {
        Uuid::now_v7()
    }
}

/// The same ids again for the same seed, in the shape of version 7, for tests and simulations.
#[derive(Debug)]
pub struct SeededIds {
    seed: u64,
    count: AtomicU64,
}

impl SeededIds {
    /// A source that counts from one under this seed.
    pub fn new(seed: u64) -> Self {
        Self { seed, count: AtomicU64::new(0) }
    }
}

impl Ids for SeededIds {
    fn uuid(&self) -> Uuid {
        let count = self.count.fetch_add(1, Ordering::SeqCst) + 1;
        let hash = Sha256::new().chain_update(self.seed.to_be_bytes()).chain_update(count.to_be_bytes());
        let mut random = [0; 10];
        random.copy_from_slice(&hash.finalize()[..10]);
        uuid::Builder::from_unix_timestamp_millis(count, &random).into_uuid()
    }
}
