//! The vectors of a public implementation, transparency-dev's `merkle`: proofs that hold and proofs that do not.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use serde::Deserialize;
use trunkline_notary::{Rim, TreeHash, verify_consistency, verify_inclusion};

#[derive(Deserialize)]
struct Vectors {
    leaves: Vec<String>,
    /// Of the trees with 1, 2, … leaves.
    roots: Vec<String>,
    inclusion: Vec<Inclusion>,
    consistency: Vec<Consistency>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Inclusion {
    name: String,
    leaf_idx: u64,
    tree_size: u64,
    root: String,
    leaf_hash: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Consistency {
    name: String,
    size1: u64,
    size2: u64,
    root1: String,
    root2: String,
    proof: Option<Vec<String>>,
    want_err: bool,
}

fn vectors() -> Vectors {
    serde_json::from_str(include_str!("vectors/merkle.json")).unwrap()
}

/// Some vectors hold nothing or what is no hash at all, which our type cannot express. Nothing proves nothing;
/// anything else is at least not the right hash.
fn hash(text: &str) -> Option<TreeHash> {
    (!text.is_empty()).then(|| text.parse().unwrap_or_else(|_| TreeHash::leaf(text.as_bytes())))
}

fn hashes(texts: Option<Vec<String>>) -> Option<Vec<TreeHash>> {
    texts.unwrap_or_default().iter().map(|text| hash(text)).collect()
}

#[test]
fn trees_have_the_roots_that_others_compute() {
    let Vectors { leaves, roots, .. } = vectors();
    assert_eq!((leaves.len(), roots.len()), (8, 8));
    let mut rim = Rim::default();
    assert_eq!(rim.root(), TreeHash::empty());
    for (leaf, root) in leaves.iter().zip(roots) {
        rim.push(TreeHash::leaf(&hex::decode(leaf).unwrap()));
        assert_eq!(hex::encode(rim.root().0), root);
    }
}

#[test]
fn inclusion_proofs_hold_where_others_say_so_and_nowhere_else() {
    let vectors = vectors().inclusion;
    assert!(vectors.iter().filter(|vector| !vector.want_err).count() >= 6);
    assert!(vectors.iter().filter(|vector| vector.want_err).count() >= 70);
    for Inclusion { name, leaf_idx, tree_size, root, leaf_hash, proof, want_err } in vectors {
        let given = (hash(&leaf_hash), hash(&root), hashes(proof));
        let holds = matches!(given, (Some(leaf), Some(root), Some(path))
            if verify_inclusion(leaf, leaf_idx, tree_size, &path, root).is_ok());
        assert_eq!(holds, !want_err, "{name}");
    }
}

#[test]
fn consistency_proofs_hold_where_others_say_so_and_nowhere_else() {
    let vectors = vectors().consistency;
    assert!(vectors.iter().filter(|vector| !vector.want_err).count() >= 6);
    assert!(vectors.iter().filter(|vector| vector.want_err).count() >= 70);
    for Consistency { name, size1, size2, root1, root2, proof, want_err } in vectors {
        let given = (hash(&root1), hash(&root2), hashes(proof));
        let holds = matches!(given, (Some(first), Some(second), Some(path))
            if verify_consistency(size1, size2, &path, first, second).is_ok());
        assert_eq!(holds, !want_err, "{name}");
    }
}
