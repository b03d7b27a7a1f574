//! Tokens that Trunkline signs itself: JWTs with Ed25519 (RFC 8037), short-lived, noted in the log when they are
//! issued and when they are revoked.

mod key;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::path::PathBuf;
use std::sync::Arc;

use jsonwebtoken::{Algorithm, Header};
use parking_lot::Mutex;
use serde::{Deserialize, Serialize};
use trunkline_access::{EntryRefusal, Identity, Role};
use trunkline_kernel::{Actor, AgentId, Clock, Millis, Timestamp, TokenId};

use crate::claims::{Claims, Rules};
use crate::known::Known;

use key::Key;
pub use key::KeyError;

/// Who makes local tokens, as their claim `iss` says.
pub const ISSUER: &str = "trunkline";

/// How long a checked token is taken without another look at the key.
const FRESH: Millis = Millis::from_mins(10);

/// How often the file is looked at when a token names a key that is not known.
const REREAD: Millis = Millis(1_000);

/// Whom a token is made for, and what it gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grant {
    /// Who.
    pub subject: Actor,
    /// What they are in the centre.
    pub roles: BTreeSet<Role>,
    /// The agent that they are.
    pub agent: Option<AgentId>,
    /// The teams that they belong to or lead.
    pub teams: BTreeSet<String>,
}

/// What is signed.
#[derive(Serialize, Deserialize)]
struct Content {
    iss: String,
    aud: String,
    sub: Actor,
    jti: TokenId,
    iat: i64,
    exp: i64,
    roles: BTreeSet<Role>,
    #[serde(skip_serializing_if = "Option::is_none")]
    agent: Option<AgentId>,
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    teams: BTreeSet<String>,
}

/// Makes and checks local tokens.
pub struct LocalTokens {
    file: PathBuf,
    rules: Rules,
    clock: Arc<dyn Clock>,
    held: Mutex<Held>,
}

#[derive(Default)]
struct Held {
    key: Option<Arc<Key>>,
    looked_at: Option<Timestamp>,
}

impl LocalTokens {
    /// Tokens for `audience`, signed with the key in `file`. The file need not be there yet.
    pub fn new(file: PathBuf, audience: &str, skew: Millis, clock: Arc<dyn Clock>) -> Self {
        let rules = Rules {
            issuer: ISSUER.to_owned(),
            audience: audience.to_owned(),
            algorithms: vec![Algorithm::EdDSA],
            skew,
        };
        Self { file, rules, clock, held: Mutex::default() }
    }

    /// Looks whether the key, when there is one, can be used.
    ///
    /// # Errors
    /// When it cannot.
    pub fn probe(&self) -> Result<(), KeyError> {
        self.held.lock().key = Key::read(&self.file)?.map(Arc::new);
        Ok(())
    }

    /// Signs a token. The key is made when there is none.
    ///
    /// # Errors
    /// When the key cannot be used.
    pub fn sign(&self, id: TokenId, grant: &Grant, expires_at: Timestamp) -> Result<String, KeyError> {
        let key = Key::read_or_make(&self.file)?;
        let content = Content {
            iss: ISSUER.to_owned(),
            aud: self.rules.audience.clone(),
            sub: grant.subject.clone(),
            jti: id,
            iat: seconds(self.clock.now()),
            exp: seconds(expires_at),
            roles: grant.roles.clone(),
            agent: grant.agent,
            teams: grant.teams.clone(),
        };
        // RFC 9068 names the type of access tokens, so that no other JWT is taken for one.
        let header = Header {
            typ: Some("at+jwt".to_owned()),
            kid: Some(key.id.clone()),
            ..Header::new(Algorithm::EdDSA)
        };
        jsonwebtoken::encode(&header, &content, &key.signing).map_err(|_| KeyError::Unmade)
    }

    /// Checks a token.
    ///
    /// # Errors
    /// Why it is not taken.
    pub(crate) fn check(&self, token: &str) -> Result<Known, EntryRefusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| EntryRefusal::Signature)?;
        let key = header.kid.and_then(|id| self.key(&id)).ok_or(EntryRefusal::Signature)?;
        let claims = Claims::of(token, &key.checking, &self.rules, self.clock.now())?;
        let content: Content = claims.read().ok_or(EntryRefusal::Signature)?;
        if content.roles.is_empty() {
            return Err(EntryRefusal::NoRole);
        }
        let expires_at = Timestamp::from_micros(content.exp.saturating_mul(1_000_000));
        Ok(Known {
            identity: Identity {
                actor: content.sub,
                roles: content.roles,
                agent: content.agent,
                teams: content.teams,
                token: Some(content.jti.to_string()),
                expires_at: Some(expires_at),
                address: None,
            },
            local: Some(content.jti),
            asked: None,
            fresh_until: self.clock.now().plus(FRESH),
            until: expires_at.plus(self.rules.skew),
        })
    }

    /// The key of that name. The file is read again when it has another, because it may have been made or replaced.
    fn key(&self, id: &str) -> Option<Arc<Key>> {
        let mut held = self.held.lock();
        let now = self.clock.now();
        let known = held.key.as_ref().is_some_and(|key| key.id == id);
        let looked_lately = held.looked_at.is_some_and(|at| now.since(at) < REREAD);
        if !known && !looked_lately {
            held.looked_at = Some(now);
            match Key::read(&self.file) {
                Ok(key) => held.key = key.map(Arc::new),
                Err(error) => {
                    tracing::error!(
                        error = &error as &dyn std::error::Error,
                        "local tokens cannot be checked"
                    );
                }
            }
        }
        held.key.as_ref().filter(|key| key.id == id).map(Arc::clone)
    }
}

fn seconds(moment: Timestamp) -> i64 {
    moment.micros().div_euclid(1_000_000)
}
