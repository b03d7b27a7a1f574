use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream;
use proptest::prelude::*;
use proptest::test_runner::TestCaseError;
use trunkline_kernel::{CallId, CustomerId, Id as _};
use uuid::Uuid;

use super::*;
use crate::objects::Place;
use crate::wrap::KeyFile;

const LIMITS: Limits =
    Limits { bytes_max: 100_000, part_bytes: 4_096, parts_max: 20, chunk: ChunkSize::LEAST };

struct Room {
    archive: Arc<Archive>,
    folder: tempfile::TempDir,
}

fn room() -> Room {
    let folder = tempfile::tempdir().unwrap();
    let open = |name: &str| Objects::open(&Place::Folder(folder.path().join(name))).unwrap();
    let keys = KeyFile::open(&folder.path().join("master.key")).unwrap();
    let archive = Archive::new(open("audio"), open("keys"), Arc::new(keys), LIMITS);
    Room { archive: Arc::new(archive), folder }
}

fn id(number: u128) -> RecordingId {
    RecordingId::from_uuid(Uuid::from_u128(number))
}

fn owner() -> Owner {
    Owner::Customer(CustomerId::from_uuid(Uuid::from_u128(9)))
}

fn audio(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 37 % 253).unwrap()).collect()
}

fn wav(length: Option<u64>) -> Upload {
    Upload { length, media_type: "audio/wav".to_owned() }
}

/// A body that comes in pieces of that size, and breaks off after them when it is told so.
fn body(bytes: &[u8], piece: usize, breaks: bool) -> impl Stream<Item = Result<Bytes, ()>> + use<> {
    let pieces: Vec<_> = bytes.chunks(piece.max(1)).map(|piece| Ok(Bytes::copy_from_slice(piece))).collect();
    stream::iter(pieces.into_iter().chain(breaks.then_some(Err(()))))
}

use futures::Stream;

impl Room {
    async fn stored(&self, number: u128, audio: &[u8]) -> Audio {
        self.archive.begin(id(number), owner(), &wav(Some(audio.len() as u64))).await.unwrap();
        let (end, ended) =
            self.archive.append(id(number), owner(), 0, body(audio, 1_000, false)).await.unwrap();
        assert_eq!((end, ended.is_ok()), (audio.len() as u64, true));
        let sealed = self.archive.finish(id(number), owner()).await.unwrap();
        self.archive.settle(id(number)).await.unwrap();
        sealed
    }

    async fn played(&self, number: u128, range: std::ops::Range<u64>) -> Result<Vec<u8>, ArchiveError> {
        let mut playback = self.archive.play(id(number), owner(), range).await?;
        let mut all = Vec::new();
        while let Some(piece) = playback.next().await? {
            all.extend_from_slice(&piece);
        }
        Ok(all)
    }

    fn file(&self, number: u128, name: &str) -> PathBuf {
        self.folder.path().join("audio").join(id(number).to_string()).join(name)
    }

    fn files(&self, number: u128) -> Vec<PathBuf> {
        let folder = self.folder.path().join("audio").join(id(number).to_string());
        let mut files: Vec<PathBuf> = match std::fs::read_dir(folder) {
            Ok(entries) => entries.map(|entry| entry.unwrap().path()).collect(),
            Err(_) => Vec::new(),
        };
        files.sort();
        files
    }
}

fn sha256(bytes: &[u8]) -> String {
    use sha2::Digest as _;
    hex::encode(sha2::Sha256::digest(bytes))
}

#[tokio::test]
async fn audio_comes_back_byte_for_byte_with_its_digests() {
    let room = room();
    let audio = audio(10_000);
    let sealed = room.stored(1, &audio).await;
    assert_eq!(sealed.sha256, sha256(&audio));
    let parts: Vec<u8> = room
        .files(1)
        .iter()
        .filter(|file| file.to_string_lossy().contains(PART))
        .flat_map(|file| std::fs::read(file).unwrap())
        .collect();
    assert_eq!((sealed.stored_sha256.as_str(), sealed.stored_bytes), (&*sha256(&parts), parts.len() as u64));
    assert_eq!((sealed.bytes, sealed.parts, sealed.media_type.as_str()), (10_000, 3, "audio/wav"));
    assert_eq!(room.played(1, 0..u64::MAX).await.unwrap(), audio);
    assert_eq!(room.archive.verify(id(1), owner()).await.unwrap(), sealed);
}

#[tokio::test]
async fn an_upload_that_breaks_off_goes_on_where_it_was_stored() {
    let room = room();
    let audio = audio(9_000);
    room.archive.begin(id(1), owner(), &wav(None)).await.unwrap();
    let (end, broken) =
        room.archive.append(id(1), owner(), 0, body(&audio[..5_000], 700, true)).await.unwrap();
    assert_eq!((end, broken.is_err()), (5_000, true));
    let wrong = room.archive.append(id(1), owner(), 4_999, body(&audio[4_999..], 700, false)).await;
    assert!(matches!(wrong, Err(ArchiveError::Conflict { offset: 5_000 })));
    // Another process knows as much as the first did.
    let progress = room.archive.progress(id(1)).await.unwrap().unwrap();
    assert_eq!((progress.offset, progress.is_complete()), (5_000, false));
    room.archive.set_length(id(1), 9_000).await.unwrap();
    room.archive.append(id(1), owner(), 5_000, body(&audio[5_000..], 700, false)).await.unwrap().1.unwrap();
    assert!(room.archive.progress(id(1)).await.unwrap().unwrap().is_complete());
    assert_eq!(room.archive.finish(id(1), owner()).await.unwrap().sha256, sha256(&audio));
}

#[tokio::test]
async fn an_end_that_was_not_heard_of_can_be_said_again() {
    let room = room();
    let audio = audio(3_000);
    room.archive.begin(id(1), owner(), &wav(Some(3_000))).await.unwrap();
    room.archive.append(id(1), owner(), 0, body(&audio, 700, false)).await.unwrap().1.unwrap();
    let first = room.archive.finish(id(1), owner()).await.unwrap();
    assert_eq!(room.archive.finish(id(1), owner()).await.unwrap(), first);
    room.archive.settle(id(1)).await.unwrap();
    assert_eq!(room.archive.finish(id(1), owner()).await.unwrap(), first);
    assert_eq!(room.played(1, 0..9_999).await.unwrap(), audio);
}

#[tokio::test]
async fn nothing_in_the_clear_touches_the_disk() {
    let room = room();
    let canary = b"my card number is four one one one";
    room.archive.begin(id(1), owner(), &wav(None)).await.unwrap();
    let mut spoken = canary.repeat(100);
    spoken.truncate(3_000);
    room.archive.append(id(1), owner(), 0, body(&spoken, 500, true)).await.unwrap().1.unwrap_err();
    for file in room.files(1) {
        let stored = std::fs::read(&file).unwrap();
        let leaks = stored.windows(12).any(|window| window == &canary[..12]);
        assert!(!leaks, "{} holds what was said", file.display());
    }
    assert!(room.files(1).len() >= 2, "a part is there");
}

#[tokio::test]
async fn limits_are_told_by_name_and_keep_what_was_stored() {
    let room = room();
    let too_large = room.archive.begin(id(1), owner(), &wav(Some(100_001))).await;
    assert!(matches!(too_large, Err(ArchiveError::Limit { name: "bytes_max", limit: 100_000 })));
    room.archive.begin(id(1), owner(), &wav(Some(10))).await.unwrap();
    let again = room.archive.begin(id(1), owner(), &wav(Some(10))).await;
    assert!(matches!(again, Err(ArchiveError::AlreadyBegun)));
    let longer = room.archive.append(id(1), owner(), 0, body(&audio(11), 11, false)).await;
    assert!(matches!(longer, Err(ArchiveError::TooLong { length: 10 })));
    assert_eq!(room.archive.progress(id(1)).await.unwrap().unwrap().offset, 0);
    room.archive.begin(id(2), owner(), &wav(None)).await.unwrap();
    for offset in 0..20 {
        room.archive.append(id(2), owner(), offset, body(&[7], 1, false)).await.unwrap().1.unwrap();
    }
    let more = room.archive.append(id(2), owner(), 20, body(&[7], 1, false)).await;
    assert!(matches!(more, Err(ArchiveError::Limit { name: "parts_max", limit: 20 })));
    let unknown = room.archive.append(id(3), owner(), 0, body(&[7], 1, false)).await;
    assert!(matches!(unknown, Err(ArchiveError::NotBegun)));
}

#[tokio::test]
async fn of_two_that_send_the_same_piece_one_is_told_so() {
    let room = room();
    let audio = audio(9_000);
    room.archive.begin(id(1), owner(), &wav(Some(9_000))).await.unwrap();
    let (a, b) = tokio::join!(
        room.archive.append(id(1), owner(), 0, body(&audio, 700, false)),
        room.archive.append(id(1), owner(), 0, body(&audio, 900, false)),
    );
    assert!(a.is_ok() || b.is_ok());
    assert!([a, b].into_iter().any(|one| matches!(one, Err(ArchiveError::Conflict { .. }))));
    let offset = room.archive.progress(id(1)).await.unwrap().unwrap().offset;
    let rest = usize::try_from(offset).unwrap();
    room.archive.append(id(1), owner(), offset, body(&audio[rest..], 800, false)).await.unwrap().1.unwrap();
    assert_eq!(room.archive.finish(id(1), owner()).await.unwrap().sha256, sha256(&audio));
}

#[tokio::test]
async fn what_was_changed_moved_cut_or_taken_away_is_refused() {
    let room = room();
    let audio = audio(10_000);
    room.stored(1, &audio).await;
    room.stored(2, &audio).await;
    for file in room.files(1) {
        let whole = std::fs::read(&file).unwrap();
        for at in [0, 30, 63, 64, 100, whole.len() - 1] {
            let mut flipped = whole.clone();
            flipped[at] ^= 4;
            std::fs::write(&file, &flipped).unwrap();
            assert!(room.played(1, 0..10_000).await.is_err() || at < 64, "byte {at} of {}", file.display());
            assert!(room.archive.verify(id(1), owner()).await.is_err(), "byte {at} of {}", file.display());
        }
        std::fs::write(&file, &whole[..whole.len().saturating_sub(1_040).max(70)]).unwrap();
        assert!(room.played(1, 0..10_000).await.is_err(), "{} cut by a chunk", file.display());
        std::fs::remove_file(&file).unwrap();
        assert!(matches!(room.played(1, 0..10_000).await, Err(ArchiveError::Missing)));
        std::fs::write(&file, &whole).unwrap();
    }
    let first = room.file(1, "part-00000000000000000000");
    let second = room.file(1, "part-00000000000000004096");
    let ours = std::fs::read(&first).unwrap();
    std::fs::write(&first, std::fs::read(&second).unwrap()).unwrap();
    assert!(room.played(1, 0..10).await.is_err(), "a part of another place");
    std::fs::write(&first, std::fs::read(room.file(2, "part-00000000000000000000")).unwrap()).unwrap();
    assert!(room.played(1, 0..10).await.is_err(), "a part of another recording");
    std::fs::write(&first, ours).unwrap();
    let manifest = std::fs::read(room.file(1, "manifest")).unwrap();
    std::fs::write(room.file(1, "manifest"), std::fs::read(room.file(2, "manifest")).unwrap()).unwrap();
    assert!(matches!(room.played(1, 0..10).await, Err(ArchiveError::Damaged { .. })));
    std::fs::write(room.file(1, "manifest"), manifest).unwrap();
    assert_eq!(room.played(1, 0..10_000).await.unwrap(), audio);
}

#[tokio::test]
async fn a_torn_part_of_an_upload_is_found_before_it_is_promised() {
    let room = room();
    let audio = audio(9_000);
    room.archive.begin(id(1), owner(), &wav(Some(9_000))).await.unwrap();
    room.archive.append(id(1), owner(), 0, body(&audio, 700, false)).await.unwrap().1.unwrap();
    let last = room.file(1, "part-00000000000000008192");
    let whole = std::fs::read(&last).unwrap();
    std::fs::write(&last, [&whole[..whole.len() - 5], b"_____"].concat()).unwrap();
    assert!(matches!(
        room.archive.finish(id(1), owner()).await,
        Err(ArchiveError::Damaged { part: 8_192, .. })
    ));
    room.archive.start_over(id(1)).await.unwrap();
    assert_eq!(room.archive.progress(id(1)).await.unwrap().unwrap().offset, 0);
}

#[tokio::test]
async fn without_its_key_nobody_hears_it_and_removing_twice_does_no_harm() {
    let room = room();
    let audio = audio(5_000);
    room.stored(1, &audio).await;
    let kept = room.files(1).into_iter().map(|file| (file.clone(), std::fs::read(file).unwrap()));
    let kept: Vec<_> = kept.collect();
    let removed = room.archive.remove(id(1), owner()).await.unwrap();
    assert_eq!((removed.key, removed.objects), (true, 3));
    assert!(room.archive.is_gone(id(1), owner()).await.unwrap());
    assert_eq!(room.archive.remove(id(1), owner()).await.unwrap(), Removed::default());
    // A backup of the audio is of no use.
    for (file, bytes) in kept {
        std::fs::write(file, bytes).unwrap();
    }
    assert!(matches!(room.played(1, 0..10).await, Err(ArchiveError::Destroyed)));
}

#[tokio::test]
async fn a_key_is_of_no_use_for_another_recording_or_owner() {
    let room = room();
    room.stored(1, &audio(100)).await;
    let keys = room.folder.path().join("keys").join(owner().to_string());
    std::fs::copy(keys.join(id(1).to_string()), keys.join(id(2).to_string())).unwrap();
    assert!(matches!(room.archive.verify(id(2), owner()).await, Err(ArchiveError::Key(WrapError::Forged))));
    let other = Owner::Call(CallId::from_uuid(Uuid::from_u128(3)));
    let theirs = room.folder.path().join("keys").join(other.to_string());
    std::fs::create_dir_all(&theirs).unwrap();
    std::fs::copy(keys.join(id(1).to_string()), theirs.join(id(1).to_string())).unwrap();
    assert!(matches!(room.archive.verify(id(1), other).await, Err(ArchiveError::Key(WrapError::Forged))));
}

#[cfg(unix)]
#[tokio::test]
async fn keys_and_folders_are_for_their_owner_alone() {
    use std::os::unix::fs::PermissionsExt as _;
    let room = room();
    let mode =
        |name: &str| std::fs::metadata(room.folder.path().join(name)).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("master.key"), mode("keys"), mode("audio")), (0o600, 0o700, 0o700));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]
    #[test]
    fn any_range_of_any_row_of_parts_plays(
        pieces in prop::collection::vec(1_usize..6_000, 1..5),
        ranges in prop::collection::vec((0_u64..25_000, 0_u64..9_000), 1..6),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let room = room();
            let audio = audio(pieces.iter().sum());
            room.archive.begin(id(1), owner(), &wav(None)).await.unwrap();
            let mut at = 0;
            for piece in pieces {
                let piece = &audio[at..at + piece];
                room.archive.append(id(1), owner(), at as u64, body(piece, 777, false)).await.unwrap().1.unwrap();
                at += piece.len();
            }
            prop_assert_eq!(room.archive.finish(id(1), owner()).await.unwrap().sha256, sha256(&audio));
            for (start, length) in ranges {
                let wanted = |at: u64| usize::try_from(at).unwrap().min(audio.len());
                let played = room.played(1, start..start + length).await.unwrap();
                prop_assert_eq!(&played, &audio[wanted(start)..wanted(start + length)]);
            }
            Ok::<(), TestCaseError>(())
        })?;
    }
}
