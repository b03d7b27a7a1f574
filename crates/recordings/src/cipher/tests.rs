use std::collections::HashSet;

use proptest::prelude::*;
use trunkline_kernel::Id as _;
use uuid::Uuid;

use super::*;

const CHUNK: ChunkSize = ChunkSize::LEAST;

fn key(byte: u8) -> RecordingKey {
    RecordingKey::from_bytes([byte; 32])
}

fn recording(number: u128) -> trunkline_kernel::RecordingId {
    trunkline_kernel::RecordingId::from_uuid(Uuid::from_u128(number))
}

fn plaintext(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect()
}

/// A part, plaintext pushed in pieces of that size.
fn sealed_from(key: &RecordingKey, id: u128, start: u64, plain: &[u8], piece: usize) -> Vec<u8> {
    let mut sealer = Sealer::new(key, recording(id), start, CHUNK).unwrap();
    let mut part = sealer.header().to_vec();
    for piece in plain.chunks(piece.max(1)) {
        sealer.push(piece, |chunk| part.extend_from_slice(&chunk)).unwrap();
    }
    part.extend_from_slice(&sealer.finish().unwrap());
    part
}

fn sealed(plain: &[u8]) -> Vec<u8> {
    sealed_from(&key(1), 1, 0, plain, usize::MAX)
}

fn opened_with(key: &RecordingKey, part: &[u8], id: u128, piece: usize) -> Result<Vec<u8>, OpenError> {
    let header = Header::parse(part)?.expect(recording(id), 0)?;
    let mut opener = Opener::whole(key, &header);
    let mut plain = Vec::new();
    for piece in part[HEADER_BYTES..].chunks(piece.max(1)) {
        opener.push(piece, |chunk| plain.extend_from_slice(&chunk))?;
    }
    plain.extend_from_slice(&opener.finish()?);
    Ok(plain)
}

fn opened(part: &[u8]) -> Result<Vec<u8>, OpenError> {
    opened_with(&key(1), part, 1, usize::MAX)
}

/// The stored chunks of a part.
fn chunks(part: &[u8]) -> Vec<Vec<u8>> {
    part[HEADER_BYTES..].chunks(CHUNK.bytes() + 16).map(<[u8]>::to_vec).collect()
}

fn reassembled(part: &[u8], chunks: &[Vec<u8>]) -> Vec<u8> {
    part[..HEADER_BYTES].iter().copied().chain(chunks.iter().flatten().copied()).collect()
}

#[test]
fn lengths_around_the_edges_of_a_chunk_come_back_as_they_were() {
    for length in [0, 1, 1023, 1024, 1025, 2047, 2048, 2049, 10_000] {
        let plain = plaintext(length);
        let part = sealed(&plain);
        assert_eq!(opened(&part).unwrap(), plain, "of {length}");
        let layout = Layout::of_plain(CHUNK, length as u64);
        assert_eq!(layout.stored(), part.len() as u64, "of {length}");
        assert_eq!(Layout::of_stored(CHUNK, part.len() as u64), Some(layout), "of {length}");
    }
}

#[test]
fn sizes_that_no_part_has_have_no_layout() {
    for stored in [0, 63, 64, 65, 79, 64 + 1040 + 1, 64 + 1040 + 16, 64 + 1040 + 15] {
        assert_eq!(Layout::of_stored(CHUNK, stored), None, "of {stored}");
    }
    assert!(Layout::of_stored(CHUNK, u64::MAX).is_none());
}

#[test]
fn the_form_on_disk_is_the_documented_one() {
    let part = sealed(b"abc");
    assert_eq!(&part[..4], b"TKR\x01");
    assert_eq!(part[4..8], 1024_u32.to_be_bytes());
    assert_eq!(part[8..24], *recording(1).uuid().as_bytes());
    assert_eq!(part[24..32], 0_u64.to_be_bytes());
    assert_eq!(part.len(), 64 + 3 + 16);
    // Written out by hand, with the ciphers alone: what another program would have to do.
    let mut material = [0; 39];
    Hkdf::<Sha256>::new(Some(&part[32..64]), &[1; 32])
        .expand(b"trunkline recording part v1", &mut material)
        .unwrap();
    let mut nonce = [0; 12];
    nonce[..7].copy_from_slice(&material[32..]);
    nonce[11] = 1;
    let cipher = Aes256Gcm::new_from_slice(&material[..32]).unwrap();
    let payload = aes_gcm::aead::Payload { msg: &part[64..], aad: &part[..64] };
    let plain = aes_gcm::aead::Aead::decrypt(&cipher, &Array(nonce), payload).unwrap();
    assert_eq!(plain, b"abc");
}

#[test]
fn other_keys_recordings_places_and_versions_are_refused() {
    let part = sealed(b"abc");
    assert!(matches!(opened_with(&key(2), &part, 1, 99), Err(OpenError::Tampered { chunk: 0 })));
    assert!(matches!(opened_with(&key(1), &part, 2, 99), Err(OpenError::Misplaced)));
    let elsewhere = sealed_from(&key(1), 1, 1024, b"abc", 99);
    assert!(matches!(opened(&elsewhere), Err(OpenError::Misplaced)));
    let mut newer = part.clone();
    newer[3] = 2;
    assert!(matches!(opened(&newer), Err(OpenError::Version(2))));
    assert!(matches!(opened(b"RIFF"), Err(OpenError::Truncated)));
    assert!(matches!(opened(&[b'R'; 90]), Err(OpenError::Foreign)));
}

#[test]
fn no_two_parts_share_a_key_though_all_else_is_equal() {
    let parts: Vec<Vec<u8>> = (0..200).map(|_| sealed(b"the same again")).collect();
    let salts: HashSet<&[u8]> = parts.iter().map(|part| &part[32..64]).collect();
    let bodies: HashSet<&[u8]> = parts.iter().map(|part| &part[64..]).collect();
    assert_eq!((salts.len(), bodies.len()), (200, 200));
}

#[test]
fn equal_chunks_of_one_part_are_sealed_differently() {
    let part = sealed(&vec![7; 20 * CHUNK.bytes()]);
    let different: HashSet<Vec<u8>> = chunks(&part).into_iter().collect();
    assert_eq!(different.len(), 20);
}

#[tokio::test]
async fn a_pipe_seals_and_opens_what_is_longer_than_its_buffers() {
    let plain = plaintext(300_000);
    let (mut stored, mut again) = (Vec::new(), Vec::new());
    let length =
        seal(&key(1), recording(1), ChunkSize::default(), &mut &plain[..], &mut stored).await.unwrap();
    assert_eq!(length, 300_000);
    assert_eq!(open(&key(1), recording(1), &mut &stored[..], &mut again).await.unwrap(), 300_000);
    assert!(again == plain);
    stored.pop();
    let cut = open(&key(1), recording(1), &mut &stored[..], &mut Vec::new()).await;
    assert!(matches!(cut, Err(OpenError::Tampered { .. })));
    let cut = open(&key(1), recording(1), &mut &stored[..40], &mut Vec::new()).await;
    assert!(matches!(cut, Err(OpenError::Truncated)));
}

proptest! {
    #[test]
    fn what_was_sealed_opens_however_it_is_cut_on_the_way(
        length in 0_usize..6_000, pushed in 1_usize..3_000, read in 1_usize..3_000,
    ) {
        let plain = plaintext(length);
        let part = sealed_from(&key(1), 1, 0, &plain, pushed);
        prop_assert_eq!(opened_with(&key(1), &part, 1, read).unwrap(), plain);
    }

    #[test]
    fn a_range_plays_without_the_rest(length in 1_usize..9_000, a in 0_u64..9_000, b in 0_u64..9_500) {
        let plain = plaintext(length);
        let part = sealed(&plain);
        let (start, end) = (a.min(b), a.max(b));
        let layout = Layout::of_stored(CHUNK, part.len() as u64).unwrap();
        let Some(span) = layout.span(start..end) else {
            prop_assert!(start >= length as u64 || start == end);
            return Ok(());
        };
        let stored = usize::try_from(span.stored.start).unwrap()..usize::try_from(span.stored.end).unwrap();
        prop_assert!(stored.len() as u64 <= (span.take / 1024 + 2) * 1040);
        let header = Header::parse(&part).unwrap();
        let mut opener = Opener::span(&key(1), &header, &span);
        let mut got = Vec::new();
        opener.push(&part[stored], |chunk| got.extend_from_slice(&chunk)).unwrap();
        got.extend_from_slice(&opener.finish().unwrap());
        let skip = usize::try_from(span.skip).unwrap();
        let take = usize::try_from(span.take).unwrap();
        let wanted = usize::try_from(start).unwrap()..usize::try_from(end).unwrap().min(length);
        prop_assert_eq!(&got[skip..skip + take], &plain[wanted]);
    }

    #[test]
    fn a_flipped_bit_is_found_wherever_it_is(length in 0_usize..5_000, at in any::<prop::sample::Index>(), bit in 0..8_u32) {
        let mut part = sealed(&plaintext(length));
        let at = at.index(part.len());
        part[at] ^= 1_u8 << bit;
        prop_assert!(opened(&part).is_err(), "bit {} of byte {} of {}", bit, at, part.len());
    }

    #[test]
    fn truncation_is_found_wherever_it_is(length in 0_usize..5_000, at in any::<prop::sample::Index>()) {
        let part = sealed(&plaintext(length));
        prop_assert!(opened(&part[..at.index(part.len())]).is_err());
    }

    #[test]
    fn continuation_is_found(length in 0_usize..5_000, more in prop::collection::vec(any::<u8>(), 1..2_100)) {
        let mut part = sealed(&plaintext(length));
        part.extend_from_slice(&more);
        prop_assert!(opened(&part).is_err());
    }

    #[test]
    fn moved_repeated_and_missing_chunks_are_found(
        count in 2_usize..8, a in any::<prop::sample::Index>(), b in any::<prop::sample::Index>(),
    ) {
        let part = sealed(&plaintext(count * CHUNK.bytes()));
        let chunks = chunks(&part);
        let (a, b) = (a.index(count), b.index(count));
        let mut swapped = chunks.clone();
        swapped.swap(a, b);
        prop_assert_eq!(opened(&reassembled(&part, &swapped)).is_err(), a != b);
        let mut repeated = chunks.clone();
        repeated.insert(b, chunks[a].clone());
        prop_assert!(opened(&reassembled(&part, &repeated)).is_err());
        let mut missing = chunks;
        missing.remove(a);
        prop_assert!(opened(&reassembled(&part, &missing)).is_err());
    }

    #[test]
    fn chunks_of_another_part_are_found(
        count in 1_usize..6, at in any::<prop::sample::Index>(), other_recording: bool, other_key: bool,
    ) {
        let plain = plaintext(count * CHUNK.bytes());
        let part = sealed(&plain);
        // Even the same plaintext at the same place of the same recording is another part.
        let (id, other) = (if other_recording { 2 } else { 1 }, key(if other_key { 2 } else { 1 }));
        let donor = sealed_from(&other, id, 0, &plain, usize::MAX);
        let mut spliced = chunks(&part);
        let at = at.index(count);
        spliced[at] = chunks(&donor)[at].clone();
        prop_assert!(opened(&reassembled(&part, &spliced)).is_err());
        // Nor does a header of the other part help.
        prop_assert!(opened(&reassembled(&donor, &chunks(&part))).is_err());
    }
}
