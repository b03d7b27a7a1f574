//! Proofs as files: small JSON documents that say what they are.

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use trunkline_kernel::{Digest, Position, Timestamp, Version};

use crate::{HeadError, Leaf, MerkleError, SignedHead, TreeHash, Trust, verify_consistency};

/// A proof, told apart by its field `proof`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "proof", rename_all = "snake_case")]
pub enum Proof {
    /// One event is in the tree.
    Inclusion(InclusionDocument),
    /// Several events are in the tree.
    Events(EventsDocument),
    /// One tree is the beginning of another.
    Consistency(ConsistencyDocument),
}

/// The event at this place is in the tree of this head.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct InclusionDocument {
    /// The event and its path.
    #[serde(flatten)]
    pub event: EventDocument,
    /// The head.
    pub head: SignedHead,
}

/// All of these events are in the tree of this head. That there are no others it cannot prove.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventsDocument {
    /// What was asked for, such as `customer:…`.
    pub tag: String,
    /// The events in the order of the log.
    pub events: Vec<EventDocument>,
    /// The head.
    pub head: SignedHead,
}

/// The tree of the first head is the beginning of that of the second: between them the log only grew.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConsistencyDocument {
    /// The earlier head.
    pub from: SignedHead,
    /// The later head.
    pub to: SignedHead,
    /// The path of RFC 9162, section 2.1.4.
    pub path: Vec<TreeHash>,
}

/// An event with its path.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EventDocument {
    /// The event's leaf.
    pub event: LeafDocument,
    /// What the event says, as the canonical text whose SHA-256 is its digest; left out of the small form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub canonical: Option<String>,
    /// The path of RFC 9162, section 2.1.3.
    pub path: Vec<TreeHash>,
}

/// A leaf as a document has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeafDocument {
    /// The event's place in the log.
    pub position: Position,
    /// Its place in its stream.
    pub version: Version,
    /// When the log took it.
    pub recorded_at: Timestamp,
    /// Its digest, 64 hexadecimal digits.
    #[serde(with = "digest_text")]
    pub digest: Digest,
}

mod digest_text {
    use serde::{Deserialize as _, Deserializer, Serializer};
    use trunkline_kernel::Digest;

    pub(super) fn serialize<S: Serializer>(digest: &Digest, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(digest)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Digest, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(serde::de::Error::custom)
    }
}

impl From<Leaf> for LeafDocument {
    fn from(leaf: Leaf) -> Self {
        let Leaf { position, version, recorded_at, digest } = leaf;
        Self { position, version, recorded_at, digest }
    }
}

impl From<LeafDocument> for Leaf {
    fn from(document: LeafDocument) -> Self {
        let LeafDocument { position, version, recorded_at, digest } = document;
        Self { position, version, recorded_at, digest }
    }
}

/// Why a proof does not hold.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The head is not believed.
    #[error(transparent)]
    Head(#[from] HeadError),
    /// A path proves nothing.
    #[error("the event at position {position} is not proven: {reason}")]
    Event {
        /// Which event.
        position: Position,
        /// Why.
        reason: MerkleError,
    },
    /// The text is not the event's.
    #[error("what is given as the text of the event at position {0} is not what was recorded")]
    Text(Position),
    /// The later tree does not begin with the earlier one.
    #[error("the later tree does not begin with the earlier one: {0}")]
    Consistency(MerkleError),
}

impl EventDocument {
    fn check(&self, head: &SignedHead) -> Result<(), ProofError> {
        let leaf = Leaf::from(self.event);
        head.includes(&leaf, &self.path)
            .map_err(|reason| ProofError::Event { position: leaf.position, reason })?;
        match &self.canonical {
            Some(text) if Digest(Sha256::digest(text).into()) != leaf.digest => {
                Err(ProofError::Text(leaf.position))
            }
            Some(_) | None => Ok(()),
        }
    }
}

impl Proof {
    /// The heads that it rests on, the earlier first.
    pub fn heads(&self) -> Vec<SignedHead> {
        match self {
            Self::Inclusion(proof) => vec![proof.head],
            Self::Events(proof) => vec![proof.head],
            Self::Consistency(proof) => vec![proof.from, proof.to],
        }
    }

    /// Checks everything about it, given the keys that are trusted.
    ///
    /// # Errors
    /// The first thing that does not hold.
    pub fn check(&self, trust: &Trust) -> Result<(), ProofError> {
        let mut trust = trust.clone();
        for head in self.heads() {
            trust.follow(&head)?;
        }
        match self {
            Self::Inclusion(proof) => proof.event.check(&proof.head),
            Self::Events(proof) => proof.events.iter().try_for_each(|event| event.check(&proof.head)),
            Self::Consistency(ConsistencyDocument { from, to, path }) => {
                let (first, second) = (from.head, to.head);
                verify_consistency(first.size, second.size, path, first.root, second.root)
                    .map_err(ProofError::Consistency)
            }
        }
    }
}
