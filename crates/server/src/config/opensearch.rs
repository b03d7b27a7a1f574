//! The settings under `[opensearch]`: whether and how the log is shipped to a search service.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::ConfigError;
use super::reader::Reader;

/// The settings of shipping, checked. Each is documented in `deploy/config.default.toml`.
#[derive(Clone)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct OpenSearchSettings {
    pub url: String,
    pub user: String,
    pub password: String,
    pub api_key: String,
    pub authority: Option<PathBuf>,
    pub index: String,
    pub audit_only: bool,
    pub reasons: bool,
    pub page_events: NonZeroUsize,
    pub batch_rows_max: usize,
    pub batch_bytes_max: usize,
    pub timeout: Duration,
    pub answer_bytes_max: usize,
    pub reread: Duration,
    pub backoff_first: Duration,
    pub backoff_max: Duration,
    pub lease: Duration,
    pub rejected_max: u32,
}

impl std::fmt::Debug for OpenSearchSettings {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a search service")
    }
}

impl OpenSearchSettings {
    /// Checks them; nothing when no service is named.
    pub(super) fn of(read: &Reader<'_>) -> Result<Option<Self>, ConfigError> {
        let settings = Self {
            url: url(read)?,
            user: read.text("opensearch.user")?.to_owned(),
            password: read.text("opensearch.password")?.to_owned(),
            api_key: read.text("opensearch.api_key")?.to_owned(),
            authority: Some(read.text("opensearch.authority")?)
                .filter(|file| !file.is_empty())
                .map(PathBuf::from),
            index: index(read)?,
            audit_only: match read.text("opensearch.events")? {
                "all" => false,
                "audit" => true,
                other => return Err(read.choice("opensearch.events", &["all", "audit"], other)),
            },
            reasons: read.flag("opensearch.reasons")?,
            page_events: NonZeroUsize::MIN
                .saturating_add(read.size("opensearch.page_events", 1, 10_000)? - 1),
            batch_rows_max: read.size("opensearch.batch_rows_max", 1, 100_000)?,
            batch_bytes_max: read.size("opensearch.batch_bytes_max", 1_024, 100 << 20)?,
            timeout: read.millis("opensearch.timeout_ms")?,
            answer_bytes_max: read.size("opensearch.answer_bytes_max", 1_024, 100 << 20)?,
            reread: read.millis("opensearch.reread_ms")?,
            backoff_first: read.millis("opensearch.backoff_first_ms")?,
            backoff_max: read.millis("opensearch.backoff_max_ms")?,
            lease: read.millis("opensearch.lease_ms")?,
            rejected_max: read.narrow("opensearch.rejected_max", 1, 1_000_000)?,
        };
        if settings.url.is_empty() {
            return Ok(None);
        }
        if cfg!(not(feature = "opensearch")) {
            let reason = "is given, and this build cannot ship; build with `--features opensearch`";
            return Err(read.wrong("opensearch.url", reason));
        }
        if !settings.api_key.is_empty() && !settings.user.is_empty() {
            return Err(
                read.wrong("opensearch.api_key", "is given beside `opensearch.user`; one of them is enough")
            );
        }
        Ok(Some(settings))
    }
}

/// The address. Credentials and everything that says who read what would go over it in the clear, so it is https, or
/// a program of this machine.
fn url(read: &Reader<'_>) -> Result<String, ConfigError> {
    let key = "opensearch.url";
    if read.text(key)?.is_empty() {
        return Ok(String::new());
    }
    let text = read.url(key, &["http://", "https://"])?;
    let wrong = |reason: &str| Err(read.wrong(key, reason));
    let Ok(url) = reqwest::Url::parse(&text) else { return wrong("is no URL") };
    if !url.username().is_empty() || url.password().is_some() {
        return wrong("holds a name or a password; they go into `opensearch.user` and `opensearch.password`");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return wrong("has more than an address and a path");
    }
    let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']);
    let here = host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|host| host.is_loopback());
    if url.scheme() == "http" && !here {
        return wrong("takes https; plain http is for a service on this machine");
    }
    Ok(text)
}

/// The name of an index as OpenSearch and Elasticsearch both take it.
fn index(read: &Reader<'_>) -> Result<String, ConfigError> {
    let name = read.word("opensearch.index")?;
    let plain = name.replace("{month}", "2026-01");
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
    if plain.len() > 200 || !plain.chars().all(allowed) || plain.starts_with(['-', '_', '.']) {
        let reason = format!(
            "takes up to 200 of a-z, 0-9, `-`, `_` and `.`, the first a letter or digit, and {{month}}; it is {name:?}"
        );
        return Err(read.wrong("opensearch.index", reason));
    }
    Ok(name.to_owned())
}
