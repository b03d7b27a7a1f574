//! The settings of the record of reads, and of the alerts that it raises.

use std::path::PathBuf;
use std::time::Duration;

use trunkline_app::RecorderLimits;
use trunkline_webhooks::Secrets;

use super::ConfigError;
use super::reader::Reader;

/// The settings of alerts.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct AlertSettings {
    pub rules: Option<PathBuf>,
    pub webhook: Option<WebhookSettings>,
}

/// Who is told of alerts.
#[derive(Clone)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct WebhookSettings {
    pub url: String,
    pub secret: Secrets,
    pub attempts_max: u32,
    pub timeout: Duration,
}

impl std::fmt::Debug for WebhookSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a webhook")
    }
}

pub(super) fn limits(read: &Reader<'_>) -> Result<RecorderLimits, ConfigError> {
    Ok(RecorderLimits {
        queue_max: read.size("audit.queue_max", 1, 1_000_000)?,
        batch_entries_max: read.size("audit.batch_entries_max", 1, 200)?,
        wait_max: read.millis("audit.wait_max_ms")?,
        repeats_within: Duration::from_millis(read.number("audit.repeats_ms", 1, 600_000)?),
    })
}

impl AlertSettings {
    pub(super) fn of(read: &Reader<'_>) -> Result<Self, ConfigError> {
        let rules = Some(read.text("audit.alert_rules")?).filter(|file| !file.is_empty());
        let webhook = match read.text("audit.webhook")? {
            "" => None,
            _ => Some(WebhookSettings {
                url: read.url("audit.webhook", &["http://", "https://"])?,
                secret: super::cti::secrets(read, "audit.webhook_secret")?,
                attempts_max: read.narrow("audit.webhook_attempts_max", 1, 1_000)?,
                timeout: read.millis("audit.webhook_timeout_ms")?,
            }),
        };
        Ok(Self { rules: rules.map(PathBuf::from), webhook })
    }
}
