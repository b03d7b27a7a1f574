//! The log against real databases: the contract on every adapter, the traps, durability and immutability.

#![expect(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

#[macro_use]
mod contract;

mod adapters;
mod immutable;
mod model;
mod postgres;
mod raw;
mod support;
mod traps;
