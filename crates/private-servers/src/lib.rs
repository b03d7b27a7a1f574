//! Private PostgreSQL, Redis and RabbitMQ servers for tests and benchmarks.
//!
//! Every server runs from the distribution's packages on a free port of 127.0.0.1, with its data in a new
//! temporary folder, and is gone when its owner is gone: a guardian process watches a pipe that only the owner
//! holds, so that even a killed owner leaves nothing behind. The machine's own servers are never touched.
//!
//! `cargo xtask test` starts each server once and hands it over by environment variable
//! ([`Postgres::VARIABLE`], [`Redis::VARIABLE`], [`RabbitMq::VARIABLE`]); a test that runs without it starts its
//! own. It knows nothing of tokio or of our crates, so that `xtask` builds in seconds.

mod account;
mod guardian;
mod handed_over;
mod ports;
mod postgres;
mod rabbitmq;
mod redis;
mod unique;

pub use postgres::{Durability, Postgres};
pub use rabbitmq::RabbitMq;
pub use redis::Redis;
pub use unique::unique_name;
