//! The notary on real databases: it follows and signs, and whatever an attacker with every right does to the rows
//! is found where it was done.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

mod follow;
mod keys;
mod publish;
mod support;
mod tamper;
