//! The settings under `[dialer]`.

use std::time::Duration;

use trunkline_dialer::Behaviour;

use super::ConfigError;
use super::reader::Reader;

/// How campaigns are dialed. Each setting is documented in `deploy/config.default.toml`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DialerSettings {
    /// How often it looks around.
    pub every: Duration,
    /// Who is at the other end of the simulated line.
    pub behaviour: Behaviour,
}

impl DialerSettings {
    /// Checks them; nothing when no line is named.
    ///
    /// # Errors
    /// The first that has a value it does not take.
    pub(super) fn of(read: &Reader<'_>) -> Result<Option<Self>, ConfigError> {
        let settings = Self {
            every: read.millis("dialer.every_ms")?,
            behaviour: Behaviour {
                seed: read.number("dialer.simulated_seed", 0, i64::MAX.unsigned_abs())?,
                ring: read.millis("dialer.simulated_ring_ms")?,
            },
        };
        match read.text("dialer.line")? {
            "none" => Ok(None),
            "simulated" => Ok(Some(settings)),
            other => Err(read.choice("dialer.line", &["none", "simulated"], other)),
        }
    }
}
