//! Keys and signatures: Ed25519 (RFC 8032), in the files that OpenSSL reads and writes.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

use crate::hash::{bytes_of, text_of};

/// What stands before the 32 bytes of an Ed25519 key in a `SubjectPublicKeyInfo` (RFC 8410, section 4).
const SPKI_PREFIX: [u8; 12] = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/// The name of a key: the first 8 bytes of SHA-256 over its 32 bytes, in hexadecimal.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId([u8; 8]);

/// The key that heads are checked with. As text it is Base64 of its 32 bytes.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; 32]);

/// An Ed25519 signature. As text it is Base64 of its 64 bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Signature([u8; 64]);

/// The key that heads are signed with.
pub struct SigningKey(Ed25519KeyPair);

/// A text that holds no such key, or a key that cannot be made.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InvalidKey(&'static str);

const NO_KEY_ID: InvalidKey = InvalidKey("a key id takes 16 hexadecimal digits");
const NO_PUBLIC_KEY: InvalidKey =
    InvalidKey("an Ed25519 public key takes a PEM file (`BEGIN PUBLIC KEY`) or 32 bytes in Base64");
const NO_SIGNATURE: InvalidKey = InvalidKey("an Ed25519 signature takes 64 bytes in Base64");
const NO_SIGNING_KEY: InvalidKey = InvalidKey("an Ed25519 key takes a PKCS#8 PEM file (`BEGIN PRIVATE KEY`)");
const NO_RANDOM: InvalidKey = InvalidKey("the system gives no random bytes for a new key");

impl PublicKey {
    /// The key with these bytes.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// Its bytes.
    pub const fn bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Its name.
    pub fn id(&self) -> KeyId {
        let mut id = [0; 8];
        id.copy_from_slice(&Sha256::digest(self.0)[..8]);
        KeyId(id)
    }

    /// Whether this key made the signature.
    pub fn has_signed(&self, message: &[u8], signature: &Signature) -> bool {
        UnparsedPublicKey::new(&ED25519, self.0).verify(message, &signature.0).is_ok()
    }

    /// The file that OpenSSL calls a public key.
    pub fn to_pem(&self) -> String {
        pem("PUBLIC KEY", &[&SPKI_PREFIX[..], &self.0].concat())
    }
}

impl SigningKey {
    /// A new key, as the text of its file.
    ///
    /// # Errors
    /// When the system has no random bytes.
    pub fn generate() -> Result<String, InvalidKey> {
        let made = Ed25519KeyPair::generate_pkcs8v1(&SystemRandom::new()).map_err(|_| NO_RANDOM)?;
        Ok(pem("PRIVATE KEY", made.as_ref()))
    }

    /// Reads the text of a key's file.
    ///
    /// # Errors
    /// When it holds no Ed25519 key.
    pub fn from_pem(text: &str) -> Result<Self, InvalidKey> {
        let bytes = unpem("PRIVATE KEY", text).ok_or(NO_SIGNING_KEY)?;
        Ed25519KeyPair::from_pkcs8(&bytes).map(Self).map_err(|_| NO_SIGNING_KEY)
    }

    /// The key that its signatures are checked with.
    pub fn public(&self) -> PublicKey {
        let mut bytes = [0; 32];
        let public = self.0.public_key().as_ref();
        if public.len() == bytes.len() {
            bytes.copy_from_slice(public);
        }
        PublicKey(bytes)
    }

    /// Signs a message.
    pub(crate) fn sign(&self, message: &[u8]) -> Signature {
        let mut bytes = [0; 64];
        let made = self.0.sign(message);
        if made.as_ref().len() == bytes.len() {
            bytes.copy_from_slice(made.as_ref());
        }
        Signature(bytes)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "signing key {}", self.public().id())
    }
}

fn pem(label: &str, bytes: &[u8]) -> String {
    let text = text_of(bytes);
    let mut lines = format!("-----BEGIN {label}-----\n");
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(64));
        lines.push_str(line);
        lines.push('\n');
        rest = after;
    }
    lines.push_str(&format!("-----END {label}-----\n"));
    lines
}

fn unpem(label: &str, text: &str) -> Option<Vec<u8>> {
    use base64::Engine as _;
    let (_, rest) = text.split_once(&format!("-----BEGIN {label}-----"))?;
    let (body, _) = rest.split_once(&format!("-----END {label}-----"))?;
    let body: String = body.split_whitespace().collect();
    base64::engine::general_purpose::STANDARD.decode(body).ok()
}

impl FromStr for PublicKey {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if let Some(bytes) = bytes_of(text.trim()) {
            return Ok(Self(bytes));
        }
        let spki = unpem("PUBLIC KEY", text).ok_or(NO_PUBLIC_KEY)?;
        let key = spki.strip_prefix(&SPKI_PREFIX[..]).and_then(|key| key.try_into().ok());
        key.map(Self).ok_or(NO_PUBLIC_KEY)
    }
}

impl FromStr for KeyId {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut id = [0; 8];
        hex::decode_to_slice(text, &mut id).map_err(|_| NO_KEY_ID)?;
        Ok(Self(id))
    }
}

impl FromStr for Signature {
    type Err = InvalidKey;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        bytes_of(text).map(Self).ok_or(NO_SIGNATURE)
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(&self.0))
    }
}

impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&text_of(&self.0))
    }
}

macro_rules! as_text {
    ($($ty:ty),*) => {$(
        impl fmt::Debug for $ty {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, f)
            }
        }

        impl Serialize for $ty {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $ty {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
            }
        }
    )*};
}

as_text!(KeyId, PublicKey, Signature);
