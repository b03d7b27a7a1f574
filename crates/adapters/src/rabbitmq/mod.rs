//! Work that arrives on a queue of RabbitMQ, and assignments that leave on an exchange.
//!
//! A message is acknowledged when the log has what it asks for; its id is the idempotency key, so that it may be delivered
//! any number of times. Assignments are read from the log, from a durable checkpoint that moves when the broker has
//! confirmed them; their message id is that of the event.

#[cfg(feature = "rabbitmq")]
mod inbox;
#[cfg(feature = "rabbitmq")]
mod outbox;
#[cfg(feature = "rabbitmq")]
mod request;
#[cfg(feature = "rabbitmq")]
mod run;
mod stats;

use std::time::Duration;

#[cfg(feature = "rabbitmq")]
pub use run::{Broker, BrokerParts, Unopened};
pub use stats::BrokerStats;

/// What the broker turns on. All of it can be set under `[rabbitmq]` in the configuration.
#[derive(Clone, PartialEq, Eq)]
pub struct BrokerSettings {
    /// The address; it can hold a password.
    pub url: String,
    /// The queue on which work arrives; made when it is not there, durable.
    pub work_queue: String,
    /// The queue for messages that are not carried out; made when it is not there, durable.
    pub dead_queue: String,
    /// The exchange on which assignments leave; made when it is not there, durable, of the kind `topic`.
    pub exchange: String,
    /// How many messages are under way at once.
    pub prefetch: u16,
    /// The largest message that is read, in bytes.
    pub message_bytes_max: usize,
    /// How long the broker may take to connect or to confirm.
    pub answer_max: Duration,
    /// The longest pause before connecting again.
    pub backoff_max: Duration,
}

impl std::fmt::Debug for BrokerSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BrokerSettings").field("work_queue", &self.work_queue).finish_non_exhaustive()
    }
}
