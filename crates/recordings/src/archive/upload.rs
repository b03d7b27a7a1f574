//! Audio comes in, in pieces, over as many connections as it takes.

use std::pin::pin;

use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use trunkline_kernel::RecordingId;

use super::{Archive, ArchiveError, PART, Upload, part_at};
use crate::cipher::{HEADER_BYTES, Layout, Sealer};
use crate::key::RecordingKey;
use crate::wrap::Owner;

/// How far an upload has come.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// What was said when it began.
    pub upload: Upload,
    /// How many bytes are stored: where the next piece begins.
    pub offset: u64,
    /// In how many parts.
    pub parts: usize,
}

impl Progress {
    /// Whether everything that was announced is there.
    pub fn is_complete(&self) -> bool {
        self.upload.length == Some(self.offset)
    }
}

/// The connection ended before the piece did. What had come by then is stored.
#[derive(Debug, thiserror::Error)]
#[error("the connection ended early")]
pub struct Interrupted;

/// A part that lies in the archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct StoredPart {
    pub(super) start: u64,
    pub(super) stored: u64,
    pub(super) plain: u64,
}

impl Archive {
    /// Begins an upload: makes the key, and writes down what is to come.
    ///
    /// # Errors
    /// When one was begun before, when it will be too long, and when a store fails.
    pub async fn begin(
        &self,
        recording: RecordingId,
        owner: Owner,
        upload: &Upload,
    ) -> Result<(), ArchiveError> {
        if upload.length.is_some_and(|length| length > self.limits.bytes_max) {
            return Err(self.too_large());
        }
        self.make_key(recording, owner).await?;
        let note = serde_json::to_vec(upload)?;
        let created = self.audio.create(&upload_at(recording), note.into()).await?;
        if created { Ok(()) } else { Err(ArchiveError::AlreadyBegun) }
    }

    /// Says how long an upload will be, when that was not known at its beginning.
    ///
    /// # Errors
    /// When another length was said before, when it is too long or less than is stored, and when a store fails.
    pub async fn set_length(&self, recording: RecordingId, length: u64) -> Result<(), ArchiveError> {
        let progress = self.progress(recording).await?.ok_or(ArchiveError::NotBegun)?;
        match progress.upload.length {
            Some(said) if said == length => return Ok(()),
            Some(said) => return Err(ArchiveError::TooLong { length: said }),
            None if length > self.limits.bytes_max => return Err(self.too_large()),
            None if length < progress.offset => {
                return Err(ArchiveError::Conflict { offset: progress.offset });
            }
            None => {}
        }
        let note = serde_json::to_vec(&Upload { length: Some(length), ..progress.upload })?;
        Ok(self.audio.replace(&upload_at(recording), note.into()).await?)
    }

    /// How far an upload has come; `None` when none is under way.
    ///
    /// # Errors
    /// When the store fails, or a part that was acknowledged is missing.
    pub async fn progress(&self, recording: RecordingId) -> Result<Option<Progress>, ArchiveError> {
        let Some(note) = self.audio.get(&upload_at(recording)).await? else { return Ok(None) };
        let upload = serde_json::from_slice(&note)?;
        let parts = self.parts(recording).await?;
        let offset = parts.last().map_or(0, |part| part.start + part.plain);
        Ok(Some(Progress { upload, offset, parts: parts.len() }))
    }

    /// Stores a piece that begins at `offset`, part by part, each durable before the next is begun. When the
    /// connection ends early, what had come is stored and the answer has the new offset all the same.
    ///
    /// # Errors
    /// When the piece does not begin where the stored audio ends, is too long, or a store fails; what was stored
    /// until then stays.
    pub async fn append<E>(
        &self,
        recording: RecordingId,
        owner: Owner,
        offset: u64,
        body: impl Stream<Item = Result<Bytes, E>>,
    ) -> Result<(u64, Result<(), Interrupted>), ArchiveError> {
        let progress = self.progress(recording).await?.ok_or(ArchiveError::NotBegun)?;
        if progress.offset != offset {
            return Err(ArchiveError::Conflict { offset: progress.offset });
        }
        let key = self.key(recording, owner).await?;
        let length = progress.upload.length;
        let mut writing = Writing {
            archive: self,
            key,
            recording,
            length_max: length.unwrap_or(self.limits.bytes_max),
            announced: length.is_some(),
            parts: progress.parts,
            end: offset,
            part: None,
        };
        let mut body = pin!(body);
        while let Some(piece) = body.next().await {
            let Ok(piece) = piece else {
                writing.flush().await?;
                return Ok((writing.end, Err(Interrupted)));
            };
            writing.take(piece).await?;
        }
        writing.flush().await?;
        Ok((writing.end, Ok(())))
    }

    /// The stored parts in order, which must follow each other without a gap.
    pub(super) async fn parts(&self, recording: RecordingId) -> Result<Vec<StoredPart>, ArchiveError> {
        let mut parts: Vec<StoredPart> = Vec::new();
        for object in self.audio.list(&recording.to_string()).await? {
            let Some(start) = object.name.strip_prefix(PART) else { continue };
            let start: u64 = start.parse().map_err(|_| ArchiveError::Missing)?;
            let layout = Layout::of_stored(self.limits.chunk, object.bytes).ok_or(ArchiveError::Missing)?;
            if start != parts.last().map_or(0, |part| part.start + part.plain) {
                return Err(ArchiveError::Missing);
            }
            parts.push(StoredPart { start, stored: object.bytes, plain: layout.plain() });
        }
        Ok(parts)
    }

    fn too_large(&self) -> ArchiveError {
        ArchiveError::Limit { name: "bytes_max", limit: self.limits.bytes_max }
    }
}

pub(super) fn upload_at(recording: RecordingId) -> String {
    format!("{recording}/upload")
}

/// A part that is being sealed, in memory until it is stored as one object.
struct Part {
    sealer: Sealer,
    sealed: Vec<Bytes>,
    plain: u64,
}

/// One piece on its way into parts.
struct Writing<'a> {
    archive: &'a Archive,
    key: RecordingKey,
    recording: RecordingId,
    length_max: u64,
    announced: bool,
    parts: usize,
    /// Up to where the audio is stored.
    end: u64,
    part: Option<Part>,
}

impl Writing<'_> {
    async fn take(&mut self, mut piece: Bytes) -> Result<(), ArchiveError> {
        while !piece.is_empty() {
            let mut part = match self.part.take() {
                Some(part) => part,
                None => self.begin_part()?,
            };
            let room = self.archive.limits.part_bytes - part.plain;
            let now = piece.split_to(piece.len().min(usize::try_from(room).unwrap_or(usize::MAX)));
            part.plain += now.len() as u64;
            let sealed = &mut part.sealed;
            part.sealer.push(&now, |chunk| sealed.push(chunk))?;
            let full = part.plain >= self.archive.limits.part_bytes;
            let too_long = self.end + part.plain > self.length_max;
            self.part = Some(part);
            if too_long {
                // What came is not stored: a part holds nothing that was not announced.
                self.part = None;
                return Err(self.too_long());
            }
            if full {
                self.flush().await?;
            }
        }
        Ok(())
    }

    fn begin_part(&self) -> Result<Part, ArchiveError> {
        let limits = &self.archive.limits;
        if self.parts >= limits.parts_max {
            return Err(ArchiveError::Limit { name: "parts_max", limit: limits.parts_max as u64 });
        }
        let sealer = Sealer::new(&self.key, self.recording, self.end, limits.chunk)?;
        let sealed = vec![sealer.header()];
        Ok(Part { sealer, sealed, plain: 0 })
    }

    /// Stores the part under way, when it holds anything.
    async fn flush(&mut self) -> Result<(), ArchiveError> {
        let Some(Part { sealer, mut sealed, plain }) = self.part.take().filter(|part| part.plain > 0) else {
            return Ok(());
        };
        sealed.push(sealer.finish()?);
        debug_assert!(sealed.first().is_some_and(|header| header.len() == HEADER_BYTES));
        let at = part_at(self.recording, self.end);
        if !self.archive.audio.create(&at, sealed.into_iter().collect()).await? {
            // Somebody else has sent the same piece meanwhile, and was faster.
            let progress = self.archive.progress(self.recording).await?.ok_or(ArchiveError::NotBegun)?;
            return Err(ArchiveError::Conflict { offset: progress.offset });
        }
        self.end += plain;
        self.parts += 1;
        Ok(())
    }

    fn too_long(&self) -> ArchiveError {
        if self.announced {
            ArchiveError::TooLong { length: self.length_max }
        } else {
            self.archive.too_large()
        }
    }
}
