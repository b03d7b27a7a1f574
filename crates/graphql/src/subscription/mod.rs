//! What can be followed. Every subscription can be resumed: it takes `after`, and every message has a position.

mod log;

use async_graphql::MergedSubscription;

pub(crate) use log::LogSubscriptions;

/// Everything that can be followed.
#[derive(MergedSubscription, Default)]
pub(crate) struct Subscription(LogSubscriptions);
