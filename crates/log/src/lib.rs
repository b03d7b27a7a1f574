//! The append-only event log: one port ([`Log`]), one order, several adapters.
//!
//! Only `app` appends. Everybody else follows: reads in order from a checkpoint.

mod append;
mod port;
mod read;

pub use append::{Append, AppendError, Appended, Expect, StreamCheck, StreamWrite};
pub use port::{Log, LogError};
pub use read::{Direction, Filter, Page, Query};
