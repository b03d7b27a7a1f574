//! The outside systems behind the ports: one module an outside system, one feature each.

#[cfg(feature = "redis")]
mod redis;

#[cfg(feature = "redis")]
pub use redis::{InvalidRedis, RedisPool};
