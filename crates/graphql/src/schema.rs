//! The schema and its text.

use std::sync::Arc;

use async_graphql::connection::Connection;
use async_graphql::{Schema, SchemaBuilder};

use crate::access::Guard;
use crate::api::Services;
use crate::config::Limits;
use crate::measure::CostLimit;
use crate::mutation::Mutation;
use crate::opener::Opener;
use crate::query::Query;
use crate::subscription::Subscription;
use crate::types::{
    AccessRecord, Agent, Alert, Call, Campaign, Customer, Event, Lead, Model, Task, TimelineEntry, TreeHead,
};

/// The schema with everything that it reads and writes.
pub(crate) type TrunklineSchema = Schema<Query, Mutation, Subscription>;

fn builder() -> SchemaBuilder<Query, Mutation, Subscription> {
    Schema::build(Query::default(), Mutation::default(), Subscription::default())
        .override_output_type_description::<Query>("Everything that can be read.")
        .override_output_type_description::<Mutation>("Everything that can be done.")
        .override_output_type_description::<Connection<String, AccessRecord>>("A page of accesses.")
        .override_output_type_description::<Connection<String, Agent>>("A page of agents.")
        .override_output_type_description::<Connection<String, Alert>>("A page of alerts.")
        .override_output_type_description::<Connection<String, Call>>("A page of calls.")
        .override_output_type_description::<Connection<String, Campaign>>("A page of campaigns.")
        .override_output_type_description::<Connection<String, Customer>>("A page of customers.")
        .override_output_type_description::<Connection<String, Event>>("A page of events.")
        .override_output_type_description::<Connection<String, Lead>>("A page of leads.")
        .override_output_type_description::<Connection<String, Model>>("A page of models.")
        .override_output_type_description::<Connection<String, Task>>("A page of tasks.")
        .override_output_type_description::<Connection<String, TimelineEntry>>("A page of a timeline.")
        .override_output_type_description::<Connection<String, TreeHead>>("A page of tree heads.")
}

/// Builds the schema over its services. Depth and size were checked before a request gets here.
pub(crate) fn build(services: Services, limits: &Limits) -> TrunklineSchema {
    builder()
        .data(Opener::new(Arc::clone(services.dispatcher.vault())))
        .data(services.log)
        .data(services.feed)
        .data(services.dispatcher)
        .data(services.policy)
        .data(services.rules)
        .data(services.pacing)
        .data(services.names)
        .data(services.rights)
        .data(services.notary)
        .data(services.authority)
        .data(services.router)
        .data(services.clock)
        .data(limits.clone())
        .extension(Guard)
        .extension(CostLimit { cost_max: limits.cost_max })
        .finish()
}

/// The schema as text, as it is checked in at `schema/graphql/schema.graphql`.
pub fn sdl() -> String {
    builder().finish().sdl()
}
