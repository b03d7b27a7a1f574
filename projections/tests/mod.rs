//! Tests of the read side, on both databases wherever a database takes part.

mod laws;

mod sql;
mod support;
mod traps;
