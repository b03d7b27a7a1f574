//! Checking paths, as RFC 9162, sections 2.1.3.2 and 2.1.4.2, says.

use crate::TreeHash;

/// Why a path proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MerkleError {
    /// The tree is too small for what is claimed of it.
    #[error("the tree has no such entry or size")]
    OutOfRange,
    /// The path has another length than a tree of that size gives.
    #[error("the path has the wrong length")]
    Length,
    /// The path leads to another root.
    #[error("the path does not lead to the root of the tree head")]
    Root,
}

/// Checks that `leaf` is the hash of this entry of the tree with this size and root.
///
/// # Errors
/// When the path does not prove it.
pub fn verify_inclusion(
    leaf: TreeHash,
    entry: u64,
    size: u64,
    path: &[TreeHash],
    root: TreeHash,
) -> Result<(), MerkleError> {
    if entry >= size {
        return Err(MerkleError::OutOfRange);
    }
    let (mut node, mut last) = (entry, size - 1);
    let mut hash = leaf;
    for beside in path {
        if last == 0 {
            return Err(MerkleError::Length);
        }
        if node & 1 == 1 || node == last {
            hash = TreeHash::node(*beside, hash);
            // At the right rim a node without a sibling is its own parent.
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            hash = TreeHash::node(hash, *beside);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(MerkleError::Length);
    }
    if hash == root { Ok(()) } else { Err(MerkleError::Root) }
}

/// Checks that the tree of `from` entries with the first root is the beginning of the tree of `to` entries with
/// the second. The empty tree is the beginning of every tree, so a proof from it would say nothing and none holds.
///
/// # Errors
/// When the path does not prove it.
pub fn verify_consistency(
    from: u64,
    to: u64,
    path: &[TreeHash],
    first: TreeHash,
    second: TreeHash,
) -> Result<(), MerkleError> {
    if from == 0 || from > to {
        return Err(MerkleError::OutOfRange);
    }
    if from == to {
        return match (path.is_empty(), first == second) {
            (false, _) => Err(MerkleError::Length),
            (true, false) => Err(MerkleError::Root),
            (true, true) => Ok(()),
        };
    }
    let (mut node, mut last) = (from - 1, to - 1);
    while node & 1 == 1 {
        node >>= 1;
        last >>= 1;
    }
    // A complete old tree is a node of the new one, and its root is left out of the path.
    let mut rest = path.iter().copied();
    let start = if from.is_power_of_two() { Some(first) } else { rest.next() };
    let Some(start) = start else { return Err(MerkleError::Length) };
    let (mut old, mut new) = (start, start);
    for beside in rest {
        if last == 0 {
            return Err(MerkleError::Length);
        }
        if node & 1 == 1 || node == last {
            old = TreeHash::node(beside, old);
            new = TreeHash::node(beside, new);
            while node & 1 == 0 && node != 0 {
                node >>= 1;
                last >>= 1;
            }
        } else {
            new = TreeHash::node(new, beside);
        }
        node >>= 1;
        last >>= 1;
    }
    if last != 0 {
        return Err(MerkleError::Length);
    }
    if old == first && new == second { Ok(()) } else { Err(MerkleError::Root) }
}
