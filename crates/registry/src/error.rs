//! Faults of the notary.

use trunkline_database::DatabaseError;
use trunkline_kernel::Position;
use trunkline_log::LogError;
use trunkline_notary::{HeadError, Incomplete, KeyId};

/// Why the notary cannot do what it is asked to.
#[derive(Debug, thiserror::Error)]
pub enum RegistryError {
    /// Its database failed.
    #[error("the notary's database failed")]
    Database(#[from] DatabaseError),
    /// The log failed.
    #[error("the log failed")]
    Log(#[from] LogError),
    /// The stored tree has a hole.
    #[error(transparent)]
    Incomplete(#[from] Incomplete),
    /// A stored head cannot be read.
    #[error("tree head {number} is damaged")]
    Head {
        /// Its number.
        number: u64,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
    /// The stored tree does not lead to the head that was signed over it.
    #[error(
        "the stored tree is not the one of tree head {number}: somebody changed it; run `trunkline audit verify`"
    )]
    Tampered {
        /// The head's number.
        number: u64,
    },
    /// The log holds something else than what was put into the tree.
    #[error(
        "the event at position {0} is not the one that the tree has: somebody changed it; run `trunkline audit verify`"
    )]
    Changed(Position),
    /// An event is not what its digest says, so the notary vouches for nothing from there on.
    #[error("the event at position {0} is not what its digest says; nothing from there on is vouched for")]
    NotIntact(Position),
    /// No signed head has the event yet.
    #[error("no tree head has the event at position {position} yet; the last has size {size}")]
    NotYet {
        /// Where the event is.
        position: Position,
        /// The size of the last head, 0 when there is none.
        size: u64,
    },
    /// There is no such head.
    #[error("the notary has signed no tree head of size {0}")]
    NoHead(u64),
    /// The later head is of a smaller tree, or the earlier of none.
    #[error("a tree of {to} events does not begin with one of {from}")]
    Order {
        /// The size of the earlier head.
        from: u64,
        /// The size of the later head.
        to: u64,
    },
    /// The key at hand is not the one whose turn it is.
    #[error(
        "the last tree head names key {expected} as the one that signs, and the key file holds {found}; put the right \
         key in its place, or hand over with `trunkline audit key --rotate`"
    )]
    WrongKey {
        /// The key whose turn it is.
        expected: KeyId,
        /// The key at hand.
        found: KeyId,
    },
    /// The last head was not signed by its key.
    #[error("the last tree head is not believed")]
    Untrusted(#[from] HeadError),
    /// Another server keeps the tree now.
    #[error("another server keeps the tree now")]
    Superseded,
    /// A thread of the verification was lost.
    #[error("a thread of the verification was lost")]
    Thread,
}
