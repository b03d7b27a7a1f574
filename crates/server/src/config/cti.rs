//! The settings under `[cti]`: whether and how a telephone switch is joined.

use std::time::Duration;

use trunkline_dialer::cti::{OrderSettings, Settings};
use trunkline_kernel::Millis;
use trunkline_webhooks::Secrets;

use super::ConfigError;
use super::reader::Reader;

/// Checks them; nothing when there is no secret.
pub(super) fn settings(read: &Reader<'_>) -> Result<Option<Settings>, ConfigError> {
    let orders = OrderSettings {
        url: String::new(),
        timeout: read.millis("cti.timeout_ms")?,
        attempts_max: read.narrow("cti.attempts_max", 1, 100)?,
        backoff_first: read.millis("cti.backoff_ms")?,
        backoff_max: read.millis("cti.backoff_max_ms")?,
        orders_max: read.size("cti.orders_max", 1, 100_000)?,
    };
    let orders = match read.text("cti.url")? {
        "" => None,
        _ => Some(OrderSettings { url: read.url("cti.url", &["http://", "https://"])?, ..orders }),
    };
    let length = |key| read.millis(key).map(length);
    let (tolerance, skew, patience) =
        (length("cti.tolerance_ms")?, length("cti.skew_ms")?, length("cti.patience_ms")?);
    let (gap_max, waiting_max) =
        (read.size("cti.gap_max", 1, 1_000)?, read.size("cti.waiting_max", 1, 100_000)?);
    let body_bytes_max = read.size("cti.body_bytes_max", 1_024, 1 << 20)?;
    let route_arrivals = read.flag("cti.route_arrivals")?;
    let reorder = read.millis("cti.reorder_ms")?;
    if read.text("cti.secrets")?.is_empty() {
        return Ok(None);
    }
    let secrets = secrets(read, "cti.secrets")?;
    Ok(Some(Settings {
        secrets,
        tolerance,
        skew,
        reorder,
        patience,
        gap_max,
        waiting_max,
        body_bytes_max,
        route_arrivals,
        orders,
    }))
}

/// Secrets that messages are signed with. They are in no error.
pub(super) fn secrets(read: &Reader<'_>, key: &str) -> Result<Secrets, ConfigError> {
    Secrets::read(read.text(key)?).map_err(|error| read.wrong(key, error.to_string()))
}

fn length(duration: Duration) -> Millis {
    Millis(i64::try_from(duration.as_millis()).unwrap_or(i64::MAX))
}
