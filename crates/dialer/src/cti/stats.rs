//! How the adapter gets on.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// What is counted, and what stands in the way.
#[derive(Debug, Default)]
pub struct Stats {
    pub(super) orders_under_way: AtomicU64,
    pub(super) orders_taken: AtomicU64,
    pub(super) orders_retried: AtomicU64,
    pub(super) orders_failed: AtomicU64,
    pub(super) events_noted: AtomicU64,
    pub(super) events_repeated: AtomicU64,
    pub(super) events_passed_over: AtomicU64,
    pub(super) events_refused: AtomicU64,
    pub(super) events_deferred: AtomicU64,
    pub(super) events_waiting: AtomicU64,
    trouble: Mutex<Option<String>>,
}

macro_rules! figures {
    ($($(#[doc = $doc:literal])+ $name:ident;)+) => {$(
        $(#[doc = $doc])+
        pub fn $name(&self) -> u64 {
            self.$name.load(Ordering::Relaxed)
        }
    )+};
}

impl Stats {
    figures! {
        /// Orders that the switch has not answered yet.
        orders_under_way;
        /// Orders that the switch has taken.
        orders_taken;
        /// How often an order was sent again.
        orders_retried;
        /// Orders that the switch did not take.
        orders_failed;
        /// Events that are in the log.
        events_noted;
        /// Events that came again.
        events_repeated;
        /// Events that came when others had been noted without them.
        events_passed_over;
        /// Events that were refused for good.
        events_refused;
        /// Events that are to be sent again.
        events_deferred;
        /// Events that wait for their predecessors.
        events_waiting;
    }

    /// Why the switch takes no orders, while it does not.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn is_in_trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }
}

/// One more, until it is dropped.
pub(super) struct Present<'a>(&'a AtomicU64);

impl<'a> Present<'a> {
    pub(super) fn in_count(count: &'a AtomicU64) -> Self {
        count.fetch_add(1, Ordering::Relaxed);
        Self(count)
    }
}

impl Drop for Present<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Counts one.
pub(super) fn count(figure: &AtomicU64) {
    figure.fetch_add(1, Ordering::Relaxed);
}
