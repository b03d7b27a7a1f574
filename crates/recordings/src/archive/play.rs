//! Playing a range: only the chunks that hold it are read.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use futures::stream::BoxStream;
use futures::{Stream, TryStreamExt as _};
use trunkline_kernel::RecordingId;

use super::manifest::{Entry, absent};
use super::{Archive, ArchiveError, part_at};
use crate::cipher::{Header, Layout, Opener};
use crate::key::RecordingKey;
use crate::objects::ObjectsError;
use crate::wrap::Owner;

/// Some of a recording's audio on its way out. What it gives is genuine; when something is not, it ends with an
/// error instead.
pub struct Playback {
    archive: Arc<Archive>,
    key: RecordingKey,
    recording: RecordingId,
    /// The parts that are still to come, each with the range of it that is wanted.
    waiting: VecDeque<(Entry, Range<u64>)>,
    playing: Option<Playing>,
    ready: VecDeque<Bytes>,
    bytes: u64,
    media_type: String,
}

struct Playing {
    start: u64,
    stored: BoxStream<'static, Result<Bytes, ObjectsError>>,
    opener: Option<Opener>,
    skip: u64,
    take: u64,
}

impl Archive {
    /// Opens a recording to play a range of its bytes, cut to what there is.
    ///
    /// # Errors
    /// When the key is destroyed, the manifest is not what was written, or a store fails.
    pub async fn play(
        self: &Arc<Self>,
        recording: RecordingId,
        owner: Owner,
        range: Range<u64>,
    ) -> Result<Playback, ArchiveError> {
        let key = self.key(recording, owner).await?;
        let manifest = self.manifest(&key, recording).await?;
        let wanted = |entry: Entry| {
            let end = entry.start + entry.plain;
            let range = range.start.clamp(entry.start, end) - entry.start
                ..range.end.min(end).saturating_sub(entry.start);
            (!range.is_empty()).then_some((entry, range))
        };
        Ok(Playback {
            archive: self.clone(),
            key,
            recording,
            waiting: manifest.parts.into_iter().filter_map(wanted).collect(),
            playing: None,
            ready: VecDeque::new(),
            bytes: manifest.bytes,
            media_type: manifest.media_type,
        })
    }
}

impl Playback {
    /// How many bytes the whole recording has.
    pub fn bytes(&self) -> u64 {
        self.bytes
    }

    /// What sort of audio.
    pub fn media_type(&self) -> &str {
        &self.media_type
    }

    /// The next piece; `None` at the end.
    ///
    /// # Errors
    /// When something is not what was written or not there, and when the store fails.
    pub async fn next(&mut self) -> Result<Option<Bytes>, ArchiveError> {
        loop {
            if let Some(piece) = self.ready.pop_front() {
                return Ok(Some(piece));
            }
            match self.playing.take() {
                Some(playing) => self.playing = self.advance(playing).await?,
                None => match self.waiting.pop_front() {
                    Some((entry, range)) => self.playing = self.begin(&entry, range).await?,
                    None => return Ok(None),
                },
            }
        }
    }

    /// The pieces as a stream.
    pub fn into_stream(self) -> impl Stream<Item = Result<Bytes, ArchiveError>> {
        futures::stream::try_unfold(self, |mut playback| async move {
            Ok(playback.next().await?.map(|piece| (piece, playback)))
        })
    }

    async fn begin(&mut self, entry: &Entry, range: Range<u64>) -> Result<Option<Playing>, ArchiveError> {
        let damaged = |source| ArchiveError::Damaged { part: entry.start, source };
        let header = Header::parse(&entry.header).map_err(damaged)?;
        let layout = Layout::of_plain(header.chunk, entry.plain);
        let Some(span) = layout.span(range) else { return Ok(None) };
        let at = part_at(self.recording, entry.start);
        let stored = self.archive.audio.stream(&at, Some(span.stored.clone())).await;
        let stored = stored.map_err(|error| absent(error.into()))?;
        let opener = Some(Opener::span(&self.key, &header, &span));
        Ok(Some(Playing { start: entry.start, stored, opener, skip: span.skip, take: span.take }))
    }

    /// Reads on in a part; gives it back unless it is at its end.
    async fn advance(&mut self, mut playing: Playing) -> Result<Option<Playing>, ArchiveError> {
        let part = playing.start;
        let damaged = |source| ArchiveError::Damaged { part, source };
        let Some(mut opener) = playing.opener.take() else { return Ok(None) };
        let Some(stored) = playing.stored.try_next().await? else {
            let last = opener.finish().map_err(damaged)?;
            self.ready.extend(playing.cut(last));
            return Ok(None);
        };
        let ready = &mut self.ready;
        opener.push(&stored, |chunk| ready.extend(playing.cut(chunk))).map_err(damaged)?;
        playing.opener = Some(opener);
        Ok(Some(playing))
    }
}

impl Playing {
    /// What of a chunk is wanted.
    fn cut(&mut self, mut chunk: Bytes) -> Option<Bytes> {
        let length = chunk.len() as u64;
        let skip = self.skip.min(length);
        self.skip -= skip;
        let take = self.take.min(length - skip);
        self.take -= take;
        let (from, until) = (usize::try_from(skip).ok()?, usize::try_from(skip + take).ok()?);
        chunk = chunk.slice(from..until);
        (!chunk.is_empty()).then_some(chunk)
    }
}
