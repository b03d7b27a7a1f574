//! The Transit API of HashiCorp Vault, and of what speaks the same: the master key never leaves the service.
//!
//! Used: `POST /v1/MOUNT/encrypt/KEY` and `/decrypt/KEY` with `batch_input`, `GET /v1/MOUNT/keys/KEY` and
//! `POST /v1/MOUNT/keys/KEY/rotate`. Wrapped is the key together with a hash of whose it is, so that a row of the
//! store cannot be put in another's place whatever type of key the service uses.

use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use reqwest::{Client, Method};
use serde::Deserialize;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use zeroize::Zeroizing;

use super::Wrapped;
use super::ring::{forged, secret_of};
use crate::cipher::Secret;
use crate::store::KeyName;
use crate::{Forged, VaultError};

/// How long one request may take.
const TIME_MAX: Duration = Duration::from_secs(10);
/// How many keys go into one request.
const BATCH_MAX: usize = 500;
/// How many bytes of the hash of whose it is are wrapped with a key.
const NAME_BYTES: usize = 16;

/// A key of a Transit service.
pub struct Transit {
    client: Client,
    /// The service's address and mount, `https://vault:8200/v1/transit`.
    base: String,
    key: String,
    token: Zeroizing<String>,
}

impl std::fmt::Debug for Transit {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/keys/{}", self.base, self.key)
    }
}

#[derive(Deserialize)]
struct Answer {
    data: Value,
}

#[derive(Deserialize)]
struct Encrypted {
    ciphertext: String,
}

#[derive(Deserialize)]
struct Decrypted {
    plaintext: Zeroizing<String>,
}

impl Transit {
    /// The key of this name under a mount (usually `transit`) of the service at an address.
    ///
    /// # Errors
    /// When the HTTP client cannot be made.
    pub fn new(address: &str, mount: &str, key: &str, token: &str) -> Result<Self, VaultError> {
        let client = Client::builder().timeout(TIME_MAX).build().map_err(|error| unreachable(&error))?;
        let base = format!("{}/v1/{}", address.trim_end_matches('/'), mount.trim_matches('/'));
        Ok(Self { client, base, key: key.to_owned(), token: Zeroizing::new(token.to_owned()) })
    }

    pub(super) async fn active(&self) -> Result<String, VaultError> {
        let data = self.ask(Method::GET, &format!("keys/{}", self.key), None).await?;
        let version = data.get("latest_version").and_then(Value::as_u64);
        version.map(master).ok_or_else(|| misunderstood("keys"))
    }

    pub(super) async fn rotate(&self) -> Result<String, VaultError> {
        self.ask(Method::POST, &format!("keys/{}/rotate", self.key), Some(json!({}))).await?;
        self.active().await
    }

    pub(super) async fn wrap(&self, keys: &[(KeyName, &Secret)]) -> Result<Vec<Wrapped>, VaultError> {
        let mut wrapped = Vec::with_capacity(keys.len());
        for page in keys.chunks(BATCH_MAX) {
            let input = page.iter().map(|(name, key)| {
                let plaintext = Zeroizing::new([key.as_slice(), &name_hash(name)].concat());
                json!({ "plaintext": STANDARD.encode(&*plaintext) })
            });
            for Encrypted { ciphertext } in self.batch("encrypt", input.collect()).await? {
                let version =
                    ciphertext.split(':').nth(1).and_then(|part| part.strip_prefix('v')?.parse().ok());
                let master = version.map(master).ok_or_else(|| misunderstood("encrypt"))?;
                wrapped.push(Wrapped { text: ciphertext, master });
            }
        }
        Ok(wrapped)
    }

    pub(super) async fn unwrap(&self, keys: &[(KeyName, Wrapped)]) -> Result<Vec<Secret>, VaultError> {
        let mut unwrapped = Vec::with_capacity(keys.len());
        for page in keys.chunks(BATCH_MAX) {
            let input = page.iter().map(|(_, wrapped)| json!({ "ciphertext": wrapped.text })).collect();
            let plain: Vec<Decrypted> = self.batch("decrypt", input).await?;
            for ((name, _), Decrypted { plaintext }) in page.iter().zip(plain) {
                let bytes = STANDARD.decode(plaintext.as_bytes()).map(Zeroizing::new);
                let bytes = bytes.map_err(|_| misunderstood("decrypt"))?;
                let split = bytes.len().saturating_sub(NAME_BYTES);
                let (key, hash) = bytes.split_at(split);
                let ours = hash == name_hash(name);
                let key = secret_of(key).filter(|_| ours);
                unwrapped.push(key.ok_or_else(|| forged(name)(Forged))?);
            }
        }
        Ok(unwrapped)
    }

    async fn batch<T: serde::de::DeserializeOwned>(
        &self,
        what: &str,
        input: Vec<Value>,
    ) -> Result<Vec<T>, VaultError> {
        let wanted = input.len();
        let body = json!({ "batch_input": input });
        let data = self.ask(Method::POST, &format!("{what}/{}", self.key), Some(body)).await?;
        let results = data.get("batch_results").cloned().unwrap_or_default();
        let results: Vec<T> = serde_json::from_value(results).map_err(|_| misunderstood(what))?;
        if results.len() == wanted { Ok(results) } else { Err(misunderstood(what)) }
    }

    async fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, VaultError> {
        let request = self.client.request(method, format!("{}/{path}", self.base));
        let request = request.header("X-Vault-Token", self.token.as_str());
        let request = if let Some(body) = body { request.json(&body) } else { request };
        let response = request.send().await.map_err(|error| unreachable(&error))?;
        let status = response.status();
        if !status.is_success() {
            return Err(VaultError::Service { reason: format!("it answered {status} to {path}") });
        }
        if status == reqwest::StatusCode::NO_CONTENT {
            return Ok(Value::Null);
        }
        let answer: Answer = response.json().await.map_err(|_| misunderstood(path))?;
        Ok(answer.data)
    }
}

fn master(version: u64) -> String {
    format!("transit:v{version}")
}

fn name_hash(name: &KeyName) -> [u8; NAME_BYTES] {
    let hash = Sha256::digest(name.context());
    let mut bytes = [0; NAME_BYTES];
    bytes.copy_from_slice(&hash[..NAME_BYTES]);
    bytes
}

fn unreachable(error: &reqwest::Error) -> VaultError {
    // The address can be shown; the token is in a header and in no error.
    let mut reason = error.to_string();
    if let Some(cause) = std::error::Error::source(error) {
        reason = format!("{reason}: {cause}");
    }
    VaultError::Service { reason }
}

fn misunderstood(what: &str) -> VaultError {
    VaultError::Service { reason: format!("its answer to {what} was not that of the Transit API") }
}
