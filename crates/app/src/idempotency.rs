//! The same request twice gives the first answer twice.
//!
//! A request with a key writes, in the same append as everything else, an event with its answer to a stream named
//! after its actor and key, expecting that stream to be empty. So two of them can never both be carried out,
//! whatever crashes in between, and on whichever server they arrive.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trunkline_kernel::{Actor, CommandId, EventId, Id as _};
use uuid::Uuid;

use crate::Refused;

/// The longest idempotency key in bytes.
pub const KEY_BYTES_MAX: usize = 200;

/// The namespace of command ids that are made from keys. Permanent.
const NAMESPACE: Uuid = Uuid::from_u128(0x8f1b_6f0a_52c4_4e0e_9d3c_7a51_0c2d_94e1);

/// What makes a repeated request recognisable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    key: String,
    fingerprint: String,
}

/// An idempotency key that cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("an idempotency key takes 1 to {KEY_BYTES_MAX} bytes; a UUID serves well")]
pub struct InvalidKey;

impl Idempotency {
    /// A key, and a fingerprint of what is asked under it, so that a key used for something else is noticed.
    ///
    /// # Errors
    /// When the key is empty or too long.
    pub fn new(key: &str, asked: &[u8]) -> Result<Self, InvalidKey> {
        use sha2::Digest as _;
        if key.is_empty() || key.len() > KEY_BYTES_MAX {
            return Err(InvalidKey);
        }
        let hash = sha2::Sha256::digest(asked);
        Ok(Self { key: key.to_owned(), fingerprint: trunkline_kernel::Digest(hash.into()).to_string() })
    }

    /// The command's id: the same for the same actor and key.
    pub(crate) fn command(&self, actor: &Actor) -> CommandId {
        CommandId::from_uuid(Uuid::new_v5(&NAMESPACE, format!("{actor}\n{}", self.key).as_bytes()))
    }

    pub(crate) fn fingerprint(&self) -> &str {
        &self.fingerprint
    }
}

/// What is stored of an answer.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub(crate) enum StoredAnswer {
    /// It was carried out.
    Done {
        /// The action's own answer.
        answer: Value,
        /// The events that it led to.
        events: Vec<EventId>,
    },
    /// It was refused.
    Refused(Refused),
}
