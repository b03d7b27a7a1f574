//! What can be asked. Everything that reads the read models takes `minPosition`.

mod agents;
mod alerts;
mod arguments;
mod audit;
mod customers;
mod events;
mod grants;
mod kpi;
mod models;
mod nodes;
mod notary;
mod outreach;
mod projections;
mod recordings;
mod rights;
mod routing;
mod tasks;

use async_graphql::MergedObject;

pub(crate) use alerts::filter as alert_events;

/// Everything that can be read.
#[derive(MergedObject, Default)]
pub(crate) struct Query(
    nodes::NodeQueries,
    customers::CustomerQueries,
    agents::AgentQueries,
    tasks::TaskQueries,
    outreach::OutreachQueries,
    routing::RoutingQueries,
    models::ModelQueries,
    recordings::RecordingQueries,
    grants::GrantQueries,
    kpi::KpiQueries,
    projections::ProjectionQueries,
    events::EventQueries,
    rights::RightsQueries,
    notary::NotaryQueries,
    audit::AuditQueries,
    alerts::AlertQueries,
);
