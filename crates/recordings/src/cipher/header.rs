//! What a part says about itself in the clear, bound to each of its chunks.

use trunkline_kernel::{Id as _, RecordingId};
use uuid::Uuid;

use super::OpenError;
use crate::key::{NoRandomness, random};

/// How long a header is.
pub const HEADER_BYTES: usize = 64;

const MAGIC: [u8; 3] = *b"TKR";
const VERSION: u8 = 1;

/// How many bytes of plaintext a chunk holds; the last chunk of a part may hold fewer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ChunkSize(u32);

/// A number of bytes that chunks cannot have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a chunk has {} to {} bytes, in powers of two", ChunkSize::LEAST.0, ChunkSize::MOST.0)]
pub struct InvalidChunkSize;

impl ChunkSize {
    /// The smallest.
    pub const LEAST: Self = Self(1 << 10);
    /// The largest. A reader holds one chunk in memory, and plays from the start of one.
    pub const MOST: Self = Self(1 << 22);

    /// Chunks of so many bytes.
    ///
    /// # Errors
    /// When it is no power of two from 1 KiB to 4 MiB.
    pub const fn new(bytes: u32) -> Result<Self, InvalidChunkSize> {
        if bytes.is_power_of_two() && bytes >= Self::LEAST.0 && bytes <= Self::MOST.0 {
            Ok(Self(bytes))
        } else {
            Err(InvalidChunkSize)
        }
    }

    /// The number of bytes.
    pub const fn get(self) -> u32 {
        self.0
    }

    /// The number of bytes, to index with.
    pub(super) const fn bytes(self) -> usize {
        // At most 4 MiB, which every machine's usize holds.
        self.0 as usize
    }
}

impl Default for ChunkSize {
    /// 64 KiB: four seconds of 128 kbit/s audio, and 0.03 % of overhead.
    fn default() -> Self {
        Self(1 << 16)
    }
}

/// What makes the key of a part another one than that of any other part. Not secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Salt(pub(super) [u8; 32]);

/// The beginning of a part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Which recording it is a part of.
    pub recording: RecordingId,
    /// Where in the recording's plaintext the part begins, in bytes.
    pub start: u64,
    /// How much plaintext each chunk holds.
    pub chunk: ChunkSize,
    pub(super) salt: Salt,
}

impl Header {
    /// The header of a new part, under a salt of its own.
    pub(super) fn fresh(recording: RecordingId, start: u64, chunk: ChunkSize) -> Result<Self, NoRandomness> {
        Ok(Self { recording, start, chunk, salt: Salt(random()?) })
    }

    /// The salt.
    pub fn salt(&self) -> Salt {
        self.salt
    }

    /// As it is stored.
    pub fn to_bytes(&self) -> [u8; HEADER_BYTES] {
        let mut bytes = [0; HEADER_BYTES];
        bytes[..3].copy_from_slice(&MAGIC);
        bytes[3] = VERSION;
        bytes[4..8].copy_from_slice(&self.chunk.0.to_be_bytes());
        bytes[8..24].copy_from_slice(self.recording.uuid().as_bytes());
        bytes[24..32].copy_from_slice(&self.start.to_be_bytes());
        bytes[32..].copy_from_slice(&self.salt.0);
        bytes
    }

    /// Reads a stored header. It is trusted only after a chunk was opened with it.
    ///
    /// # Errors
    /// When it is too short, no header, or one of another version.
    pub fn parse(bytes: &[u8]) -> Result<Self, OpenError> {
        let bytes = bytes.first_chunk::<HEADER_BYTES>().ok_or(OpenError::Truncated)?;
        if bytes[..3] != MAGIC {
            return Err(OpenError::Foreign);
        }
        if bytes[3] != VERSION {
            return Err(OpenError::Version(bytes[3]));
        }
        let (mut chunk, mut recording, mut start, mut salt) = ([0; 4], [0; 16], [0; 8], [0; 32]);
        chunk.copy_from_slice(&bytes[4..8]);
        recording.copy_from_slice(&bytes[8..24]);
        start.copy_from_slice(&bytes[24..32]);
        salt.copy_from_slice(&bytes[32..]);
        Ok(Self {
            recording: RecordingId::from_uuid(Uuid::from_bytes(recording)),
            start: u64::from_be_bytes(start),
            chunk: ChunkSize::new(u32::from_be_bytes(chunk)).map_err(|_| OpenError::Foreign)?,
            salt: Salt(salt),
        })
    }

    /// This header, when it is the one of that place.
    ///
    /// # Errors
    /// When it belongs to another recording or another place.
    pub fn expect(self, recording: RecordingId, start: u64) -> Result<Self, OpenError> {
        if self.recording == recording && self.start == start { Ok(self) } else { Err(OpenError::Misplaced) }
    }
}
