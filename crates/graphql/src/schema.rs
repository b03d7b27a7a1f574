//! The schema and its text.

use async_graphql::{Schema, SchemaBuilder};

use crate::api::Services;
use crate::config::Limits;
use crate::measure::CostLimit;
use crate::mutation::Mutation;
use crate::query::Query;
use crate::subscription::Subscription;

/// The schema with everything that it reads and writes.
pub(crate) type TrunklineSchema = Schema<Query, Mutation, Subscription>;

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
}

/// Builds the schema over its services. Depth and size were checked before a request gets here.
pub(crate) fn build(services: Services, limits: &Limits) -> TrunklineSchema {
    builder()
        .data(services.log)
        .data(services.feed)
        .data(services.dispatcher)
        .data(services.policy)
        .extension(CostLimit { cost_max: limits.cost_max })
        .finish()
}

/// The schema as text, as it is checked in at `schema/graphql/schema.graphql`.
pub fn sdl() -> String {
    builder().finish().sdl()
}
