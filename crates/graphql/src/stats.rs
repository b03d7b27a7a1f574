//! What the server's metrics can say of the API.

use std::sync::atomic::{AtomicU64, Ordering};

use async_graphql::parser::types::OperationType;

/// Counters that only grow, and gauges of the present.
#[derive(Debug, Default)]
pub struct Stats {
    queries: AtomicU64,
    mutations: AtomicU64,
    subscriptions: AtomicU64,
    refused: AtomicU64,
    subscribers: AtomicU64,
    slow_consumers: AtomicU64,
}

impl Stats {
    /// How many queries were run.
    pub fn queries(&self) -> u64 {
        self.queries.load(Ordering::Relaxed)
    }

    /// How many mutations were run.
    pub fn mutations(&self) -> u64 {
        self.mutations.load(Ordering::Relaxed)
    }

    /// How many subscriptions were begun.
    pub fn subscriptions(&self) -> u64 {
        self.subscriptions.load(Ordering::Relaxed)
    }

    /// How many requests were refused before they were run.
    pub fn refused(&self) -> u64 {
        self.refused.load(Ordering::Relaxed)
    }

    /// How many subscriptions are open now.
    pub fn subscribers(&self) -> u64 {
        self.subscribers.load(Ordering::Relaxed)
    }

    /// How many consumers were disconnected because they read too slowly.
    pub fn slow_consumers(&self) -> u64 {
        self.slow_consumers.load(Ordering::Relaxed)
    }

    pub(crate) fn count_operation(&self, operation: OperationType) {
        let counter = match operation {
            OperationType::Query => &self.queries,
            OperationType::Mutation => &self.mutations,
            OperationType::Subscription => &self.subscriptions,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_refused(&self) {
        self.refused.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count_slow_consumer(&self) {
        self.slow_consumers.fetch_add(1, Ordering::Relaxed);
    }

    /// Takes one of `max` places for a subscription, given back when the guard is dropped.
    pub(crate) fn subscribe(self: &std::sync::Arc<Self>, max: usize) -> Option<Subscriber> {
        let max = u64::try_from(max).unwrap_or(u64::MAX);
        self.subscribers
            .fetch_update(Ordering::AcqRel, Ordering::Acquire, |open| (open < max).then_some(open + 1))
            .ok()
            .map(|_| Subscriber(self.clone()))
    }
}

/// The place of one open subscription.
#[derive(Debug)]
pub(crate) struct Subscriber(std::sync::Arc<Stats>);

impl Drop for Subscriber {
    fn drop(&mut self) {
        self.0.subscribers.fetch_sub(1, Ordering::AcqRel);
    }
}
