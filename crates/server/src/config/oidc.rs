//! The settings of the OpenID Connect provider.

use std::collections::BTreeMap;

use jsonwebtoken::Algorithm;
use trunkline_access::Role;
use trunkline_identity::oidc::{Introspection, Mapping, ProviderOptions};
use trunkline_kernel::Millis;

use super::reader::Reader;
use super::{ConfigError, IdentitySettings};

/// The provider, when there is one.
pub(super) fn of(
    read: &Reader<'_>,
    identity: &IdentitySettings,
) -> Result<Option<ProviderOptions>, ConfigError> {
    let introspection = match read.text("oidc.introspection")? {
        "never" => Introspection::Never,
        "opaque" => Introspection::Opaque,
        "always" => Introspection::Always,
        other => return Err(read.choice("oidc.introspection", &["never", "opaque", "always"], other)),
    };
    let options = ProviderOptions {
        issuer: read.text("oidc.issuer")?.to_owned(),
        audience: identity.audience.clone(),
        algorithms: algorithms(read)?,
        skew: identity.clock_skew,
        mapping: Mapping {
            subject: read.word("oidc.subject_claim")?.to_owned(),
            roles: read.word("oidc.roles_claim")?.to_owned(),
            role_names: role_names(read)?,
            teams: read.word("oidc.teams_claim")?.to_owned(),
            agent: read.word("oidc.agent_claim")?.to_owned(),
        },
        introspection,
        introspection_holds: seconds(read.number("oidc.introspection_seconds", 0, 86_400)?),
        client_id: read.text("oidc.client_id")?.to_owned(),
        client_secret: read.text("oidc.client_secret")?.to_owned(),
        keys_hold: seconds(read.number("oidc.keys_seconds", 60, 7 * 86_400)?),
        keys_pause: seconds(read.number("oidc.keys_pause_seconds", 0, 3_600)?),
        timeout: read.millis("oidc.timeout_ms")?,
        questions_max: read.size("oidc.questions_max", 1, 10_000)?,
        answer_bytes_max: read.size("oidc.answer_bytes_max", 1_024, 64 << 20)?,
    };
    if options.issuer.is_empty() {
        return Ok(None);
    }
    if introspection != Introspection::Never && options.client_id.is_empty() {
        return Err(read.wrong("oidc.client_id", "is empty, and introspection asks who we are"));
    }
    Ok(Some(options))
}

fn seconds(number: u64) -> Millis {
    Millis::from_secs(i64::try_from(number).unwrap_or_default())
}

fn algorithms(read: &Reader<'_>) -> Result<Vec<Algorithm>, ConfigError> {
    let what = "algorithms for public keys such as \"RS256, ES256, EdDSA\"";
    let given: Vec<Algorithm> = read.list("oidc.algorithms", what)?;
    let secret = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
    if given.is_empty() || given.iter().any(|one| secret.contains(one)) {
        return Err(read.wrong("oidc.algorithms", format!("takes {what}")));
    }
    Ok(given)
}

/// `crm-leads = team_lead; …`
fn role_names(read: &Reader<'_>) -> Result<BTreeMap<String, Role>, ConfigError> {
    let key = "oidc.role_names";
    let wrong = || {
        read.wrong(
            key,
            "takes names with our roles such as \"crm-leads = team_lead; crm-admins = administrator\"",
        )
    };
    let pairs = read.text(key)?.split(';').map(str::trim).filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, role) = pair.split_once('=').ok_or_else(wrong)?;
            Ok((name.trim().to_owned(), role.trim().parse().map_err(|_| wrong())?))
        })
        .collect()
}
