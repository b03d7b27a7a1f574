//! The settings under `[recordings]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use trunkline_domain::recording::Retention;
use trunkline_kernel::Millis;
use trunkline_recordings::archive::Limits;
use trunkline_recordings::cipher::ChunkSize;
use trunkline_recordings::objects::{Bucket, Place};

use super::ConfigError;
use super::reader::Reader;

/// The settings of recordings, checked. Each is documented in `deploy/config.default.toml`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct RecordingSettings {
    pub audio: Place,
    pub keys: Place,
    pub limits: Limits,
    pub uploads_max: usize,
    pub playbacks_max: usize,
    pub stall_max: Duration,
    pub retention: Retention,
    pub abandoned_after: Millis,
    pub erase_every: Duration,
    pub erase_batch: u32,
}

impl RecordingSettings {
    /// Checks them.
    ///
    /// # Errors
    /// The first that has a value it does not take.
    pub(super) fn of(read: &Reader<'_>, data_dir: &Path) -> Result<Self, ConfigError> {
        let (audio, keys) = places(read, data_dir)?;
        let chunk = read.narrow("recordings.chunk_bytes", ChunkSize::LEAST.get(), ChunkSize::MOST.get())?;
        let chunk = ChunkSize::new(chunk).map_err(|_| {
            read.choice("recordings.chunk_bytes", &["a power of two such as 65536"], &chunk.to_string())
        })?;
        let days = |key| -> Result<Millis, ConfigError> {
            let days = read.number(key, 1, 36_525)?;
            Ok(Retention::days(i64::try_from(days).unwrap_or(i64::MAX)))
        };
        Ok(Self {
            audio,
            keys,
            limits: Limits {
                bytes_max: read.number("recordings.bytes_max", 1, 1 << 40)?,
                part_bytes: read.number("recordings.part_bytes", 1 << 16, 1 << 30)?,
                parts_max: read.size("recordings.parts_max", 1, 100_000)?,
                chunk,
            },
            uploads_max: read.size("recordings.uploads_max", 1, 100_000)?,
            playbacks_max: read.size("recordings.playbacks_max", 1, 100_000)?,
            stall_max: read.millis("recordings.stall_max_ms")?,
            retention: Retention {
                short_term: days("recordings.retention_short_term_days")?,
                long_term: days("recordings.retention_long_term_days")?,
            },
            abandoned_after: days("recordings.abandoned_after_days")?,
            erase_every: read.millis("recordings.erase_every_ms")?,
            erase_batch: read.narrow("recordings.erase_batch", 1, 10_000)?,
        })
    }
}

/// Where the audio is, and where its keys are.
fn places(read: &Reader<'_>, data_dir: &Path) -> Result<(Place, Place), ConfigError> {
    let folder = |key: &str, name: &str| -> Result<PathBuf, ConfigError> {
        let given = read.text(key)?;
        Ok(if given.is_empty() { data_dir.join(name) } else { PathBuf::from(given) })
    };
    match read.text("recordings.store")? {
        "folder" => Ok((
            Place::Folder(folder("recordings.folder", "recordings")?),
            Place::Folder(folder("recordings.keys_folder", "recording-keys")?),
        )),
        "s3" if cfg!(feature = "s3") => {
            let bucket = |key: &str| -> Result<Bucket, ConfigError> {
                let name = read.word(key)?.to_owned();
                let region = read.text("recordings.region")?.to_owned();
                let endpoint = read.text("recordings.endpoint")?.to_owned();
                Ok(Bucket { name, region, endpoint, credentials: None })
            };
            let prefix = read.text("recordings.prefix")?.to_owned();
            Ok((
                Place::Bucket(bucket("recordings.bucket")?, prefix.clone()),
                Place::Bucket(bucket("recordings.keys_bucket")?, prefix),
            ))
        }
        "s3" => Err(read.choice(
            "recordings.store",
            &["folder (this build has no s3; build with `--features s3`)"],
            "s3",
        )),
        other => Err(read.choice("recordings.store", &["folder", "s3"], other)),
    }
}
