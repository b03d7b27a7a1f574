//! What one event contributes to the tree.

use trunkline_kernel::{Digest, Position, Recorded, Timestamp, Version};

use crate::TreeHash;

/// The length of a leaf in bytes.
pub const LEAF_BYTES: usize = 56;

/// An event as the tree has it: what its writer said, by its digest, and all that the log added.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leaf {
    /// Its place in the log, from 1.
    pub position: Position,
    /// Its place in its stream, from 1.
    pub version: Version,
    /// When the log took it.
    pub recorded_at: Timestamp,
    /// SHA-256 over the event's canonical form, as [`trunkline_kernel::NewEvent::digest`] says.
    pub digest: Digest,
}

impl Leaf {
    /// Position, version, time and digest; see the crate's documentation.
    pub fn bytes(&self) -> [u8; LEAF_BYTES] {
        let mut bytes = [0; LEAF_BYTES];
        bytes[..8].copy_from_slice(&self.position.0.to_be_bytes());
        bytes[8..16].copy_from_slice(&self.version.0.to_be_bytes());
        bytes[16..24].copy_from_slice(&self.recorded_at.micros().to_be_bytes());
        bytes[24..].copy_from_slice(&self.digest.0);
        bytes
    }

    /// The leaf's hash.
    pub fn hash(&self) -> TreeHash {
        TreeHash::leaf(&self.bytes())
    }

    /// Its entry in the tree, from 0; none for a position before the first.
    pub fn entry(&self) -> Option<u64> {
        self.position.0.checked_sub(1)
    }
}

impl From<&Recorded> for Leaf {
    fn from(recorded: &Recorded) -> Self {
        Self {
            position: recorded.position,
            version: recorded.version,
            recorded_at: recorded.recorded_at,
            digest: recorded.digest,
        }
    }
}
