//! The settings under `[models]`.

use std::time::Duration;

use trunkline_pool::models::DriftSettings;

use super::ConfigError;
use super::reader::Reader;

/// Reads what measuring a model turns on.
///
/// # Errors
/// The first setting that has a value it does not take.
pub(super) fn drift(read: &Reader<'_>) -> Result<DriftSettings, ConfigError> {
    let every = Duration::from_secs(read.number("models.drift_every_seconds", 0, 7 * 86_400)?);
    let (first, newest) =
        (read.size("models.drift_first", 10, 20_000)?, read.size("models.drift_newest", 10, 20_000)?);
    let least = read.size("models.drift_least", 10, 20_000)?;
    if least > first.min(newest) {
        return Err(read.wrong(
            "models.drift_least",
            format!("is {least}, more than models.drift_first ({first}) or models.drift_newest ({newest})"),
        ));
    }
    Ok(DriftSettings {
        every,
        first,
        newest,
        least,
        renewed: read.rate("models.drift_renewed", 0.001, 1.0)?,
        scores_max: read.rate("models.drift_scores_max", 0.01, 10.0)?,
        columns_max: read.rate("models.drift_columns_max", 0.01, 10.0)?,
        calibration_max: read.rate("models.drift_calibration_max", 0.001, 1.0)?,
        ranking_max: read.rate("models.drift_ranking_max", 0.0, 0.5)?,
    })
}
