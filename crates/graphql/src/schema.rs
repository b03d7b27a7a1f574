//! The schema and its text.

use std::sync::Arc;

use async_graphql::{EmptyMutation, EmptySubscription, Schema, SchemaBuilder};
use trunkline_log::Log;

use crate::config::Limits;
use crate::measure::CostLimit;
use crate::query::Query;

pub(crate) type Mutation = EmptyMutation;
pub(crate) type Subscription = EmptySubscription;

/// The schema with everything that it reads and writes.
pub(crate) type TrunklineSchema = Schema<Query, Mutation, Subscription>;

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), EmptyMutation, EmptySubscription)
}

/// Builds the schema over its services. Depth and size were checked before a request gets here.
pub(crate) fn build(log: Arc<dyn Log>, limits: &Limits) -> TrunklineSchema {
    builder().data(log).extension(CostLimit { cost_max: limits.cost_max }).finish()
}

/// The schema as text, as it is checked in at `schema/graphql/schema.graphql`.
pub fn sdl() -> String {
    builder().finish().sdl()
}
