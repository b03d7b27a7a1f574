//! The generic adapter to switches: orders go out as signed HTTP requests, and events come in as such.
//!
//! It lives beside the port and not among the optional adapters, because it brings no library that the server does not have
//! anyway. The HTTP server itself is the server's; what is taken from it begins with [`Intake::take`].

mod intake;
mod openapi;
mod stats;
mod switch;
mod wire;

use std::time::Duration;

use trunkline_kernel::{Actor, Millis};
use trunkline_webhooks::Secrets;

pub use intake::{Intake, IntakeAround, Taken, Untaken};
pub use openapi::openapi;
pub use stats::Stats;
pub use switch::Switch;
pub use wire::{CallEvent, Happening, Instruction};

/// Who the commands are by that a switch's events lead to.
pub(crate) fn actor() -> Actor {
    Actor::system("cti")
}

/// The settings of the adapter. Each is documented in `deploy/config.default.toml`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct Settings {
    pub secrets: Secrets,
    pub tolerance: Millis,
    pub skew: Millis,
    pub reorder: Duration,
    pub patience: Millis,
    pub gap_max: usize,
    pub waiting_max: usize,
    pub body_bytes_max: usize,
    pub route_arrivals: bool,
    pub orders: Option<OrderSettings>,
}

/// Where orders go, and how they are sent.
#[derive(Clone)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct OrderSettings {
    pub url: String,
    pub timeout: Duration,
    pub attempts_max: u32,
    pub backoff_first: Duration,
    pub backoff_max: Duration,
    pub orders_max: usize,
}

impl std::fmt::Debug for OrderSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The address can hold a secret.
        f.write_str("a switch")
    }
}
