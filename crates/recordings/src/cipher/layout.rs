//! Where the bytes of a part lie: arithmetic, no keys.

use std::ops::Range;

use super::{ChunkSize, HEADER_BYTES};

/// What AES-GCM adds to each chunk.
pub const TAG_BYTES: u64 = 16;

const HEADER: u64 = HEADER_BYTES as u64;

/// How a part of a known length is laid out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    chunk: ChunkSize,
    plain: u64,
}

/// The chunks that hold a range of plaintext.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first of them.
    pub first: u32,
    /// Whether the last of them is the last of the part.
    pub ends_part: bool,
    /// Which bytes of the stored part to read.
    pub stored: Range<u64>,
    /// How many bytes of the first chunk lie before the range.
    pub skip: u64,
    /// How many bytes the range has.
    pub take: u64,
}

impl Layout {
    /// The layout of a part that holds so many bytes of plaintext.
    pub const fn of_plain(chunk: ChunkSize, plain: u64) -> Self {
        Self { chunk, plain }
    }

    /// The layout of a stored part of that size; `None` when no part has that size.
    pub fn of_stored(chunk: ChunkSize, stored: u64) -> Option<Self> {
        let chunks = stored.checked_sub(HEADER)?;
        let sealed = u64::from(chunk.get()) + TAG_BYTES;
        let (whole, rest) = (chunks / sealed, chunks % sealed);
        let tail = match rest {
            // Every part has a last chunk, and only the one of an empty part is empty.
            0 if whole > 0 => 0,
            TAG_BYTES if whole == 0 => 0,
            rest if rest > TAG_BYTES => rest - TAG_BYTES,
            _ => return None,
        };
        let layout = Self { chunk, plain: whole * u64::from(chunk.get()) + tail };
        u32::try_from(layout.chunks()).ok().map(|_| layout)
    }

    /// How many bytes of plaintext it holds.
    pub const fn plain(self) -> u64 {
        self.plain
    }

    /// How many bytes it takes where it is stored.
    pub const fn stored(self) -> u64 {
        HEADER + self.plain + self.chunks() * TAG_BYTES
    }

    const fn chunks(self) -> u64 {
        // An empty part still has its last chunk, or cutting everything off would go unseen.
        let chunks = self.plain.div_ceil(self.chunk.get() as u64);
        if chunks == 0 { 1 } else { chunks }
    }

    /// What to read for a range of its plaintext, which is cut to what there is; `None` when nothing is left of it.
    pub fn span(self, range: Range<u64>) -> Option<Span> {
        let chunk = u64::from(self.chunk.get());
        let end = range.end.min(self.plain);
        if range.start >= end {
            return None;
        }
        let (first, last) = (range.start / chunk, (end - 1) / chunk);
        let ends_part = last + 1 == self.chunks();
        let sealed = chunk + TAG_BYTES;
        let stored_end = if ends_part { self.stored() } else { HEADER + (last + 1) * sealed };
        Some(Span {
            first: u32::try_from(first).ok()?,
            ends_part,
            stored: HEADER + first * sealed..stored_end,
            skip: range.start - first * chunk,
            take: end - range.start,
        })
    }
}
