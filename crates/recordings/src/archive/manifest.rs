//! The end of an upload: everything is read back, and the row of parts is written down.

use bytes::Bytes;
use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use trunkline_kernel::RecordingId;

use super::upload::{StoredPart, upload_at};
use super::{Archive, ArchiveError, part_at};
use crate::cipher::{HEADER_BYTES, Header, OpenError, Opener, Sealer};
use crate::key::RecordingKey;
use crate::wrap::Owner;

/// Where a manifest begins as a part of its recording: behind every byte that audio can have.
const MANIFEST_START: u64 = u64::MAX;

/// A part as the manifest has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Entry {
    pub(super) start: u64,
    pub(super) plain: u64,
    /// The part's whole header: what is stored must begin with it.
    #[serde(with = "hex")]
    pub(super) header: [u8; HEADER_BYTES],
}

/// The row of parts. It is sealed under the recording's key, so nobody else can write one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Manifest {
    pub(super) media_type: String,
    pub(super) bytes: u64,
    pub(super) parts: Vec<Entry>,
}

/// A recording's audio as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Audio {
    /// The id of the key.
    pub key: String,
    /// What sort of audio.
    pub media_type: String,
    /// How many bytes of audio.
    pub bytes: u64,
    /// How many bytes of it are stored, headers and tags included.
    pub stored_bytes: u64,
    /// SHA-256 of the audio, in hexadecimal digits.
    pub sha256: String,
    /// SHA-256 of all parts in order, as they are stored, in hexadecimal digits.
    pub stored_sha256: String,
    /// Of how many parts it is made.
    pub parts: u32,
}

/// What reading a recording back has shown.
pub type Verified = Audio;

#[derive(Default)]
struct Digests {
    plain: Sha256,
    stored: Sha256,
    bytes: u64,
    stored_bytes: u64,
}

impl Archive {
    /// Ends an upload: reads everything back, so that what is promised is what is there, and writes the manifest.
    /// Doing so again, when the promise was lost on its way, gives the same answer.
    ///
    /// # Errors
    /// When something that was stored is not what was written, and when a store fails.
    pub async fn finish(&self, recording: RecordingId, owner: Owner) -> Result<Audio, ArchiveError> {
        let Some(progress) = self.progress(recording).await? else {
            return self.verify(recording, owner).await;
        };
        let key = self.key(recording, owner).await?;
        let (mut digests, mut entries) = (Digests::default(), Vec::new());
        for part in self.parts(recording).await? {
            let header = self.read_back(&key, recording, part, None, &mut digests).await?;
            entries.push(Entry { start: part.start, plain: part.plain, header: header.to_bytes() });
        }
        let manifest =
            Manifest { media_type: progress.upload.media_type, bytes: digests.bytes, parts: entries };
        let mut sealer = Sealer::new(&key, recording, MANIFEST_START, self.limits.chunk)?;
        let mut sealed = vec![sealer.header()];
        sealer.push(&serde_json::to_vec(&manifest)?, |chunk| sealed.push(chunk))?;
        sealed.push(sealer.finish()?);
        self.audio.replace(&manifest_at(recording), sealed.into_iter().collect()).await?;
        Ok(audio(&key, &manifest, digests))
    }

    /// Forgets that an upload was under way, once the recording is known to be sealed.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn settle(&self, recording: RecordingId) -> Result<(), ArchiveError> {
        self.audio.remove(&upload_at(recording)).await?;
        Ok(())
    }

    /// Throws away what was uploaded, when it cannot be read back; the upload begins again at byte 0.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn start_over(&self, recording: RecordingId) -> Result<(), ArchiveError> {
        for object in self.audio.list(&recording.to_string()).await? {
            if object.name.starts_with(super::PART) {
                self.audio.remove(&format!("{recording}/{}", object.name)).await?;
            }
        }
        Ok(())
    }

    /// Reads a whole recording and says what is there.
    ///
    /// # Errors
    /// When something is not what was written or not there, and when a store fails.
    pub async fn verify(&self, recording: RecordingId, owner: Owner) -> Result<Verified, ArchiveError> {
        let key = self.key(recording, owner).await?;
        let manifest = self.manifest(&key, recording).await?;
        let mut digests = Digests::default();
        for entry in &manifest.parts {
            let part = StoredPart { start: entry.start, stored: 0, plain: entry.plain };
            self.read_back(&key, recording, part, Some(&entry.header), &mut digests).await?;
        }
        Ok(audio(&key, &manifest, digests))
    }

    pub(super) async fn manifest(
        &self,
        key: &RecordingKey,
        recording: RecordingId,
    ) -> Result<Manifest, ArchiveError> {
        let stored = self.small(&manifest_at(recording)).await.map_err(absent)?;
        let opened = || {
            let header = Header::parse(&stored)?.expect(recording, MANIFEST_START)?;
            let mut opener = Opener::whole(key, &header);
            let mut plain = Vec::new();
            opener.push(&stored[HEADER_BYTES..], |chunk| plain.extend_from_slice(&chunk))?;
            plain.extend_from_slice(&opener.finish()?);
            Ok(plain)
        };
        let plain =
            opened().map_err(|source: OpenError| ArchiveError::Damaged { part: MANIFEST_START, source })?;
        Ok(serde_json::from_slice(&plain)?)
    }

    /// Reads one part from its first byte to its last.
    async fn read_back(
        &self,
        key: &RecordingKey,
        recording: RecordingId,
        part: StoredPart,
        known: Option<&[u8; HEADER_BYTES]>,
        digests: &mut Digests,
    ) -> Result<Header, ArchiveError> {
        let damaged = |source| ArchiveError::Damaged { part: part.start, source };
        let at = part_at(recording, part.start);
        let mut stream = self.audio.stream(&at, None).await.map_err(|error| absent(error.into()))?;
        let mut head = Vec::with_capacity(HEADER_BYTES);
        let mut opening: Option<(Header, Opener)> = None;
        let before = digests.bytes;
        while let Some(mut bytes) = stream.try_next().await? {
            digests.stored.update(&bytes);
            digests.stored_bytes += bytes.len() as u64;
            if opening.is_none() {
                head.extend_from_slice(&bytes.split_to(bytes.len().min(HEADER_BYTES - head.len())));
                if head.len() < HEADER_BYTES {
                    continue;
                }
                if known.is_some_and(|known| head != known[..]) {
                    return Err(damaged(OpenError::Misplaced));
                }
                let header = Header::parse(&head).and_then(|header| header.expect(recording, part.start));
                let header = header.map_err(damaged)?;
                opening = Some((header, Opener::whole(key, &header)));
            }
            if let Some((_, opener)) = &mut opening {
                opener.push(&bytes, |chunk| digests.take(&chunk)).map_err(damaged)?;
            }
        }
        let (header, opener) = opening.ok_or_else(|| damaged(OpenError::Truncated))?;
        digests.take(&opener.finish().map_err(damaged)?);
        if digests.bytes - before != part.plain {
            return Err(damaged(OpenError::Truncated));
        }
        Ok(header)
    }
}

impl Digests {
    fn take(&mut self, plain: &Bytes) {
        self.plain.update(plain);
        self.bytes += plain.len() as u64;
    }
}

fn audio(key: &RecordingKey, manifest: &Manifest, digests: Digests) -> Audio {
    Audio {
        key: key.id(),
        media_type: manifest.media_type.clone(),
        bytes: digests.bytes,
        stored_bytes: digests.stored_bytes,
        sha256: hex::encode(digests.plain.finalize()),
        stored_sha256: hex::encode(digests.stored.finalize()),
        parts: u32::try_from(manifest.parts.len()).unwrap_or(u32::MAX),
    }
}

fn manifest_at(recording: RecordingId) -> String {
    format!("{recording}/manifest")
}

/// What was written and is not there is missing, not a fault of the store.
pub(super) fn absent(error: ArchiveError) -> ArchiveError {
    let gone = matches!(
        &error,
        ArchiveError::Objects(crate::objects::ObjectsError::Store(object_store::Error::NotFound { .. }))
    );
    if gone { ArchiveError::Missing } else { error }
}
