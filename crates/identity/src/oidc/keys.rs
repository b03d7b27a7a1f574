//! The keys that the provider publishes, kept for a while.

use std::sync::Arc;

use jsonwebtoken::jwk::{AlgorithmParameters, Jwk, KeyAlgorithm, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey};
use parking_lot::RwLock;
use tokio::sync::Mutex;
use trunkline_access::EntryRefusal;
use trunkline_kernel::{Clock, Millis, Timestamp};

use super::ProviderError;
use super::ask::Asker;

/// The most keys that are kept. Providers publish two or three.
const KEYS_MAX: usize = 100;

/// How many times as long as they hold keys are used on while the provider does not answer.
const STALE_TIMES: i64 = 4;

/// What was fetched last.
struct Fetched {
    keys: Vec<Jwk>,
    introspection_endpoint: Option<String>,
    at: Timestamp,
}

/// The keys of a provider.
pub(super) struct Keys {
    hold: Millis,
    pause: Millis,
    fetched: RwLock<Option<Arc<Fetched>>>,
    /// When they were last asked for; held while they are, so that many who wait fetch once.
    tried: Mutex<Option<Timestamp>>,
}

impl Keys {
    pub(super) fn new(hold: Millis, pause: Millis) -> Self {
        Self { hold, pause, fetched: RwLock::default(), tried: Mutex::default() }
    }

    /// The key of that name for that algorithm. An unknown name has the keys fetched again, because keys rotate.
    ///
    /// # Errors
    /// [`EntryRefusal::Signature`] when there is no such key, [`EntryRefusal::Unproven`] when that cannot be known.
    pub(super) async fn get(
        &self,
        asker: &Asker,
        clock: &dyn Clock,
        name: Option<&str>,
        algorithm: Algorithm,
    ) -> Result<DecodingKey, EntryRefusal> {
        let find = |fetched: &Fetched| fetched.keys.iter().find(|key| fits(key, name, algorithm)).cloned();
        let fetched =
            self.fetched(asker, clock, |fetched| find(fetched).is_some()).await.map_err(|error| {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "the provider's keys cannot be fetched"
                );
                EntryRefusal::Unproven
            })?;
        let key = find(&fetched).ok_or(EntryRefusal::Signature)?;
        DecodingKey::from_jwk(&key).map_err(|_| EntryRefusal::Signature)
    }

    /// Where to ask about tokens.
    pub(super) async fn introspection_endpoint(
        &self,
        asker: &Asker,
        clock: &dyn Clock,
    ) -> Result<Option<String>, ProviderError> {
        Ok(self.fetched(asker, clock, |_| true).await?.introspection_endpoint.clone())
    }

    /// What was fetched last when it is new and has what is wanted, and else what is fetched now.
    async fn fetched(
        &self,
        asker: &Asker,
        clock: &dyn Clock,
        has: impl Fn(&Fetched) -> bool,
    ) -> Result<Arc<Fetched>, ProviderError> {
        let now = clock.now();
        let last = || self.fetched.read().clone();
        let new = |fetched: &Arc<Fetched>| now.since(fetched.at) < self.hold && has(fetched);
        if let Some(fetched) = last().filter(new) {
            return Ok(fetched);
        }
        let mut tried = self.tried.lock().await;
        // Whoever was here before may have fetched it.
        if let Some(fetched) = last().filter(new) {
            return Ok(fetched);
        }
        let usable =
            |fetched: &Arc<Fetched>| now.since(fetched.at).0 < self.hold.0.saturating_mul(STALE_TIMES);
        let lately = tried.is_some_and(|tried| now.since(tried) < self.pause);
        if let Some(fetched) = last().filter(|fetched| lately && usable(fetched)) {
            return Ok(fetched);
        }
        *tried = Some(now);
        match asker.describe().await {
            Ok((description, published)) => {
                let keys = published
                    .keys
                    .into_iter()
                    .take(KEYS_MAX)
                    .filter_map(|key| serde_json::from_value(key).ok());
                let introspection_endpoint = description.introspection_endpoint;
                let fetched = Arc::new(Fetched { keys: keys.collect(), introspection_endpoint, at: now });
                *self.fetched.write() = Some(Arc::clone(&fetched));
                Ok(fetched)
            }
            Err(error) => match last().filter(usable) {
                Some(fetched) => {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "the provider's keys stay as they were"
                    );
                    Ok(fetched)
                }
                None => Err(error),
            },
        }
    }
}

/// Whether a key is the one of that name, and one for signatures of that algorithm. A secret is none, whatever it says.
fn fits(key: &Jwk, name: Option<&str>, algorithm: Algorithm) -> bool {
    use Algorithm::{ES256, ES384, EdDSA, PS256, PS384, PS512, RS256, RS384, RS512};
    let named = name.is_none_or(|name| key.common.key_id.as_deref() == Some(name));
    let signs = matches!(key.common.public_key_use, None | Some(PublicKeyUse::Signature));
    let meant = key.common.key_algorithm.is_none_or(|meant| meant == KeyAlgorithm::from(algorithm));
    let family = matches!(
        (&key.algorithm, algorithm),
        (AlgorithmParameters::RSA(_), RS256 | RS384 | RS512 | PS256 | PS384 | PS512)
            | (AlgorithmParameters::EllipticCurve(_), ES256 | ES384)
            | (AlgorithmParameters::OctetKeyPair(_), EdDSA)
    );
    named && signs && meant && family
}
