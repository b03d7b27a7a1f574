//! The outside systems behind the ports: one module an outside system, one feature each.

mod rabbitmq;
#[cfg(feature = "redis")]
mod redis;

#[cfg(feature = "rabbitmq")]
pub use rabbitmq::{Broker, BrokerParts, Unopened};
pub use rabbitmq::{BrokerSettings, BrokerStats};
#[cfg(feature = "redis")]
pub use redis::{InvalidRedis, RedisPool};
