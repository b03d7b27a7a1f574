//! Writing a part.

use aead_stream::{StreamBE32, StreamPrimitive as _};
use aes_gcm::Aes256Gcm;
use bytes::{Bytes, BytesMut};
use trunkline_kernel::RecordingId;

use super::layout::TAG_BYTES;
use super::{ChunkSize, Header, SealError, stream};
use crate::RecordingKey;

/// Seals one part. It holds one chunk of plaintext at most, and counts the chunks itself.
pub struct Sealer {
    stream: StreamBE32<Aes256Gcm>,
    header: [u8; super::HEADER_BYTES],
    chunk: ChunkSize,
    next: u32,
    pending: BytesMut,
}

impl Sealer {
    /// Begins a part that starts at this byte of the recording's plaintext.
    ///
    /// # Errors
    /// When there is no randomness to draw its salt from.
    pub fn new(
        key: &RecordingKey,
        recording: RecordingId,
        start: u64,
        chunk: ChunkSize,
    ) -> Result<Self, SealError> {
        let header = Header::fresh(recording, start, chunk)?;
        let stream = stream(key, &header.salt());
        Ok(Self { stream, header: header.to_bytes(), chunk, next: 0, pending: empty(chunk) })
    }

    /// What the part begins with where it is stored.
    pub fn header(&self) -> Bytes {
        Bytes::copy_from_slice(&self.header)
    }

    /// Takes plaintext and gives away the chunks that are full. A full chunk waits until more comes, for it may be
    /// the last.
    ///
    /// # Errors
    /// When there are more chunks than can be counted.
    pub fn push(&mut self, mut plain: &[u8], mut sealed: impl FnMut(Bytes)) -> Result<(), SealError> {
        while !plain.is_empty() {
            if self.pending.len() == self.chunk.bytes() {
                let full = std::mem::replace(&mut self.pending, empty(self.chunk));
                sealed(self.seal(full, false)?);
                self.next = self.next.checked_add(1).ok_or(SealError::TooLong)?;
            }
            let room = self.chunk.bytes() - self.pending.len();
            let (now, later) = plain.split_at(room.min(plain.len()));
            self.pending.extend_from_slice(now);
            plain = later;
        }
        Ok(())
    }

    /// Ends the part with its last chunk.
    ///
    /// # Errors
    /// When there are more chunks than can be counted.
    pub fn finish(mut self) -> Result<Bytes, SealError> {
        let last = std::mem::take(&mut self.pending);
        self.seal(last, true)
    }

    fn seal(&self, mut chunk: BytesMut, last: bool) -> Result<Bytes, SealError> {
        self.stream
            .encrypt_in_place(self.next, last, &self.header, &mut chunk)
            // AES-GCM refuses only messages beyond 64 GiB.
            .map_err(|_| SealError::TooLong)?;
        Ok(chunk.freeze())
    }
}

/// Room for a chunk and its tag, so that sealing in place never moves it.
fn empty(chunk: ChunkSize) -> BytesMut {
    BytesMut::with_capacity(chunk.bytes() + usize::try_from(TAG_BYTES).unwrap_or_default())
}
