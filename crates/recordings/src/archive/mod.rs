//! The archive: audio comes in parts, is sealed, read back, played in ranges, and removed.
//!
//! Under the id of a recording lie `upload` (what the client said when it began; removed at the end), one
//! `part-START` for each piece that was acknowledged, and, once all is there, `manifest`: the row of parts with
//! their salts and lengths, sealed under the recording's key as well. The wrapped key lies in another store.
//!
//! A part that was written is never written again, so an upload goes on behind the last one, whatever happened in
//! between, and two clients that send the same piece cannot mix.

mod manifest;
mod play;
#[cfg(test)]
mod tests;
mod upload;

use futures::TryStreamExt as _;
use serde::{Deserialize, Serialize};
use trunkline_kernel::RecordingId;

use crate::cipher::{ChunkSize, OpenError, SealError};
use crate::key::{NoRandomness, RecordingKey};
use crate::objects::{Objects, ObjectsError};
use crate::wrap::{KeyWrap, Owner, WrapError};

pub use manifest::{Audio, Verified};
pub use play::Playback;
pub use upload::{Interrupted, Progress};

/// What bounds recordings. All of it can be set under `[recordings]` in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The longest recording, in bytes. Default 4 GiB.
    pub bytes_max: u64,
    /// How much audio is in one part: what one upload holds in memory at most. Default 8 MiB.
    pub part_bytes: u64,
    /// The most parts of one recording; an upload in very small pieces reaches it early. Default 10,000.
    pub parts_max: usize,
    /// How much audio is encrypted together. Default 64 KiB.
    pub chunk: ChunkSize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { bytes_max: 4 << 30, part_bytes: 8 << 20, parts_max: 10_000, chunk: ChunkSize::default() }
    }
}

/// Why the archive cannot do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ArchiveError {
    /// No upload was begun, or none is under way any more.
    #[error("no upload of this recording is under way")]
    NotBegun,
    /// An upload was begun before.
    #[error("an upload of this recording is under way already")]
    AlreadyBegun,
    /// The piece does not begin where the stored audio ends.
    #[error("the stored audio ends at byte {offset}")]
    Conflict {
        /// Where it ends.
        offset: u64,
    },
    /// There is more audio than was announced.
    #[error("there are more bytes than the {length} that were announced")]
    TooLong {
        /// What was announced.
        length: u64,
    },
    /// A limit is reached.
    #[error("the limit {name} is {limit}")]
    Limit {
        /// Its name under `[recordings]`.
        name: &'static str,
        /// Its value.
        limit: u64,
    },
    /// What is stored is not what was written.
    #[error("part {part} of the stored audio is not what was written")]
    Damaged {
        /// The byte at which the part begins.
        part: u64,
        /// What is wrong with it.
        #[source]
        source: OpenError,
    },
    /// Something that was stored is not there any more.
    #[error("a piece of what was stored is missing")]
    Missing,
    /// The key is destroyed: nobody can hear it any more.
    #[error("the key of the recording is destroyed")]
    Destroyed,
    /// The owners' keys cannot be reached.
    #[error("the key of the recording cannot be had")]
    Key(#[source] WrapError),
    /// Nothing can be sealed.
    #[error("the audio cannot be sealed")]
    Seal(#[from] SealError),
    /// The store failed.
    #[error(transparent)]
    Objects(#[from] ObjectsError),
    /// What lies there has another form.
    #[error("what is stored beside the audio cannot be read")]
    Unreadable(#[from] serde_json::Error),
}

impl From<WrapError> for ArchiveError {
    fn from(error: WrapError) -> Self {
        match error {
            WrapError::Destroyed => Self::Destroyed,
            error @ (WrapError::Forged | WrapError::Randomness(_) | WrapError::Unreachable(_)) => {
                Self::Key(error)
            }
        }
    }
}

impl From<NoRandomness> for ArchiveError {
    fn from(error: NoRandomness) -> Self {
        Self::Seal(error.into())
    }
}

/// What was said when an upload began.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Upload {
    /// How many bytes will come, when the client knows.
    pub length: Option<u64>,
    /// What sort of audio, as a media type.
    pub media_type: String,
}

/// What was removed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Removed {
    /// Whether there was a key.
    pub key: bool,
    /// How many objects.
    pub objects: u64,
    /// How many bytes they had.
    pub bytes: u64,
}

/// Sealed audio and the wrapped keys of it.
pub struct Archive {
    audio: Objects,
    keys: Objects,
    wrap: std::sync::Arc<dyn KeyWrap>,
    limits: Limits,
}

impl Archive {
    /// An archive over these stores. Keys lie apart from the audio, so that they are backed up apart.
    pub fn new(audio: Objects, keys: Objects, wrap: std::sync::Arc<dyn KeyWrap>, limits: Limits) -> Self {
        Self { audio, keys, wrap, limits }
    }

    /// What bounds it.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// Destroys the key first, and then removes what it opened; doing so again does no harm.
    ///
    /// # Errors
    /// When a store fails; what was not removed yet is removed the next time.
    pub async fn remove(&self, recording: RecordingId, owner: Owner) -> Result<Removed, ArchiveError> {
        let mut removed =
            Removed { key: self.keys.remove(&key_at(recording, owner)).await?, ..Removed::default() };
        for object in self.audio.list(&recording.to_string()).await? {
            if self.audio.remove(&format!("{recording}/{}", object.name)).await? {
                removed.objects += 1;
                removed.bytes += object.bytes;
            }
        }
        Ok(removed)
    }

    /// Whether anything of a recording is left.
    ///
    /// # Errors
    /// When a store fails.
    pub async fn is_gone(&self, recording: RecordingId, owner: Owner) -> Result<bool, ArchiveError> {
        let no_key = self.keys.get(&key_at(recording, owner)).await?.is_none();
        Ok(no_key && self.audio.list(&recording.to_string()).await?.is_empty())
    }

    /// A fresh key, durable before anything is sealed under it; the one that is there when an upload was begun and
    /// died before it said so.
    async fn make_key(&self, recording: RecordingId, owner: Owner) -> Result<RecordingKey, ArchiveError> {
        let key = RecordingKey::generate()?;
        let wrapped = self.wrap.wrap(owner, recording, &key).await?;
        if self.keys.create(&key_at(recording, owner), wrapped.into()).await? {
            return Ok(key);
        }
        self.key(recording, owner).await
    }

    async fn key(&self, recording: RecordingId, owner: Owner) -> Result<RecordingKey, ArchiveError> {
        let wrapped = self.keys.get(&key_at(recording, owner)).await?.ok_or(ArchiveError::Destroyed)?;
        Ok(self.wrap.unwrap(owner, recording, &wrapped).await?)
    }

    /// Small notes that belong to the archive, such as how far erasures were carried out.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn note(&self, name: &str) -> Result<Option<bytes::Bytes>, ArchiveError> {
        Ok(self.keys.get(&format!("notes/{name}")).await?)
    }

    /// Writes such a note.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn set_note(&self, name: &str, text: String) -> Result<(), ArchiveError> {
        Ok(self.keys.replace(&format!("notes/{name}"), text.into()).await?)
    }

    /// The whole of an object in memory, for what is small.
    async fn small(&self, at: &str) -> Result<Vec<u8>, ArchiveError> {
        let mut stream = self.audio.stream(at, None).await?;
        let mut all = Vec::new();
        while let Some(bytes) = stream.try_next().await? {
            all.extend_from_slice(&bytes);
        }
        Ok(all)
    }
}

fn key_at(recording: RecordingId, owner: Owner) -> String {
    format!("{owner}/{recording}")
}

fn part_at(recording: RecordingId, start: u64) -> String {
    format!("{recording}/{PART}{start:020}")
}

const PART: &str = "part-";
