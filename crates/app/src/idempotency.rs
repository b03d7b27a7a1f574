//! The same request twice gives the first answer twice.
//!
//! A request with a key writes, in the same append as everything else, an event with its answer to a stream named
//! after its actor and key, expecting that stream to be empty. So two of them can never both be carried out,
//! whatever crashes in between, and on whichever server they arrive.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use trunkline_kernel::{Actor, BlindKey, CommandId, EventId, Id as _};

use crate::Refused;

/// The longest idempotency key in bytes.
pub const KEY_BYTES_MAX: usize = 200;

/// What makes a repeated request recognisable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Idempotency {
    key: String,
    asked: [u8; 32],
}

/// A key of one actor as the log knows it: by hashes that tell nothing to who has not the blind-index key, for
/// what is asked can be told from a plain hash by trying, such as a telephone number.
#[derive(Debug)]
pub(crate) struct Keyed {
    /// The command's id: the same for the same actor and key.
    pub(crate) command: CommandId,
    /// Tells one thing asked from another.
    pub(crate) fingerprint: String,
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
        Ok(Self { key: key.to_owned(), asked: sha2::Sha256::digest(asked).into() })
    }

    /// The same key for something that was passed over: whoever asks under it later is told so.
    #[must_use]
    pub fn passed_over(&self) -> Self {
        use sha2::Digest as _;
        Self { key: self.key.clone(), asked: sha2::Sha256::digest("passed over").into() }
    }

    /// The key as the log knows it.
    pub(crate) fn under(&self, index: &BlindKey, actor: &Actor) -> Keyed {
        let name = index.hash("command", format!("{actor}\n{}", self.key).as_bytes());
        let mut bytes = [0; 16];
        bytes.copy_from_slice(&name[..16]);
        let fingerprint = trunkline_kernel::Digest(index.hash("fingerprint", &self.asked)).to_string();
        Keyed {
            command: CommandId::from_uuid(uuid::Builder::from_custom_bytes(bytes).into_uuid()),
            fingerprint,
        }
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
