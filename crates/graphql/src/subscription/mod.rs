//! What can be followed. Every subscription can be resumed: it takes `after`, and every message has a position.

mod alerts;
mod changes;
mod kpi;
mod log;

use async_graphql::MergedSubscription;

/// Everything that can be followed.
#[derive(MergedSubscription, Default)]
pub(crate) struct Subscription(
    log::LogSubscriptions,
    changes::ChangeSubscriptions,
    kpi::KpiSubscriptions,
    alerts::AlertSubscriptions,
);
