//! Chunked authenticated encryption: the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár ("Online
//! Authenticated-Encryption and its Nonce-Reuse Misuse-Resistance", CRYPTO 2015) over AES-256-GCM.
//!
//! # A part
//!
//! ```text
//! header, 64 bytes                                    chunks, each `chunk size` + 16 bytes, the last one shorter
//! "TKR" version  chunk size  recording  start  salt   AES-256-GCM(chunk 0)  AES-256-GCM(chunk 1) … (chunk n, last)
//!     3       1           4         16      8    32
//! ```
//!
//! The part's key and the first 7 bytes of its nonces are HKDF-SHA-256 of the recording's key under the salt. The
//! nonce of a chunk is those 7 bytes, the chunk's number in 4 bytes, and one byte that says whether it is the last;
//! the whole header is associated data of every chunk. Therefore:
//!
//! - a flipped bit anywhere, header included, fails the tag of the chunk that is read;
//! - a chunk that was moved, repeated or left out fails, because its number is in the nonce;
//! - a part that was cut or continued fails, because "last" is in the nonce;
//! - a chunk or part of another recording, or of another place in this one, fails, because recording and place are
//!   associated data and the key is another one.
//!
//! # No nonce is used twice
//!
//! Whoever writes a part draws a fresh salt and so writes under a fresh key, and a [`Sealer`] counts its chunks
//! itself. An upload that is interrupted and sent again, perhaps with other bytes, writes other parts; nothing is
//! ever encrypted again under the key and number of something else.

mod header;
mod layout;
mod opener;
mod pipe;
mod sealer;
#[cfg(test)]
mod tests;

use aead_stream::{NewStream as _, StreamBE32};
use aes_gcm::aead::array::Array;
use aes_gcm::{Aes256Gcm, KeyInit as _};
use hkdf::Hkdf;
use sha2::Sha256;
use zeroize::Zeroizing;

use crate::key::{NoRandomness, RecordingKey};

pub use header::{ChunkSize, HEADER_BYTES, Header, InvalidChunkSize, Salt};
pub use layout::{Layout, Span, TAG_BYTES};
pub use opener::Opener;
pub use pipe::{open, seal};
pub use sealer::Sealer;

/// What HKDF is told the keys are for. Permanent.
const PURPOSE: &[u8] = b"trunkline recording part v1";

/// Why something cannot be sealed.
#[derive(Debug, thiserror::Error)]
pub enum SealError {
    /// There is no randomness to make a key from.
    #[error(transparent)]
    Randomness(#[from] NoRandomness),
    /// One part has more chunks than the construction counts, 2^32 of them.
    #[error("a part has more chunks than can be counted; use larger chunks or more parts")]
    TooLong,
    /// Where the bytes come from or go to failed.
    #[error("reading or writing failed")]
    Io(#[from] std::io::Error),
}

/// Why something cannot be opened. None of these gives any plaintext of the chunk concerned.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It does not begin like a part.
    #[error("this is not a part of a recording")]
    Foreign,
    /// It was written by a newer build.
    #[error("parts of version {0} cannot be read by this build; use the one that wrote it or a newer one")]
    Version(u8),
    /// It is a part of another recording, or of another place in this one.
    #[error("this is a part of another recording or of another place")]
    Misplaced,
    /// It ends too early.
    #[error("the part was cut short")]
    Truncated,
    /// A chunk is not what was written there: changed, moved, repeated, cut or sealed under another key.
    #[error("chunk {chunk} is not what was written there")]
    Tampered {
        /// Which, counted from the start of the part.
        chunk: u32,
    },
    /// Where the bytes come from or go to failed.
    #[error("reading or writing failed")]
    Io(#[from] std::io::Error),
}

/// The STREAM of one part.
fn stream(key: &RecordingKey, salt: &Salt) -> StreamBE32<Aes256Gcm> {
    let mut material = Zeroizing::new([0_u8; 32 + 7]);
    let expanded = Hkdf::<Sha256>::new(Some(&salt.0), key.expose()).expand(PURPOSE, &mut *material);
    debug_assert!(expanded.is_ok(), "39 bytes are fewer than the 8160 that HKDF-SHA-256 can give");
    let (mut part_key, mut prefix) = (Zeroizing::new([0_u8; 32]), [0_u8; 7]);
    part_key.copy_from_slice(&material[..32]);
    prefix.copy_from_slice(&material[32..]);
    StreamBE32::from_aead(Aes256Gcm::new(&Array(*part_key)), &Array(prefix))
}
