//! The hashes of the tree.

use std::fmt;
use std::str::FromStr;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest as _, Sha256};

/// The hash of a leaf or a node (RFC 9162, section 2.1.1, with SHA-256). As text it is Base64.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeHash(pub [u8; 32]);

/// A text that is not the Base64 form of 32 bytes.
#[derive(Debug, thiserror::Error)]
#[error("a hash of the tree takes 32 bytes in Base64")]
pub struct InvalidHash;

impl TreeHash {
    /// The root of the tree without entries: the hash of nothing.
    pub fn empty() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// The hash of a leaf with these bytes.
    pub fn leaf(bytes: &[u8]) -> Self {
        Self(Sha256::new().chain_update([0]).chain_update(bytes).finalize().into())
    }

    /// The hash of a node over these two.
    pub fn node(left: Self, right: Self) -> Self {
        let mut bytes = [1; 65];
        bytes[1..33].copy_from_slice(&left.0);
        bytes[33..].copy_from_slice(&right.0);
        Self(Sha256::digest(bytes).into())
    }

    /// The root over perfect subtrees that stand beside each other, the largest first.
    pub(crate) fn fold(subtrees: &[Self]) -> Self {
        let mut from_right = subtrees.iter().rev().copied();
        let Some(last) = from_right.next() else { return Self::empty() };
        from_right.fold(last, |right, left| Self::node(left, right))
    }
}

impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&STANDARD.encode(self.0))
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Exactly `N` bytes from their Base64 form.
pub(crate) fn bytes_of<const N: usize>(text: &str) -> Option<[u8; N]> {
    STANDARD.decode(text).ok()?.try_into().ok()
}

/// Bytes as Base64.
pub(crate) fn text_of(bytes: &[u8]) -> String {
    STANDARD.encode(bytes)
}

impl FromStr for TreeHash {
    type Err = InvalidHash;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        bytes_of(text).map(Self).ok_or(InvalidHash)
    }
}

impl Serialize for TreeHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for TreeHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}
