//! The settings of connections: encryption, limits, and whose pages may ask.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use trunkline_access::Role;
use trunkline_identity::{Patience, Rate};
use trunkline_kernel::Millis;

use super::ConfigError;
use super::reader::Reader;

/// How connections are made and bounded.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct TransportSettings {
    pub plain_http: bool,
    pub proxies: Vec<IpAddr>,
    pub tls: Option<TlsSettings>,
    pub origins: Vec<String>,
    pub connections_max: usize,
    pub handshake: Duration,
    pub header_read: Duration,
    pub header_bytes_max: usize,
    pub headers_max: usize,
    pub request_max: Duration,
    pub subject_rate: Rate,
    pub stranger_rate: Rate,
    pub bad_tokens: Patience,
    pub remembered_max: NonZeroUsize,
}

/// How connections are encrypted.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct TlsSettings {
    pub certificate: PathBuf,
    pub key: PathBuf,
    pub client_authority: Option<PathBuf>,
    pub client_required: bool,
    pub services: BTreeMap<String, BTreeSet<Role>>,
    pub look: Duration,
}

impl TransportSettings {
    pub(super) fn of(read: &Reader<'_>) -> Result<Self, ConfigError> {
        let most = read.size("limits.remembered_max", 1, 10_000_000)?;
        Ok(Self {
            plain_http: read.flag("server.plain_http")?,
            proxies: read.list("server.proxies", "addresses such as \"10.0.0.1, 10.0.0.2\"")?,
            tls: tls(read)?,
            origins: origins(read)?,
            connections_max: read.size("limits.connections_max", 1, 1_000_000)?,
            handshake: read.millis("limits.handshake_ms")?,
            header_read: read.millis("limits.header_read_ms")?,
            header_bytes_max: read.size("limits.header_bytes_max", 8_192, 1 << 20)?,
            headers_max: read.size("limits.headers_max", 16, 10_000)?,
            request_max: read.millis("limits.request_max_ms")?,
            subject_rate: Rate {
                per_second: read.rate("limits.requests_per_second", 0.001, 1_000_000.0)?,
                burst: read.rate("limits.requests_burst", 1.0, 10_000_000.0)?,
            },
            stranger_rate: Rate {
                per_second: read.rate("limits.strangers_per_second", 0.001, 1_000_000.0)?,
                burst: read.rate("limits.strangers_burst", 1.0, 10_000_000.0)?,
            },
            bad_tokens: Patience {
                free: read.narrow("limits.bad_tokens_free", 0, 1_000)?,
                first: Millis(whole(read.number("limits.bad_token_wait_ms", 1, 3_600_000)?)),
                longest: Millis(whole(read.number("limits.bad_token_wait_max_ms", 1, 86_400_000)?)),
            },
            remembered_max: NonZeroUsize::MIN.saturating_add(most - 1),
        })
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

fn tls(read: &Reader<'_>) -> Result<Option<TlsSettings>, ConfigError> {
    let path = |key| read.text(key).map(|text| (!text.is_empty()).then(|| PathBuf::from(text)));
    let (certificate, key) = (path("tls.certificate")?, path("tls.key")?);
    let client_authority = path("tls.client_authority")?;
    let client_required = read.flag("tls.client_required")?;
    let services = services(read)?;
    let look = read.millis("tls.look_ms")?;
    if client_authority.is_none() && (client_required || !services.is_empty()) {
        return Err(read.wrong("tls.client_authority", "is empty, and clients' certificates are counted on"));
    }
    match (certificate, key) {
        (Some(certificate), Some(key)) => {
            Ok(Some(TlsSettings { certificate, key, client_authority, client_required, services, look }))
        }
        (None, None) if client_authority.is_some() => {
            Err(read.wrong("tls.certificate", "is empty, and clients' certificates need encryption"))
        }
        (None, None) => Ok(None),
        (Some(_), None) => Err(read.wrong("tls.key", "is empty, and `tls.certificate` is not")),
        (None, Some(_)) => Err(read.wrong("tls.certificate", "is empty, and `tls.key` is not")),
    }
}

/// `export.example = service, auditor; …`
fn services(read: &Reader<'_>) -> Result<BTreeMap<String, BTreeSet<Role>>, ConfigError> {
    let key = "tls.services";
    let wrong = || {
        read.wrong(key, "takes names with roles such as \"export.example = service; b.example = service\"")
    };
    let lines = read.text(key)?.split(';').map(str::trim).filter(|line| !line.is_empty());
    lines
        .map(|line| {
            let (name, roles) = line.split_once('=').ok_or_else(wrong)?;
            let roles: BTreeSet<Role> = roles
                .split(',')
                .map(|role| role.trim().parse())
                .collect::<Result<_, _>>()
                .map_err(|_| wrong())?;
            Ok((name.trim().to_owned(), roles))
        })
        .collect()
}

fn origins(read: &Reader<'_>) -> Result<Vec<String>, ConfigError> {
    let what = "origins such as \"https://crm.example, https://desk.example:8443\"";
    let origins: Vec<String> = read.list("cors.origins", what)?;
    let holds = |origin: &String| {
        let rest = origin.strip_prefix("https://").or_else(|| origin.strip_prefix("http://"));
        rest.is_some_and(|host| !host.is_empty() && !host.contains(['/', '*', ' ']))
    };
    if origins.iter().all(holds) {
        Ok(origins)
    } else {
        Err(read.wrong("cors.origins", format!("takes {what}")))
    }
}
