//! What can go wrong in the vault. No message holds a key or a value.

use trunkline_database::DatabaseError;

/// Why keys cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum VaultError {
    /// The database of the keys failed.
    #[error("the key store failed")]
    Store(#[from] DatabaseError),
    /// The machine has no random numbers to give.
    #[error("the machine gives no random numbers")]
    Random,
    /// The file of master keys cannot be used.
    #[error("the file of master keys {path}: {reason}")]
    File {
        /// Which file.
        path: String,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The master keys given in the environment are none.
    #[error("the master keys given are none: {reason}")]
    Given {
        /// What is wrong with them, and what to do.
        reason: &'static str,
    },
    /// A key is wrapped by a master key that this server does not have.
    #[error(
        "keys in the store are wrapped by the master key {master}, which this server does not have: give every \
         server of one store the same master keys"
    )]
    Master {
        /// The name of the master key.
        master: String,
    },
    /// A wrapped key is not what was wrapped: it was changed or moved to another subject.
    #[error("the wrapped key of {name} was changed or moved")]
    Wrapped {
        /// Whose key.
        name: String,
    },
    /// The key management service did not do as asked.
    #[error("the key management service: {reason}")]
    Service {
        /// What it said, or why it could not be asked.
        reason: String,
    },
    /// Too many keys are being made at once.
    #[error("more than {queue_max} keys are waiting to be made")]
    Busy {
        /// The limit, `vault.queue_max`.
        queue_max: usize,
    },
    /// A key could not be made together with others; asking again can help.
    #[error("a key could not be made: {reason}")]
    Unmade {
        /// What failed for all of them.
        reason: String,
    },
}
