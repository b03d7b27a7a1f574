//! Heads, keys and proofs as an auditor meets them.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use trunkline_kernel::{Digest, Position, Timestamp, Version};
use trunkline_notary::{
    ConsistencyDocument, EventDocument, HeadError, InclusionDocument, Leaf, Plan, Proof, ProofError,
    PublicKey, Rim, SignedHead, SigningKey, Tiles, TreeHash, TreeHead, Trust,
};

/// RFC 8032, section 7.1, test 2: a signature of the byte 0x72. What OpenSSL makes of that secret key.
const RFC_8032_KEY: &str = "-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VwBCIEIEzNCJso/5banbbDRuwRTg9bijGfNaumJNqM9u1PuKb7
-----END PRIVATE KEY-----
";

fn key() -> SigningKey {
    SigningKey::from_pem(&SigningKey::generate().unwrap()).unwrap()
}

fn leaf(position: u64) -> Leaf {
    Leaf {
        position: Position(position),
        version: Version(1 + position / 3),
        recorded_at: Timestamp::from_millis(1_772_442_000_000)
            .plus(trunkline_kernel::Millis(i64::try_from(position).unwrap())),
        digest: Digest([u8::try_from(position % 251).unwrap(); 32]),
    }
}

fn head(size: u64, root: TreeHash, key: &SigningKey, next_key: Option<PublicKey>) -> SignedHead {
    TreeHead { size, root, signed_at: Timestamp::from_millis(1_772_442_900_000), next_key }.sign(key)
}

fn tree(size: u64) -> (Rim, Tiles) {
    let mut rim = Rim::default();
    (1..=size).for_each(|position| rim.push(leaf(position).hash()));
    let tiles = rim.take_changed().into_iter().collect();
    (rim, tiles)
}

fn inclusion(position: u64, size: u64, key: &SigningKey) -> Proof {
    let (rim, tiles) = tree(size);
    let path = tiles.hashes(&Plan::inclusion(position - 1, size).unwrap()).unwrap();
    let event = EventDocument { event: leaf(position).into(), canonical: None, path };
    Proof::Inclusion(InclusionDocument { event, head: head(size, rim.root(), key, None) })
}

#[test]
fn keys_are_those_of_rfc_8032_and_of_openssl() {
    let key = SigningKey::from_pem(RFC_8032_KEY).unwrap();
    let public = hex::encode(key.public().bytes());
    assert_eq!(public, "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c");
    let signature = hex::decode(
        "92a009a9f0d4cab8720e820b5f642540a2b27b5416503f8fb3762223ebdb69da085ac1e43e15996e458f3613d0f11d8c387b2eaeb4302aeeb00d291612bb0c00",
    );
    use base64::Engine as _;
    let text = base64::engine::general_purpose::STANDARD.encode(signature.unwrap());
    assert!(key.public().has_signed(b"\x72", &text.parse().unwrap()));
    assert!(!key.public().has_signed(b"\x73", &text.parse().unwrap()));
    assert_eq!(key.public().to_pem().parse::<PublicKey>().unwrap(), key.public());
    assert_eq!(key.public().to_string().parse::<PublicKey>().unwrap(), key.public());
    assert!("not a key".parse::<PublicKey>().is_err() && SigningKey::from_pem("not a key").is_err());
    assert!(!format!("{key:?}").contains("CJso/5banb"));
}

#[test]
fn a_proof_survives_its_file_and_is_small() {
    let key = key();
    let proof = inclusion(123, 400, &key);
    let text = serde_json::to_string(&proof).unwrap();
    let read: Proof = serde_json::from_str(&text).unwrap();
    assert_eq!(read, proof);
    read.check(&Trust::new(key.public())).unwrap();
    // Among ten million events a path has 24 hashes at most.
    let Proof::Inclusion(mut large) = proof else { panic!("it was an inclusion proof") };
    large.event.path = vec![TreeHash::empty(); 24];
    large.head.head.size = 10_000_000;
    large.event.event.position = Position(9_999_999);
    let bytes = serde_json::to_string(&Proof::Inclusion(large)).unwrap().len();
    assert!(bytes < 2_048, "{bytes} bytes");
}

#[test]
fn a_text_beside_a_proof_has_to_be_the_one_that_was_recorded() {
    use sha2::{Digest as _, Sha256};
    let key = key();
    let text = r#"{"type":"call.rang"}"#;
    let leaf = Leaf { digest: Digest(Sha256::digest(text).into()), ..leaf(1) };
    let mut rim = Rim::default();
    rim.push(leaf.hash());
    let head = head(1, rim.root(), &key, None);
    let proof = |canonical: &str| {
        let event =
            EventDocument { event: leaf.into(), canonical: Some(canonical.to_owned()), path: Vec::new() };
        Proof::Inclusion(InclusionDocument { event, head })
    };
    let trust = Trust::new(key.public());
    assert_eq!(proof(text).check(&trust), Ok(()));
    assert_eq!(proof("{}").check(&trust), Err(ProofError::Text(Position(1))));
}

#[test]
fn trust_follows_rotations_and_only_them() {
    let (first, second, stranger) = (key(), key(), key());
    let root = TreeHash::empty();
    let mut trust = Trust::new(first.public());
    let early = head(5, root, &first, None);
    let after = head(20, root, &second, None);
    assert_eq!(trust.check(&early), Ok(()));
    assert_eq!(trust.check(&after), Err(HeadError::UnknownKey(second.public().id())));
    // A rotation that the old key did not sign changes nothing.
    let mut forged = head(10, root, &stranger, Some(stranger.public()));
    assert!(trust.follow(&forged).is_err());
    forged.key = first.public().id();
    assert_eq!(trust.follow(&forged), Err(HeadError::Signature(first.public().id())));
    trust.follow(&head(10, root, &first, Some(second.public()))).unwrap();
    assert_eq!(trust.present(), Some(second.public()));
    assert_eq!((trust.check(&early), trust.check(&after)), (Ok(()), Ok(())));
    // Whoever finds the old key later can vouch for nothing later.
    let late = HeadError::Replaced { key: first.public().id(), replaced_at: 10, size: 11 };
    assert_eq!(trust.check(&head(11, root, &first, None)), Err(late));
    let again = head(11, root, &first, Some(stranger.public()));
    assert_eq!(trust.follow(&again), Err(late));
}

#[test]
fn a_consistency_proof_shows_that_the_log_only_grew() {
    let key = key();
    let ((before, _), (after, tiles)) = (tree(90), tree(300));
    let path = tiles.hashes(&Plan::consistency(90, 300).unwrap()).unwrap();
    let from = head(90, before.root(), &key, None);
    let to = head(300, after.root(), &key, None);
    let trust = Trust::new(key.public());
    let proof = Proof::Consistency(ConsistencyDocument { from, to, path: path.clone() });
    assert_eq!(proof.check(&trust), Ok(()));
    let other = head(90, tree(89).0.root(), &key, None);
    let wrong = Proof::Consistency(ConsistencyDocument { from: other, to, path });
    assert!(matches!(wrong.check(&trust), Err(ProofError::Consistency(_))));
}

/// Replaces one character of a text by another of its kind, so that it mostly stays a document.
fn altered(text: &str, at: usize) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    let at = at % characters.len();
    characters[at] = match characters[at] {
        '9' => '8',
        digit @ '0'..='8' => char::from(digit as u8 + 1),
        'z' | 'Z' => 'b',
        letter if letter.is_ascii_alphabetic() => char::from(letter as u8 + 1),
        other => other,
    };
    characters.into_iter().collect()
}

proptest! {
    #[test]
    fn no_altered_proof_holds(at: usize, position in 1_u64..300) {
        let key = SigningKey::from_pem(RFC_8032_KEY).unwrap();
        let trust = Trust::new(key.public());
        let proof = inclusion(position, 300, &key);
        let altered = altered(&serde_json::to_string(&proof).unwrap(), at);
        if let Ok(read) = serde_json::from_str::<Proof>(&altered) {
            // Base64 has no spare bits here, so that another text is another proof.
            prop_assert!(read == proof || read.check(&trust).is_err(), "{altered}");
        }
    }
}
