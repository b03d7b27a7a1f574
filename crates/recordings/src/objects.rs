//! Where sealed audio and wrapped keys lie: a folder, or a bucket.

use std::path::{Path as FilePath, PathBuf};
use std::sync::Arc;

use bytes::Bytes;
use futures::TryStreamExt as _;
use futures::stream::BoxStream;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{GetOptions, GetRange, ObjectStore, ObjectStoreExt as _, PutMode, PutOptions, PutPayload};

/// A bucket of S3, or of what speaks its protocol.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Bucket {
    /// Its name.
    pub name: String,
    /// Its region, `us-east-1`.
    pub region: String,
    /// Where it is answered; empty for AWS itself.
    pub endpoint: String,
    /// Who asks; absent when the environment says so, as the AWS tools have it.
    pub credentials: Option<Credentials>,
}

/// Who asks a bucket.
#[derive(Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The id of the key.
    pub access_key_id: String,
    /// The key.
    pub secret_access_key: String,
}

impl std::fmt::Debug for Credentials {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("credentials")
    }
}

/// Where objects lie.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// In a folder.
    Folder(PathBuf),
    /// In a bucket, under a prefix. The credentials come from the environment, as the AWS tools have them.
    Bucket(Bucket, String),
}

/// Why objects cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum ObjectsError {
    /// The store failed.
    #[error("the store of recordings failed")]
    Store(#[from] object_store::Error),
    /// The file system failed.
    #[error("the folder of recordings failed")]
    Io(#[from] std::io::Error),
    /// The build does not have what the configuration asks for.
    #[error("this build was made without S3; build with `--features s3`")]
    Unsupported,
}

impl ObjectsError {
    fn is_absent(&self) -> bool {
        matches!(self, Self::Store(object_store::Error::NotFound { .. }))
    }
}

/// What a listing says of an object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Listed {
    /// The last part of its name.
    pub(crate) name: String,
    /// Its size.
    pub(crate) bytes: u64,
}

/// A store of objects that are written once, each whole or not at all.
#[derive(Clone)]
pub struct Objects {
    store: Arc<dyn ObjectStore>,
    /// The same store when it is a folder, whose files are synced before they count as written.
    folder: Option<Arc<LocalFileSystem>>,
    prefix: Path,
}

impl Objects {
    /// Opens the store at this place; a folder is made, readable by its owner alone, when it is not there.
    ///
    /// # Errors
    /// When the folder cannot be made, or the build does not know the place.
    pub fn open(place: &Place) -> Result<Self, ObjectsError> {
        match place {
            Place::Folder(folder) => {
                make_private(folder)?;
                let folder = Arc::new(LocalFileSystem::new_with_prefix(folder)?);
                Ok(Self { store: folder.clone(), folder: Some(folder), prefix: Path::default() })
            }
            Place::Bucket(bucket, prefix) => {
                Ok(Self { store: s3(bucket)?, folder: None, prefix: Path::from(prefix.as_str()) })
            }
        }
    }

    /// Writes an object that is not there yet; `false` when it is.
    pub(crate) async fn create(&self, at: &str, payload: PutPayload) -> Result<bool, ObjectsError> {
        match self.put(at, payload, PutMode::Create).await {
            Ok(()) => Ok(true),
            Err(ObjectsError::Store(
                object_store::Error::AlreadyExists { .. } | object_store::Error::Precondition { .. },
            )) => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Writes an object, in place of one of the same name.
    pub(crate) async fn replace(&self, at: &str, payload: PutPayload) -> Result<(), ObjectsError> {
        self.put(at, payload, PutMode::Overwrite).await
    }

    async fn put(&self, at: &str, payload: PutPayload, mode: PutMode) -> Result<(), ObjectsError> {
        let path = self.path(at);
        self.store.put_opts(&path, payload, PutOptions::from(mode)).await?;
        // The crate's folders rename without syncing; what was acknowledged must outlive a power cut.
        if let Some(folder) = &self.folder {
            let file = folder.path_to_filesystem(&path)?;
            tokio::fs::File::open(&file).await?.sync_all().await?;
            if let Some(above) = file.parent() {
                tokio::fs::File::open(above).await?.sync_all().await?;
            }
        }
        Ok(())
    }

    /// The whole of a small object, when it is there.
    pub(crate) async fn get(&self, at: &str) -> Result<Option<Bytes>, ObjectsError> {
        let got = self.store.get(&self.path(at)).await.map_err(ObjectsError::from);
        match got {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(error) if error.is_absent() => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// The bytes of an object as they come; all of them without a range.
    pub(crate) async fn stream(
        &self,
        at: &str,
        range: Option<std::ops::Range<u64>>,
    ) -> Result<BoxStream<'static, Result<Bytes, ObjectsError>>, ObjectsError> {
        let options = GetOptions { range: range.map(GetRange::Bounded), ..GetOptions::default() };
        let found = self.store.get_opts(&self.path(at), options).await?;
        Ok(Box::pin(found.into_stream().map_err(ObjectsError::from)))
    }

    /// What there is directly under a folder, by name.
    pub(crate) async fn list(&self, folder: &str) -> Result<Vec<Listed>, ObjectsError> {
        let found: Vec<_> = self.store.list(Some(&self.path(folder))).try_collect().await?;
        let mut listed: Vec<Listed> = found
            .into_iter()
            .filter_map(|meta| Some(Listed { name: meta.location.filename()?.to_owned(), bytes: meta.size }))
            .collect();
        listed.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(listed)
    }

    /// Removes an object; `false` when there was none.
    pub(crate) async fn remove(&self, at: &str) -> Result<bool, ObjectsError> {
        let path = self.path(at);
        if let Some(folder) = &self.folder {
            let file = folder.path_to_filesystem(&path)?;
            return match tokio::fs::remove_file(&file).await {
                Ok(()) => {
                    if let Some(above) = file.parent() {
                        tokio::fs::File::open(above).await?.sync_all().await?;
                    }
                    Ok(true)
                }
                Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(false),
                Err(error) => Err(error.into()),
            };
        }
        // S3 does not say whether there was one.
        let was = match self.store.head(&path).await {
            Ok(_) => true,
            Err(object_store::Error::NotFound { .. }) => false,
            Err(error) => return Err(error.into()),
        };
        self.store.delete(&path).await?;
        Ok(was)
    }

    fn path(&self, at: &str) -> Path {
        if self.prefix.as_ref().is_empty() {
            Path::from(at)
        } else {
            Path::from(format!("{}/{at}", self.prefix))
        }
    }
}

fn make_private(folder: &FilePath) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(feature = "s3")]
fn s3(bucket: &Bucket) -> Result<Arc<dyn ObjectStore>, ObjectsError> {
    let mut builder = object_store::aws::AmazonS3Builder::from_env()
        .with_bucket_name(&bucket.name)
        .with_region(&bucket.region);
    if !bucket.endpoint.is_empty() {
        builder = builder.with_endpoint(&bucket.endpoint);
        // A store on this machine or behind our own proxy; what it gets is sealed already.
        builder = builder.with_allow_http(bucket.endpoint.starts_with("http://"));
    }
    if let Some(credentials) = &bucket.credentials {
        builder = builder
            .with_access_key_id(&credentials.access_key_id)
            .with_secret_access_key(&credentials.secret_access_key);
    }
    Ok(Arc::new(builder.build()?))
}

#[cfg(not(feature = "s3"))]
fn s3(_bucket: &Bucket) -> Result<Arc<dyn ObjectStore>, ObjectsError> {
    Err(ObjectsError::Unsupported)
}
