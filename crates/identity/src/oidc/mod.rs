//! Tokens of an OpenID Connect provider: we are a resource server, nothing more. Signed tokens (RFC 9068) are checked
//! with the keys that the provider publishes; opaque ones, and revocation, by asking it (RFC 7662).

mod ask;
mod keys;
mod mapping;
#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::time::Duration;

use jsonwebtoken::Algorithm;
use parking_lot::Mutex;
use trunkline_access::EntryRefusal;
use trunkline_kernel::{Clock, Millis, Timestamp};

use crate::claims::{Claims, Rules};
use crate::known::Known;

use ask::Asker;
use keys::Keys;
pub use mapping::Mapping;

/// How often it is asked at most about the token of an open connection.
const CONFIRM_PAUSE_MIN: Duration = Duration::from_secs(1);

/// Which tokens the provider is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Introspection {
    /// None: a signed token holds until its end, and an opaque one is not taken.
    Never,
    /// Opaque ones.
    Opaque,
    /// Signed ones as well, so that revoking them takes effect.
    Always,
}

/// The provider, and what is made of its tokens. Each field is a setting `oidc.<name>`.
#[derive(Clone, Debug)]
pub struct ProviderOptions {
    /// Its name, which is the address under which it describes itself as well.
    pub issuer: String,
    /// Whom its tokens must be for.
    pub audience: String,
    /// The algorithms that are taken.
    pub algorithms: Vec<Algorithm>,
    /// How far its clock may be off.
    pub skew: Millis,
    /// What its claims mean here.
    pub mapping: Mapping,
    /// Which tokens it is asked about.
    pub introspection: Introspection,
    /// How long an answer to that holds.
    pub introspection_holds: Millis,
    /// Who we are when we ask it.
    pub client_id: String,
    /// The secret that proves it.
    pub client_secret: String,
    /// How long its keys are used before they are fetched again.
    pub keys_hold: Millis,
    /// How long to wait between two fetches at least, so that tokens with invented key names make us fetch nothing.
    pub keys_pause: Millis,
    /// How long it may take to answer.
    pub timeout: Duration,
    /// How many questions to it are under way at once.
    pub questions_max: usize,
    /// How many bytes it may answer with.
    pub answer_bytes_max: usize,
}

/// The provider cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ProviderError {
    /// An address is neither https nor on this machine.
    #[error("{address:?} is neither an https address nor one of this machine")]
    Insecure {
        /// Which.
        address: String,
    },
    /// An HMAC algorithm is among those that are taken.
    #[error("the algorithm {algorithm:?} takes a secret and not a public key")]
    Symmetric {
        /// Which.
        algorithm: Algorithm,
    },
    /// It cannot be asked, or does not answer with success.
    #[error("the provider does not answer")]
    Silent(#[from] reqwest::Error),
    /// Its answer is too large.
    #[error("the provider answers with more than {limit} bytes")]
    TooLarge {
        /// `oidc.answer_bytes_max`.
        limit: usize,
    },
    /// Its answer has another form.
    #[error("the provider's answer has another form")]
    Unreadable(#[from] serde_json::Error),
    /// It calls itself something else.
    #[error("the provider calls itself {given:?}")]
    OtherName {
        /// What.
        given: String,
    },
    /// It offers no introspection.
    #[error("the provider offers no introspection")]
    NoIntrospection,
}

/// An OpenID Connect provider.
pub struct Provider {
    options: ProviderOptions,
    rules: Rules,
    asker: Asker,
    keys: Keys,
    clock: Arc<dyn Clock>,
}

impl Provider {
    /// A provider that is not asked before the first token comes.
    ///
    /// # Errors
    /// When its name is no address that can be trusted, or an algorithm is none for public keys.
    pub fn new(options: ProviderOptions, clock: Arc<dyn Clock>) -> Result<Self, ProviderError> {
        let symmetric = [Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];
        if let Some(algorithm) = options.algorithms.iter().copied().find(|one| symmetric.contains(one)) {
            return Err(ProviderError::Symmetric { algorithm });
        }
        let rules = Rules {
            issuer: options.issuer.clone(),
            audience: options.audience.clone(),
            algorithms: options.algorithms.clone(),
            skew: options.skew,
        };
        let asker = Asker::new(&options)?;
        let keys = Keys::new(options.keys_hold, options.keys_pause);
        Ok(Self { options, rules, asker, keys, clock })
    }

    /// Whether tokens that name this issuer are its.
    pub(crate) fn is(&self, issuer: &str) -> bool {
        self.options.issuer == issuer
    }

    /// Whether it is asked about opaque tokens.
    pub(crate) fn knows_opaque(&self) -> bool {
        self.options.introspection != Introspection::Never
    }

    /// Checks a signed token.
    ///
    /// # Errors
    /// Why it is not taken.
    pub(crate) async fn check_signed(&self, token: &str) -> Result<Known, EntryRefusal> {
        let header = jsonwebtoken::decode_header(token).map_err(|_| EntryRefusal::Signature)?;
        // Other tokens of the same provider, such as those that end a session, are no access tokens.
        let typed =
            header.typ.as_deref().map(|typ| typ.trim_start_matches("application/").to_ascii_lowercase());
        if !self.options.algorithms.contains(&header.alg)
            || !matches!(typed.as_deref(), None | Some("jwt" | "at+jwt"))
        {
            return Err(EntryRefusal::Signature);
        }
        let key = self.keys.get(&self.asker, &*self.clock, header.kid.as_deref(), header.alg).await?;
        let claims = Claims::of(token, &key, &self.rules, self.clock.now())?;
        let asked = if self.options.introspection == Introspection::Always {
            self.ask(token).await?;
            Some(self.clock.now())
        } else {
            None
        };
        self.known(&claims, asked)
    }

    /// Asks about an opaque token.
    ///
    /// # Errors
    /// Why it is not taken.
    pub(crate) async fn check_opaque(&self, token: &str) -> Result<Known, EntryRefusal> {
        let claims = self.ask(token).await.map_err(|because| {
            // It was never known to be anything else than wrong.
            if because == EntryRefusal::Revoked { EntryRefusal::Signature } else { because }
        })?;
        claims.hold_to(&self.rules, self.clock.now())?;
        self.known(&claims, Some(self.clock.now()))
    }

    /// Asks again about a token that was right, when the last answer is old.
    ///
    /// # Errors
    /// When it was revoked in the meantime, or the provider cannot be asked.
    pub(crate) async fn confirm(&self, token: &str, asked: &Mutex<Timestamp>) -> Result<(), EntryRefusal> {
        let now = self.clock.now();
        if now.since(*asked.lock()) < self.options.introspection_holds {
            return Ok(());
        }
        self.ask(token).await?;
        *asked.lock() = now;
        Ok(())
    }

    /// Waits until a token is revoked. A provider that does not answer is asked again: until it does, the token's own
    /// end is what bounds it.
    pub(crate) async fn revoked(&self, token: &str) {
        let pause = self.options.introspection_holds.0.unsigned_abs();
        let pause = Duration::from_millis(pause).max(CONFIRM_PAUSE_MIN);
        loop {
            tokio::time::sleep(pause).await;
            if self.ask(token).await == Err(EntryRefusal::Revoked) {
                return;
            }
        }
    }

    async fn ask(&self, token: &str) -> Result<Claims, EntryRefusal> {
        match self.asker.introspect(token, &self.keys, &*self.clock).await {
            Ok(Some(claims)) => Ok(claims),
            Ok(None) => Err(EntryRefusal::Revoked),
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a token cannot be asked about");
                Err(EntryRefusal::Unproven)
            }
        }
    }

    fn known(&self, claims: &Claims, asked: Option<Timestamp>) -> Result<Known, EntryRefusal> {
        let identity = self.options.mapping.identity(claims)?;
        let until = identity.expires_at.ok_or(EntryRefusal::Foreign)?.plus(self.options.skew);
        let fresh_until = self.clock.now().plus(self.options.keys_hold);
        Ok(Known { identity, local: None, asked: asked.map(Mutex::new), fresh_until, until })
    }
}
