//! The outside systems behind the ports: one module an outside system, one feature each.

#[cfg(feature = "opensearch")]
pub mod opensearch;
mod rabbitmq;
#[cfg(feature = "redis")]
mod redis;
mod shipping;

#[cfg(feature = "rabbitmq")]
pub use rabbitmq::{Broker, BrokerParts, Unopened};
pub use rabbitmq::{BrokerSettings, BrokerStats};
#[cfg(feature = "redis")]
pub use redis::{InvalidRedis, RedisPool};
pub use shipping::{Shipping, ShippingStats};
