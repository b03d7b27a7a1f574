//! Tests of the read side, on both databases wherever a database takes part.

mod as_of;
mod golden;
pub(crate) mod killed;
mod kpi;
mod laws;
mod leases;
mod reads;
mod rebuild;
mod scope;
mod sql;
mod support;
mod traps;
mod world;
