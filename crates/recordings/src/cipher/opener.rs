//! Reading a part, or some chunks of it.

use aead_stream::{StreamBE32, StreamPrimitive as _};
use aes_gcm::Aes256Gcm;
use bytes::{Bytes, BytesMut};

use super::layout::TAG_BYTES;
use super::{HEADER_BYTES, Header, OpenError, Span, stream};
use crate::RecordingKey;

/// Opens chunks of one part. It holds one chunk at most, and gives away none whose tag does not fit.
pub struct Opener {
    stream: StreamBE32<Aes256Gcm>,
    header: [u8; HEADER_BYTES],
    sealed_bytes: usize,
    next: u32,
    ends_part: bool,
    pending: BytesMut,
}

impl Opener {
    /// Opens a whole part, whose header was read already.
    pub fn whole(key: &RecordingKey, header: &Header) -> Self {
        Self::new(key, header, 0, true)
    }

    /// Opens the chunks of a span, which are given without the header.
    pub fn span(key: &RecordingKey, header: &Header, span: &Span) -> Self {
        Self::new(key, header, span.first, span.ends_part)
    }

    fn new(key: &RecordingKey, header: &Header, next: u32, ends_part: bool) -> Self {
        let sealed_bytes = header.chunk.bytes() + tag_bytes();
        let stream = stream(key, &header.salt());
        let pending = BytesMut::with_capacity(sealed_bytes);
        Self { stream, header: header.to_bytes(), sealed_bytes, next, ends_part, pending }
    }

    /// Takes stored bytes and gives away the chunks that they complete. A full chunk waits until more comes, for it
    /// may be the last.
    ///
    /// # Errors
    /// When a chunk is not what was written there.
    pub fn push(&mut self, mut stored: &[u8], mut opened: impl FnMut(Bytes)) -> Result<(), OpenError> {
        while !stored.is_empty() {
            if self.pending.len() == self.sealed_bytes {
                let room = BytesMut::with_capacity(self.sealed_bytes);
                let full = std::mem::replace(&mut self.pending, room);
                opened(self.open(full, false)?);
                self.next = self.next.checked_add(1).ok_or(OpenError::Tampered { chunk: self.next })?;
            }
            let room = self.sealed_bytes - self.pending.len();
            let (now, later) = stored.split_at(room.min(stored.len()));
            self.pending.extend_from_slice(now);
            stored = later;
        }
        Ok(())
    }

    /// Says that no more comes, and gives the last chunk.
    ///
    /// # Errors
    /// When what came is not what was written, or not all of it.
    pub fn finish(mut self) -> Result<Bytes, OpenError> {
        let last = std::mem::take(&mut self.pending);
        if last.len() < tag_bytes() {
            return Err(OpenError::Truncated);
        }
        self.open(last, self.ends_part)
    }

    fn open(&self, mut chunk: BytesMut, last: bool) -> Result<Bytes, OpenError> {
        self.stream
            .decrypt_in_place(self.next, last, &self.header, &mut chunk)
            .map_err(|_| OpenError::Tampered { chunk: self.next })?;
        Ok(chunk.freeze())
    }
}

fn tag_bytes() -> usize {
    usize::try_from(TAG_BYTES).unwrap_or_default()
}
