//! The settings under `[dialer]`.

use std::time::Duration;

use trunkline_dialer::Behaviour;
use trunkline_kernel::Millis;

use super::ConfigError;
use super::reader::Reader;

/// How campaigns are dialed. Each setting is documented in `deploy/config.default.toml`.
#[derive(Clone, Debug, PartialEq)]
pub struct DialerSettings {
    /// What dials.
    pub line: DialerLine,
    /// The line or number that calls are made from.
    pub caller_line: Option<String>,
    /// How long another server waits for a sign of life of the one that dials.
    pub lease: Duration,
    /// How often it looks around.
    pub every: Duration,
    /// How often it learns anew from calls that are over.
    pub study_every: Millis,
}

/// What dials.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum DialerLine {
    /// A line at whose other end people answer by chance.
    Simulated(Behaviour),
    /// The switch of `[cti]`.
    Cti,
}

impl DialerSettings {
    /// Checks them; nothing when no line is named.
    ///
    /// # Errors
    /// The first that has a value it does not take.
    pub(super) fn of(read: &Reader<'_>) -> Result<Option<Self>, ConfigError> {
        let lease = read.millis("dialer.lease_ms")?;
        let every = read.millis("dialer.every_ms")?;
        let study_every = Millis::from_secs(read.number("dialer.study_seconds", 1, 86_400)?.cast_signed());
        let caller_line = Some(read.text("dialer.caller_line")?.to_owned()).filter(|line| !line.is_empty());
        let behaviour = Behaviour {
            seed: read.number("dialer.simulated_seed", 0, i64::MAX.unsigned_abs())?,
            ring: read.millis("dialer.simulated_ring_ms")?,
        };
        let line = match read.text("dialer.line")? {
            "none" => return Ok(None),
            "simulated" => DialerLine::Simulated(behaviour),
            "cti" if read.text("cti.url")?.is_empty() || read.text("cti.secrets")?.is_empty() => {
                let reason = "is \"cti\", which needs `cti.url` and `cti.secrets`";
                return Err(read.wrong("dialer.line", reason));
            }
            "cti" => DialerLine::Cti,
            other => return Err(read.choice("dialer.line", &["none", "simulated", "cti"], other)),
        };
        Ok(Some(Self { line, caller_line, lease, every, study_every }))
    }
}
