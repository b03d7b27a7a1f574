//! The KurrentDB adapter against the server of the test kit, and where `TRUNKLINE_TEST_KURRENTDB` names one,
//! the contract against a real server as well.

#![cfg(feature = "kurrentdb")]
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod contract;
mod faults;
mod layout;
mod several;
mod support;
