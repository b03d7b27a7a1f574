//! The types of the schema, one file per group.

mod event;

pub(crate) use event::{Event, EventFilter, Order};
