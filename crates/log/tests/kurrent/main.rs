//! The KurrentDB adapter where it differs from the others; the contract of all of them is the test `log`. Where
//! `TRUNKLINE_TEST_KURRENTDB` gives a connection string, everything that needs no misbehaving server runs on
//! that real one.

#![cfg(feature = "kurrentdb")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod faults;
mod layout;
mod several;
mod support;
