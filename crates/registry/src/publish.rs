//! Publication: heads leave the house, so that not even whoever holds the house and its key can tell another story
//! afterwards. At least once, in order, and again after a fault; what waits stands in the books, not in memory.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use object_store::path::Path as ObjectPath;
use object_store::{ObjectStore, PutMode, PutOptions};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::{Books, NumberedHead, RegistryError, Stats};

/// Heads that are read at once for one place.
const PAGE: u32 = 100;

/// The first pause after a place has refused.
const BACKOFF: Duration = Duration::from_secs(1);

/// Where heads go.
#[derive(Debug)]
pub enum Target {
    /// A file that gets one line a head.
    File(PathBuf),
    /// An address that gets a POST with the head as JSON.
    Webhook {
        /// The address.
        url: String,
        /// The client, with its limits of time.
        client: reqwest::Client,
    },
    /// A folder of an object store that gets one object a head, never replaced.
    Store {
        /// What names it in logs and in the books.
        name: String,
        /// The store.
        store: Arc<dyn ObjectStore>,
        /// The folder in it.
        folder: ObjectPath,
    },
}

/// Why a head could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The file cannot be written.
    #[error("the file cannot be written")]
    File(#[from] std::io::Error),
    /// The webhook cannot be reached or does not answer with success.
    #[error("the webhook does not take it")]
    Webhook(#[from] reqwest::Error),
    /// The object store refuses.
    #[error("the object store does not take it")]
    Store(#[from] object_store::Error),
    /// The address of the store cannot be read.
    #[error("{0:?} is no address of an object store")]
    Address(String),
    /// The head cannot be written as JSON.
    #[error("the head cannot be written")]
    Json(#[from] serde_json::Error),
}

impl Target {
    /// A webhook. One request takes `timeout` at most.
    ///
    /// # Errors
    /// When no client can be made.
    pub fn webhook(url: &str, timeout: Duration) -> Result<Self, PublishError> {
        let client = reqwest::Client::builder().timeout(timeout).build()?;
        Ok(Self::Webhook { url: url.to_owned(), client })
    }

    /// An object store by its address: a folder of this machine as `file:///var/heads`, or whatever else the build
    /// has, such as `s3://bucket/folder`.
    ///
    /// # Errors
    /// When the address cannot be read or names a store that the build does not have.
    pub fn store(address: &str) -> Result<Self, PublishError> {
        let url = reqwest::Url::parse(address).map_err(|_| PublishError::Address(address.to_owned()))?;
        let name = format!("store {}{}", url.host_str().unwrap_or_default(), url.path());
        let (store, folder) = object_store::parse_url(&url)?;
        Ok(Self::Store { name, store: Arc::from(store), folder })
    }

    /// What names it in the books. A webhook's address can hold a secret after its host, so only a digest of it is
    /// shown.
    fn name(&self) -> String {
        match self {
            Self::File(path) => format!("file {}", path.display()),
            Self::Webhook { url, .. } => {
                let digest = trunkline_notary::TreeHash::leaf(url.as_bytes()).to_string();
                format!("webhook {}", digest.get(..12).unwrap_or_default())
            }
            Self::Store { name, .. } => name.clone(),
        }
    }

    async fn deliver(&self, head: &NumberedHead) -> Result<(), PublishError> {
        let document = serde_json::to_string(&head.signed)?;
        match self {
            Self::File(path) => {
                let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path)?;
                file.write_all(format!("{document}\n").as_bytes())?;
                file.sync_data()?;
            }
            Self::Webhook { url, client } => {
                let request = client.post(url).header("content-type", "application/json").body(document);
                request.send().await?.error_for_status()?;
            }
            Self::Store { store, folder, .. } => {
                // Names that sort as the heads do.
                let name = format!("{:020}-{:010}.json", head.signed.head.size, head.number);
                let options = PutOptions { mode: PutMode::Create, ..PutOptions::default() };
                match store.put_opts(&folder.clone().join(name), document.into(), options).await {
                    // An earlier attempt got through without our hearing of it.
                    Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => {}
                    Err(error) => return Err(error.into()),
                }
            }
        }
        Ok(())
    }
}

/// Publishes to some places.
pub struct Publisher {
    books: Books,
    targets: Vec<Target>,
    backoff_max: Duration,
    stats: Stats,
}

impl Publisher {
    /// A publisher of these books to these places. After a fault a place is tried again after a second, two, four and
    /// so on up to `backoff_max`.
    pub fn new(books: Books, targets: Vec<Target>, backoff_max: Duration, stats: Stats) -> Self {
        Self { books, targets, backoff_max, stats }
    }

    /// Publishes whatever is signed until it is told to stop. `signed` wakes it.
    pub async fn run(self, signed: watch::Receiver<u64>, stopping: CancellationToken) {
        let places = self.targets.iter().map(|target| self.serve(target, signed.clone(), &stopping));
        futures::future::join_all(places).await;
    }

    /// Each place has its own pace, so that none waits for another.
    async fn serve(&self, target: &Target, mut signed: watch::Receiver<u64>, stopping: &CancellationToken) {
        let name = target.name();
        let mut backoff = BACKOFF;
        while !stopping.is_cancelled() {
            // Whoever keeps the tree publishes; two servers would only do it twice.
            let caught_up = match self.stats.standing().keeping {
                true => self.catch_up(target, &name).await,
                false => Ok(()),
            };
            match caught_up {
                Ok(()) => {
                    backoff = BACKOFF;
                    tokio::select! {
                        () = stopping.cancelled() => {}
                        changed = signed.changed() => if changed.is_err() {
                            // The notary has stopped; what it signed last still goes out.
                            let _ = self.catch_up(target, &name).await;
                            return;
                        },
                        // Another server may be the one that signs, and end.
                        () = tokio::time::sleep(self.backoff_max) => {}
                    }
                }
                Err(failed) => {
                    tracing::warn!(
                        target = name,
                        error = &failed as &dyn std::error::Error,
                        "a tree head could not be published; it is tried again"
                    );
                    stopping.run_until_cancelled(tokio::time::sleep(backoff)).await;
                    backoff = (backoff * 2).min(self.backoff_max);
                    if signed.has_changed().is_err() {
                        // The notary has stopped; what waits goes out after the next start.
                        return;
                    }
                }
            }
        }
    }

    async fn catch_up(&self, target: &Target, name: &str) -> Result<(), Failed> {
        loop {
            let from = self.books.published(name).await?;
            let heads = self.books.heads_after(from, PAGE).await?;
            self.stats.update(|standing| standing.unpublished = heads.len() as u64);
            if heads.is_empty() {
                return Ok(());
            }
            for head in heads {
                target.deliver(&head).await?;
                self.books.note_published(name, head.number).await?;
            }
        }
    }
}

#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error(transparent)]
    Books(#[from] RegistryError),
    #[error(transparent)]
    Target(#[from] PublishError),
}
