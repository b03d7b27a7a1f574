//! The notary's settings.

use std::path::PathBuf;
use std::time::Duration;

use super::ConfigError;
use super::reader::Reader;

/// The notary's settings.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct NotarySettings {
    pub enabled: bool,
    /// A database of its own; the log's, or a file in the data directory, when absent.
    pub url: Option<String>,
    pub key_file: Option<PathBuf>,
    pub follow: trunkline_registry::Settings,
    pub publish_file: Option<PathBuf>,
    pub publish_webhook: Option<String>,
    pub publish_store: Option<String>,
    pub publish_timeout: Duration,
}

impl NotarySettings {
    pub(super) fn of(read: &Reader<'_>) -> Result<Self, ConfigError> {
        let given = |key: &str| -> Result<Option<String>, ConfigError> {
            Ok(Some(read.text(key)?.to_owned()).filter(|text| !text.is_empty()))
        };
        let url = |key: &str, schemes: &[&str]| -> Result<Option<String>, ConfigError> {
            given(key)?.map(|_| read.url(key, schemes)).transpose()
        };
        Ok(Self {
            enabled: read.flag("notary.enabled")?,
            url: url("notary.url", &["postgres://", "postgresql://"])?,
            key_file: given("notary.key_file")?.map(PathBuf::from),
            follow: trunkline_registry::Settings {
                interval: Duration::from_millis(read.number("notary.interval_ms", 10, 86_400_000)?),
                events_max: read.number("notary.events_max", 1, 100_000_000)?,
                page_events: read.size("notary.page_events", 1, 10_000)?,
                reread: read.millis("notary.reread_ms")?,
                lease: read.millis("notary.lease_ms")?,
                backoff_max: read.millis("notary.backoff_max_ms")?,
            },
            publish_file: given("notary.publish_file")?.map(PathBuf::from),
            publish_webhook: url("notary.publish_webhook", &["http://", "https://"])?,
            publish_store: given("notary.publish_store")?,
            publish_timeout: read.millis("notary.publish_timeout_ms")?,
        })
    }
}
