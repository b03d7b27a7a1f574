//! Recordings at rest: encrypted in chunks before they touch a disk, played from any place, and unreadable once
//! their key is gone.
//!
//! A recording is a row of *parts*, each a STREAM of AES-256-GCM chunks under a key of its own that is derived from
//! the recording's key; see [`cipher`] for what that detects and why no nonce is ever used twice.

pub mod archive;
pub mod cipher;
mod key;
pub mod objects;
mod wrap;

pub use archive::{Archive, ArchiveError};
pub use key::{KEY_BYTES, NoRandomness, RecordingKey};
pub use wrap::{KeyFile, KeyWrap, Owner, WrapError, unwrap_under, wrap_under};
