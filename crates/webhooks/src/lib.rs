//! Signed HTTP requests between programs, as the Standard Webhooks say (<https://www.standardwebhooks.com>, version 1.0):
//! HMAC-SHA-256 over `id.timestamp.body` under a secret that both sides have, in three headers. What goes out and what
//! comes in are signed alike.

use std::fmt;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;
use trunkline_kernel::{Millis, Timestamp};

/// The header that names the message; the same whenever it is sent again.
pub const ID: &str = "webhook-id";
/// The header that says when it was sent, in whole seconds since 1970.
pub const TIMESTAMP: &str = "webhook-timestamp";
/// The header with the signatures, `v1,BASE64`, with blanks between several.
pub const SIGNATURE: &str = "webhook-signature";

/// What a secret begins with.
const PREFIX: &str = "whsec_";
/// The lengths of a secret in bytes.
const SECRET_BYTES: std::ops::RangeInclusive<usize> = 24..=64;
/// How many secrets there can be at once, while one takes the place of another.
const SECRETS_MAX: usize = 4;
/// How many signatures of one message are looked at, and how long its id is at most, in bytes.
const SIGNATURES_MAX: usize = 8;
const ID_BYTES_MAX: usize = 256;
/// The one version of signatures that there is.
const VERSION: &str = "v1,";

/// Secrets that cannot be used. They themselves are not in the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "takes 1 to {SECRETS_MAX} secrets with blanks between them, each whsec_ and the base64 of 24 to 64 random bytes, \
     such as `echo whsec_$(openssl rand -base64 32)` prints"
)]
pub struct InvalidSecrets;

/// Why a message is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unverified {
    /// A header is missing or is not what it should be.
    #[error("one of the headers {ID}, {TIMESTAMP} and {SIGNATURE} is missing or malformed")]
    Malformed,
    /// It was sent too long ago, or in the future.
    #[error("it was sent too long ago, or in the future")]
    Untimely,
    /// None of its signatures is one of ours.
    #[error("its signature is not right")]
    Forged,
}

/// The secrets that both sides have: the newest first, the others until both sides have the newest.
#[derive(Clone)]
pub struct Secrets(Vec<Vec<u8>>);

/// What is beside the body of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signed {
    /// The value of [`ID`].
    pub id: String,
    /// The value of [`TIMESTAMP`].
    pub timestamp: String,
    /// The value of [`SIGNATURE`].
    pub signature: String,
}

impl Signed {
    /// The headers and their values.
    pub fn headers(&self) -> [(&'static str, &str); 3] {
        [(ID, &self.id), (TIMESTAMP, &self.timestamp), (SIGNATURE, &self.signature)]
    }
}

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} secrets", self.0.len())
    }
}

impl Secrets {
    /// Reads secrets with blanks between them, the newest first.
    ///
    /// # Errors
    /// When there is none, there are too many, or one is too short, too long or not base64.
    pub fn read(text: &str) -> Result<Self, InvalidSecrets> {
        let secret = |word: &str| {
            let bytes = BASE64_STANDARD.decode(word.strip_prefix(PREFIX)?).ok()?;
            SECRET_BYTES.contains(&bytes.len()).then_some(bytes)
        };
        let secrets: Option<Vec<_>> = text.split_whitespace().map(secret).collect();
        secrets.filter(|all| (1..=SECRETS_MAX).contains(&all.len())).map(Self).ok_or(InvalidSecrets)
    }

    /// Signs a message under every secret.
    pub fn sign(&self, id: &str, at: Timestamp, body: &[u8]) -> Signed {
        let timestamp = (at.micros().div_euclid(1_000_000)).to_string();
        let signatures = self.0.iter().filter_map(|secret| {
            let signature = mac(secret, id, &timestamp, body)?.finalize().into_bytes();
            Some(format!("{VERSION}{}", BASE64_STANDARD.encode(signature)))
        });
        let signature = signatures.collect::<Vec<_>>().join(" ");
        Signed { id: id.to_owned(), timestamp, signature }
    }

    /// Whether a message was sent by somebody who has one of the secrets, at most `tolerance` before or after `now`.
    /// The signatures are compared in a time that does not depend on them.
    ///
    /// # Errors
    /// When it was not, or that cannot be told.
    pub fn verify(
        &self,
        signed: &Signed,
        body: &[u8],
        now: Timestamp,
        tolerance: Millis,
    ) -> Result<(), Unverified> {
        let Signed { id, timestamp, signature } = signed;
        let holds =
            !id.is_empty() && id.len() <= ID_BYTES_MAX && timestamp.bytes().all(|b| b.is_ascii_digit());
        let seconds: i64 =
            timestamp.parse().ok().filter(|_| holds && !signature.is_empty()).ok_or(Unverified::Malformed)?;
        let apart = now.since(Timestamp::from_micros(seconds.saturating_mul(1_000_000))).0;
        if apart.saturating_abs() > tolerance.0 {
            return Err(Unverified::Untimely);
        }
        let given = signature.split(' ').filter_map(|one| one.strip_prefix(VERSION)).take(SIGNATURES_MAX);
        for given in given.filter_map(|one| BASE64_STANDARD.decode(one).ok()) {
            let is_of = |secret: &Vec<u8>| {
                mac(secret, id, timestamp, body).is_some_and(|mac| mac.verify_slice(&given).is_ok())
            };
            if self.0.iter().any(is_of) {
                return Ok(());
            }
        }
        Err(Unverified::Forged)
    }
}

/// HMAC takes keys of every length, so that there always is one.
fn mac(secret: &[u8], id: &str, timestamp: &str, body: &[u8]) -> Option<Hmac<Sha256>> {
    let mut mac = Hmac::<Sha256>::new_from_slice(secret).ok()?;
    for part in [id.as_bytes(), b".", timestamp.as_bytes(), b".", body] {
        mac.update(part);
    }
    Some(mac)
}

#[cfg(test)]
mod tests;
