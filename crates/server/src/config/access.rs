//! The settings of rights for a time.

use trunkline_app::AccessLimits;
use trunkline_kernel::Millis;

use super::ConfigError;
use super::reader::Reader;

/// Whether commands ask who runs them, rather than leave that to the machine.
pub(super) fn command_line_asks(read: &Reader<'_>) -> Result<bool, ConfigError> {
    match read.text("access.command_line")? {
        "operator" => Ok(false),
        "token" => Ok(true),
        other => Err(read.choice("access.command_line", &["operator", "token"], other)),
    }
}

pub(super) fn limits(read: &Reader<'_>) -> Result<AccessLimits, ConfigError> {
    let days = read.narrow("access.delegation_longest_days", 1, 366)?;
    let minutes = read.narrow("access.emergency_longest_minutes", 1, 24 * 60)?;
    Ok(AccessLimits {
        delegation_longest: Millis::from_mins(i64::from(days) * 24 * 60),
        emergency_longest: Millis::from_mins(i64::from(minutes)),
        reveals_per_hour_max: read.narrow("access.reveals_per_hour_max", 0, 10_000)?,
    })
}
