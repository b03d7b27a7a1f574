//! The GraphQL API: the only crate that knows async-graphql.
//!
//! [`Api::router`] serves `/graphql`: queries and mutations over HTTP, subscriptions over `WebSocket`s
//! (`graphql-transport-ws`) and server-sent events, within [`Limits`].

mod access;
mod api;
mod config;
mod context;
mod core;
mod document;
mod error;
mod http;
mod measure;
mod mutation;
mod opener;
mod page;
mod params;
mod passes;
mod persisted;
mod query;
mod record;
mod scalars;
mod schema;
#[cfg(test)]
mod schema_tests;
mod stats;
mod subscription;
mod types;
mod view;

pub use access::golden;
pub use api::{Api, Services};
pub use config::{Limits, NODES_MAX, PAGE_DEFAULT, PAGE_MAX};
pub use error::{ApiError, ErrorCode};
pub use schema::sdl;
pub use stats::Stats;
