//! The append-only event log: one port ([`Log`]), one order, several adapters.
//!
//! Only `app` appends. Everybody else follows: reads in order from a checkpoint.

mod append;
mod feed;
#[cfg(feature = "kurrentdb")]
mod kurrent;
mod limits;
mod memory;
mod port;
mod postgres;
mod prepare;
pub mod raw;
mod read;
mod repeat;
mod select;
mod sequencer;
mod sqlite;
mod stats;
mod store;
mod stored;

pub use append::{Append, AppendError, Appended, Expect, StreamCheck, StreamWrite};
pub use feed::{Batch, Feed, FeedLimits, Subscription};
#[cfg(feature = "kurrentdb")]
pub use kurrent::{KurrentLog, KurrentOptions};
pub use limits::LogLimits;
pub use memory::MemoryLog;
pub use port::{Log, LogError};
pub use postgres::{PostgresLog, PostgresOptions};
pub use read::{Direction, Filter, Page, Query};
pub use sqlite::{SqliteLog, SqliteOptions};
pub use stats::{BATCH_BOUNDS, Histogram, HistogramValues, LATENCY_BOUNDS_US, LogStats};
