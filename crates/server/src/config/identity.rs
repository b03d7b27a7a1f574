//! The settings of who is let in.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};

use trunkline_identity::oidc::ProviderOptions;
use trunkline_kernel::Millis;

use super::ConfigError;
use super::reader::Reader;

/// The file in the data directory with the key that signs local tokens.
const KEY_FILE: &str = "token.key";

/// Who is let in.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct IdentitySettings {
    pub required: bool,
    pub audience: String,
    pub key_file: PathBuf,
    pub ttl_max: Millis,
    pub clock_skew: Millis,
    pub known_tokens_max: NonZeroUsize,
    pub open_metrics: bool,
    pub provider: Option<ProviderOptions>,
}

impl IdentitySettings {
    pub(super) fn of(read: &Reader<'_>, data_dir: &Path) -> Result<Self, ConfigError> {
        let key_file = match read.text("identity.key_file")? {
            "" => data_dir.join(KEY_FILE),
            file => PathBuf::from(file),
        };
        let skew = read.number("identity.clock_skew_seconds", 0, 600)?;
        let mut identity = Self {
            provider: None,
            required: read.flag("identity.required")?,
            audience: read.word("identity.audience")?.to_owned(),
            key_file,
            // Whoever needs to be in for longer than 30 days has a provider for it.
            ttl_max: Millis::from_secs(
                i64::try_from(read.number("identity.ttl_max_seconds", 60, 30 * 86_400)?).unwrap_or(60),
            ),
            clock_skew: Millis::from_secs(i64::try_from(skew).unwrap_or_default()),
            known_tokens_max: NonZeroUsize::MIN
                .saturating_add(read.size("identity.known_tokens_max", 1, 10_000_000)? - 1),
            open_metrics: read.flag("identity.open_metrics")?,
        };
        identity.provider = super::oidc::of(read, &identity)?;
        Ok(identity)
    }
}
