//! What one client may ask of the API. Every limit has a name and a default.

use std::time::Duration;

/// The limits of the API; each is a key of the same name under `graphql` in the configuration.
#[derive(Clone, Debug)]
pub struct Limits {
    /// How deep fields may be nested.
    pub depth_max: usize,
    /// How much one operation may cost: about one for each field that it can return.
    pub cost_max: usize,
    /// The longest query text in bytes.
    pub query_bytes_max: usize,
    /// The largest request body or WebSocket message in bytes.
    pub body_bytes_max: usize,
    /// How long one operation may run; subscriptions are not operations in this sense.
    pub time_max: Duration,
    /// How many persisted queries are kept; the least used goes first.
    pub persisted_queries_max: usize,
    /// How many queries are remembered as they were read, so that they need not be read again. Default 500.
    pub known_documents_max: usize,
    /// Whether the schema can be asked for.
    pub introspection: bool,
    /// How many subscriptions one WebSocket may hold at once.
    pub subscriptions_per_connection_max: usize,
    /// How many subscriptions this server may hold at once.
    pub subscriptions_max: usize,
    /// How many messages may wait for one connection before its consumer counts as slow.
    pub subscriber_messages_max: usize,
    /// How long a full buffer may stay full before its consumer is disconnected.
    pub slow_consumer_grace: Duration,
    /// How long a WebSocket may take to say `connection_init`.
    pub connection_init_max: Duration,
    /// How often a silent connection is sent a sign of life; a WebSocket that stays silent for three times as
    /// long is closed.
    pub keep_alive: Duration,
    /// How often live KPI figures are computed at most.
    pub live_figures_interval: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            depth_max: 15,
            cost_max: 10_000,
            query_bytes_max: 32 * 1024,
            body_bytes_max: 1024 * 1024,
            time_max: Duration::from_secs(30),
            persisted_queries_max: 1_000,
            known_documents_max: 500,
            introspection: true,
            subscriptions_per_connection_max: 50,
            subscriptions_max: 5_000,
            subscriber_messages_max: 256,
            slow_consumer_grace: Duration::from_secs(5),
            connection_init_max: Duration::from_secs(10),
            keep_alive: Duration::from_secs(15),
            live_figures_interval: Duration::from_secs(1),
        }
    }
}

/// The largest page that a connection gives.
pub const PAGE_MAX: usize = 100;

/// The page of a connection when neither `first` nor `last` is given.
pub const PAGE_DEFAULT: usize = 20;

/// How many ids `nodes` takes.
pub const NODES_MAX: usize = 100;
