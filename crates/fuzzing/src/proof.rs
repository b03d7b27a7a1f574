//! A proof as somebody hands it to `trunkline audit check`, and the arithmetic below it without the signatures, which no
//! fuzzer would ever get past.

use std::sync::OnceLock;

use trunkline_notary::{
    ConsistencyDocument, EventDocument, Leaf, Proof, SignedHead, SigningKey, TreeHash, Trust,
    verify_consistency,
};

pub(crate) fn run(bytes: &[u8]) {
    let Ok(proof) = serde_json::from_slice::<Proof>(bytes) else { return };
    assert_eq!(
        proof.check(trust()).is_ok(),
        proof.check(trust()).is_ok(),
        "a check is a function of its proof"
    );
    match &proof {
        Proof::Inclusion(proof) => inclusion(&proof.event, &proof.head),
        Proof::Events(proof) => proof.events.iter().for_each(|event| inclusion(event, &proof.head)),
        Proof::Consistency(proof) => consistency(proof),
    }
}

/// An inclusion that holds does not hold for another path: a root commits to everything on the way.
fn inclusion(event: &EventDocument, head: &SignedHead) {
    let leaf = Leaf::from(event.event);
    if head.includes(&leaf, &event.path).is_err() {
        return;
    }
    for bent in bends(&event.path) {
        assert!(head.includes(&leaf, &bent).is_err(), "a path that is bent still holds");
    }
}

fn consistency(ConsistencyDocument { from, to, path }: &ConsistencyDocument) {
    let (first, second) = (from.head, to.head);
    let holds = |path: &[TreeHash]| {
        verify_consistency(first.size, second.size, path, first.root, second.root).is_ok()
    };
    if holds(path) {
        assert!(!bends(path).any(|bent| holds(&bent)), "a path that is bent still holds");
    }
}

/// The same path with one hash changed, with one less and with one more.
fn bends(path: &[TreeHash]) -> impl Iterator<Item = Vec<TreeHash>> + '_ {
    let another = TreeHash::leaf(b"another");
    let changed = (0..path.len()).map(move |at| {
        let mut bent = path.to_vec();
        bent[at] = another;
        bent
    });
    let shorter = path.split_last().map(|(_, rest)| rest.to_vec());
    let longer = [path, &[another]].concat();
    changed.chain(shorter).chain([longer])
}

fn trust() -> &'static Trust {
    static TRUST: OnceLock<Trust> = OnceLock::new();
    TRUST.get_or_init(|| {
        let pem = SigningKey::generate().expect("a key");
        Trust::new(SigningKey::from_pem(&pem).expect("the key that was made").public())
    })
}
