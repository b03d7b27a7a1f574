//! Tree heads: what the notary vouches for, and which keys may do so.

use serde::{Deserialize, Serialize};
use trunkline_kernel::Timestamp;

use crate::key::{KeyId, PublicKey, Signature, SigningKey};
use crate::{Leaf, MerkleError, TreeHash};

/// What a signature over a head begins with, so that it can be taken for nothing else.
const CONTEXT: &[u8] = b"trunkline tree head v1\n";

/// What a head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TreeHead {
    /// How many events the tree has: the position of the last.
    pub size: u64,
    /// The tree's root.
    pub root: TreeHash,
    /// When it was signed.
    pub signed_at: Timestamp,
    /// Present in the last head of a key: the key that signs from here on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub next_key: Option<PublicKey>,
}

/// A head with its signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignedHead {
    /// What was signed.
    #[serde(flatten)]
    pub head: TreeHead,
    /// The name of the key that signed.
    pub key: KeyId,
    /// Over [`TreeHead::message`].
    pub signature: Signature,
}

/// Why a head is not believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    /// Nobody vouches for the key that signed it.
    #[error(
        "key {0}, which signed the tree head, is none that is trusted; a chain of rotations may be missing"
    )]
    UnknownKey(KeyId),
    /// The signature is not that of the key over this head.
    #[error("the signature of the tree head is not that of its key {0}")]
    Signature(KeyId),
    /// The key had been replaced when the log was smaller.
    #[error("key {key} was replaced at size {replaced_at}, and the tree head of size {size} is later")]
    Replaced {
        /// The old key.
        key: KeyId,
        /// The size of its last head.
        replaced_at: u64,
        /// The size of the head.
        size: u64,
    },
}

impl TreeHead {
    /// The bytes that are signed: `trunkline tree head v1` and a line feed, then, big-endian, the size (8) and the
    /// time in microseconds since 1970 (8, signed), the root (32), and the next key (32) where there is one.
    pub fn message(&self) -> Vec<u8> {
        let mut message = CONTEXT.to_vec();
        message.extend_from_slice(&self.size.to_be_bytes());
        message.extend_from_slice(&self.signed_at.micros().to_be_bytes());
        message.extend_from_slice(&self.root.0);
        if let Some(next) = &self.next_key {
            message.extend_from_slice(next.bytes());
        }
        message
    }

    /// Signs it.
    pub fn sign(self, key: &SigningKey) -> SignedHead {
        SignedHead { head: self, key: key.public().id(), signature: key.sign(&self.message()) }
    }
}

impl SignedHead {
    /// Checks the inclusion of an event.
    ///
    /// # Errors
    /// When the path does not prove it.
    pub fn includes(&self, leaf: &Leaf, path: &[TreeHash]) -> Result<(), MerkleError> {
        let entry = leaf.entry().ok_or(MerkleError::OutOfRange)?;
        crate::verify_inclusion(leaf.hash(), entry, self.head.size, path, self.head.root)
    }
}

/// The keys that are trusted: one to begin with, and those that each in turn has handed over to.
#[derive(Clone, Debug)]
pub struct Trust {
    keys: Vec<Trusted>,
}

#[derive(Clone, Copy, Debug)]
struct Trusted {
    key: PublicKey,
    /// The size at which it was replaced; nothing later that it signs is believed.
    until: Option<u64>,
}

impl Trust {
    /// Trusts one key.
    pub fn new(key: PublicKey) -> Self {
        Self { keys: vec![Trusted { key, until: None }] }
    }

    /// The key that signs at present, as far as is known.
    pub fn present(&self) -> Option<PublicKey> {
        self.keys.last().map(|trusted| trusted.key)
    }

    /// Checks who signed a head.
    ///
    /// # Errors
    /// When it is nobody who may.
    pub fn check(&self, signed: &SignedHead) -> Result<(), HeadError> {
        let known = self.keys.iter().rev().find(|trusted| trusted.key.id() == signed.key);
        let trusted = known.ok_or(HeadError::UnknownKey(signed.key))?;
        if !trusted.key.has_signed(&signed.head.message(), &signed.signature) {
            return Err(HeadError::Signature(signed.key));
        }
        match trusted.until {
            Some(replaced_at) if signed.head.size > replaced_at => {
                Err(HeadError::Replaced { key: signed.key, replaced_at, size: signed.head.size })
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Checks a head and follows it to the next key where it hands over.
    ///
    /// # Errors
    /// As [`Trust::check`].
    pub fn follow(&mut self, signed: &SignedHead) -> Result<(), HeadError> {
        self.check(signed)?;
        let Some(next) = signed.head.next_key else { return Ok(()) };
        if self.keys.iter().any(|trusted| trusted.key == next) {
            return Ok(());
        }
        for trusted in &mut self.keys {
            if trusted.key.id() == signed.key && trusted.until.is_none() {
                trusted.until = Some(signed.head.size);
            }
        }
        self.keys.push(Trusted { key: next, until: None });
        Ok(())
    }
}
