//! How it stands with the broker.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use parking_lot::Mutex;

/// How it stands with the broker, for metrics and health.
#[derive(Debug, Default)]
pub struct BrokerStats {
    connected: AtomicBool,
    requested: AtomicU64,
    refused: AtomicU64,
    published: AtomicU64,
    trouble: Mutex<Option<String>>,
}

impl BrokerStats {
    /// Whether there is a connection.
    pub fn connected(&self) -> bool {
        self.connected.load(Ordering::Relaxed)
    }

    /// How many requests for an agent were carried out and acknowledged, repetitions included.
    pub fn requested(&self) -> u64 {
        self.requested.load(Ordering::Relaxed)
    }

    /// How many messages went to the dead-letter queue.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many assignments the broker confirmed, repetitions included.
    pub fn published(&self) -> u64 {
        self.published.load(Ordering::Relaxed)
    }

    /// Why it does not go on, when it does not.
    pub fn trouble(&self) -> Option<String> {
        self.trouble.lock().clone()
    }

    #[cfg(feature = "rabbitmq")]
    pub(super) fn connects(&self, connected: bool) {
        self.connected.store(connected, Ordering::Relaxed);
    }

    #[cfg(feature = "rabbitmq")]
    pub(super) fn requests(&self) {
        self.requested.fetch_add(1, Ordering::Relaxed);
    }

    #[cfg(feature = "rabbitmq")]
    pub(super) fn refuses(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    #[cfg(feature = "rabbitmq")]
    pub(super) fn publishes(&self, count: u64) {
        self.published.fetch_add(count, Ordering::Relaxed);
    }

    #[cfg(feature = "rabbitmq")]
    pub(super) fn is_troubled(&self, trouble: Option<String>) {
        *self.trouble.lock() = trouble;
    }
}
