//! The notary of this server: opening what the configuration names, running it, and stopping it after the last event.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_database::{Database, PostgresOptions, SqliteOptions};
use trunkline_log::Log;
use trunkline_log::raw::{PostgresRows, Rows, SqliteRows};
use trunkline_registry::publish::{Publisher, Target};
use trunkline_registry::{Books, KeyFile, Notary, Stats};

use crate::config::{LogStore, Settings};
use crate::store;

/// The file of the notary's tables in the data directory.
const BOOKS_FILE: &str = "notary.db";

/// The file of its key in the data directory.
const KEY_FILE: &str = "notary.key";

/// The schema of its tables in PostgreSQL.
const SCHEMA: &str = "notary";

/// Connections to its tables: it writes with one, and proofs read.
const CONNECTIONS: u32 = 4;

/// How long a shutdown waits for the last heads to be published.
const PUBLISH_GRACE: Duration = Duration::from_secs(5);

/// The notary while the server runs.
#[derive(Default)]
pub(crate) struct Notarising {
    books: Option<Books>,
    stats: Option<Stats>,
    keeping: Option<JoinHandle<()>>,
    publishing: Option<JoinHandle<()>>,
    stopping: CancellationToken,
}

impl Notarising {
    /// Starts the notary where the configuration wants one. A server without the key whose turn it is serves all the
    /// same and leaves signing to others.
    ///
    /// # Errors
    /// When the books cannot be opened or the key file cannot be used.
    pub(crate) async fn start(settings: &Settings, log: &Arc<dyn Log>) -> anyhow::Result<Self> {
        if !settings.notary.enabled || settings.log == LogStore::Memory {
            return Ok(Self::default());
        }
        let books = open_books(settings).await?;
        let file = key_file(settings);
        let last = books.last_head().await?;
        if let Some(last) = &last {
            // Handing over may have been interrupted before the file was moved.
            file.take_over(last.signer())?;
        }
        let key = match (file.read()?, last) {
            (Some(key), _) => key,
            (None, None) => file.read_or_make()?,
            (None, Some(last)) => {
                let (path, key) = (file.path().display(), last.signed.key);
                tracing::warn!(
                    "this server signs no tree heads: {path} is missing, and key {key} signed the last"
                );
                return Ok(Self { books: Some(books), ..Self::default() });
            }
        };
        let follow = settings.notary.follow.clone();
        let backoff_max = follow.backoff_max;
        let owner = store::ids().uuid();
        let notary = Notary::new(books.clone(), Arc::clone(log), store::clock(), key, follow, owner);
        let stats = notary.stats();
        let targets = targets(settings)?;
        let publishing = (!targets.is_empty()).then(|| {
            let publisher = Publisher::new(books.clone(), targets, backoff_max, stats.clone());
            tokio::spawn(publisher.run(notary.signed(), CancellationToken::new()))
        });
        let stopping = CancellationToken::new();
        let keeping = Some(tokio::spawn(notary.run(stopping.clone())));
        Ok(Self { books: Some(books), stats: Some(stats), keeping, publishing, stopping })
    }

    /// The books, for proofs.
    pub(crate) fn books(&self) -> Option<Books> {
        self.books.clone()
    }

    /// How it gets on, where this server has a notary.
    pub(crate) fn stats(&self) -> Option<Stats> {
        self.stats.clone()
    }

    /// Signs what was appended last, publishes that if it is taken at once, and ends.
    pub(crate) async fn stop(self) {
        self.stopping.cancel();
        if let Some(keeping) = self.keeping
            && keeping.await.is_err()
        {
            tracing::error!("the notary ended unexpectedly");
        }
        if let Some(publishing) = self.publishing {
            let abort = publishing.abort_handle();
            if tokio::time::timeout(PUBLISH_GRACE, publishing).await.is_err() {
                abort.abort();
                tracing::warn!("tree heads wait to be published; they go out after the next start");
            }
        }
        if let Some(books) = self.books {
            books.close().await;
        }
    }
}

/// What `/readyz` says of it. Its trouble does not stop the server from serving.
pub(crate) fn health(stats: &Stats) -> Value {
    let standing = stats.standing();
    json!({
        "keeping": standing.keeping,
        "size": standing.size,
        "lag": standing.lag,
        "headSize": standing.head_size,
        "headAt": standing.head_at,
        "unpublished": standing.unpublished,
        "trouble": standing.trouble,
    })
}

/// The file of the key.
pub(crate) fn key_file(settings: &Settings) -> KeyFile {
    KeyFile::new(settings.notary.key_file.clone().unwrap_or_else(|| settings.data_dir.join(KEY_FILE)))
}

/// The database of the books: the one configured, the log's, or a file beside it.
fn place(settings: &Settings) -> Place {
    match (&settings.notary.url, &settings.log) {
        (Some(url), _) | (None, LogStore::Postgres { url }) => Place::Postgres(url.clone()),
        (None, LogStore::Sqlite | LogStore::Kurrent { .. } | LogStore::Memory) => {
            Place::Sqlite(settings.data_dir.join(BOOKS_FILE))
        }
    }
}

enum Place {
    Sqlite(PathBuf),
    Postgres(String),
}

/// Opens the books, and makes them where there are none.
///
/// # Errors
/// When their database cannot be reached.
pub(crate) async fn open_books(settings: &Settings) -> anyhow::Result<Books> {
    let database = match place(settings) {
        Place::Sqlite(path) => {
            let mut options = SqliteOptions::new(&path);
            options.readers = CONNECTIONS;
            let database = Database::sqlite(&options).await;
            database.with_context(|| format!("cannot open the notary's books {}", path.display()))?
        }
        Place::Postgres(url) => {
            let mut options = PostgresOptions::new(url);
            (options.schema, options.connections) = (SCHEMA.to_owned(), CONNECTIONS);
            Database::postgres(&options).await.context("cannot reach the database of the notary's books")?
        }
    };
    Ok(Books::open(database, store::clock().now()).await?)
}

/// Opens the books when there are some.
///
/// # Errors
/// As [`open_books`].
pub(crate) async fn find_books(settings: &Settings) -> anyhow::Result<Option<Books>> {
    match place(settings) {
        Place::Sqlite(path) if !Database::is_made(&path) => Ok(None),
        Place::Sqlite(_) | Place::Postgres(_) => open_books(settings).await.map(Some),
    }
}

/// The rows of the log as they are stored; `threads` look at them.
///
/// # Errors
/// When there is no log, or it keeps nothing.
pub(crate) async fn open_rows(settings: &Settings, threads: u32) -> anyhow::Result<Arc<dyn Rows>> {
    let file = match &settings.log {
        LogStore::Postgres { url } => {
            let rows =
                PostgresRows::open(url, threads).await.context("cannot reach the log in PostgreSQL")?;
            return Ok(Arc::new(rows));
        }
        LogStore::Sqlite => store::LOG_FILE,
        LogStore::Kurrent { .. } => store::REPLICA_FILE,
        LogStore::Memory => anyhow::bail!("a log in memory keeps nothing that could be verified"),
    };
    let file = settings.data_dir.join(file);
    let rows = SqliteRows::open(&file).with_context(|| format!("there is no log at {}", file.display()))?;
    Ok(Arc::new(rows))
}

fn targets(settings: &Settings) -> anyhow::Result<Vec<Target>> {
    let notary = &settings.notary;
    let mut targets: Vec<Target> = notary.publish_file.iter().cloned().map(Target::File).collect();
    if let Some(url) = &notary.publish_webhook {
        let webhook = Target::webhook(url, notary.publish_timeout);
        targets.push(webhook.context("`notary.publish_webhook` cannot be used")?);
    }
    if let Some(address) = &notary.publish_store {
        targets.push(Target::store(address).context("`notary.publish_store` cannot be used")?);
    }
    Ok(targets)
}
