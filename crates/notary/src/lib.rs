//! The notary's arithmetic: a Merkle tree over the log (RFC 9162), heads signed with Ed25519, and proofs that
//! anybody can check with the public key alone. Nothing here does I/O.
//!
//! # What is in the tree
//!
//! The leaf of the event at position `p` is entry `p - 1`. Its 56 bytes are, integers big-endian: position (8),
//! version in its stream (8), the time of recording in microseconds since 1970 (8, signed), and the event's
//! digest (32), which covers all that the writer said. The tree's hashes are those of RFC 9162, section 2.1, with
//! SHA-256: a leaf is `SHA-256(00 || leaf bytes)`, a node `SHA-256(01 || left || right)`.
//!
//! # How it is stored
//!
//! As tiles of 256 hashes: tile `(0, i)` has the leaf hashes of entries `256 i` to `256 i + 255`, tile `(1, i)` the
//! roots of 256 tiles of level 0, and so on. 32 bytes an event and less than one per cent more; any proof reads
//! two tiles for each factor of 256 in the tree's size at most.

mod document;
mod hash;
mod head;
mod key;
mod leaf;
mod proof;
mod span;
mod tile;

pub use document::{
    ConsistencyDocument, EventDocument, EventsDocument, InclusionDocument, LeafDocument, Proof, ProofError,
};
pub use hash::{InvalidHash, TreeHash};
pub use head::{HeadError, SignedHead, TreeHead, Trust};
pub use key::{InvalidKey, KeyId, PublicKey, Signature, SigningKey};
pub use leaf::{LEAF_BYTES, Leaf};
pub use proof::{MerkleError, verify_consistency, verify_inclusion};
pub use span::{Plan, Subtree};
pub use tile::{Incomplete, Rim, TILE_HASHES, Tile, TileId, Tiles};
