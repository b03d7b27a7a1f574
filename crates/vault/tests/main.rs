//! The vault on real databases, with real files and a server that speaks the Transit API.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod keys;
mod masters;
mod support;
mod transit;
mod vectors;
