//! Opening what the configuration names: the log and the database of the read models.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use trunkline_app::{DispatchLimits, Dispatcher};
use trunkline_database::{Database, PostgresOptions, SqliteOptions};
use trunkline_kernel::{Clock, Ids, RandomIds, SystemClock};
use trunkline_log::{Log, LogLimits, LogStats, MemoryLog, PostgresLog, SqliteLog};
use trunkline_vault::Vault;
use trunkline_vault::master::{MasterKeys, Transit};

use crate::config::{KeyStore, LogStore, MasterKeySource, ReadModelStore, Settings};

/// The file of the embedded log in the data directory.
pub(crate) const LOG_FILE: &str = "log.db";

/// The file of the embedded read models in the data directory. Its own file, so that catching up never makes an
/// append wait.
const READ_MODELS_FILE: &str = "read-models.db";

/// The file of the embedded key store in the data directory. Its own file, so that it is backed up apart.
const KEYS_FILE: &str = "keys.db";

/// The schema of the keys in PostgreSQL.
const KEYS_SCHEMA: &str = "trunkline_keys";

/// The file of master keys in the data directory, when no other is named.
const MASTER_KEY_FILE: &str = "master.key";

/// The file in the data directory of the local copy of a log in KurrentDB.
pub(crate) const REPLICA_FILE: &str = "replica.db";

/// An open log.
#[derive(Clone)]
pub(crate) struct OpenLog {
    /// The log.
    pub(crate) log: Arc<dyn Log>,
    /// What it has done since it was opened; the log in memory does not count.
    pub(crate) stats: Option<Arc<LogStats>>,
}

/// The machine's clock.
pub(crate) fn clock() -> Arc<dyn Clock> {
    Arc::new(SystemClock)
}

/// Random ids.
pub(crate) fn ids() -> Arc<dyn Ids> {
    Arc::new(RandomIds)
}

/// Opens the log, and makes its tables when they are not there.
///
/// # Errors
/// When it cannot be reached, or is not a log.
pub(crate) async fn open_log(settings: &Settings) -> anyhow::Result<OpenLog> {
    let limits = settings.log_limits.clone();
    match &settings.log {
        LogStore::Memory => {
            Ok(OpenLog { log: Arc::new(MemoryLog::with_limits(clock(), limits)), stats: None })
        }
        LogStore::Sqlite => {
            let file = file(&settings.data_dir, LOG_FILE)?;
            let options = trunkline_log::SqliteOptions { limits, ..Default::default() };
            let log = SqliteLog::open(&file, options, clock()).await;
            let log = log.with_context(|| format!("cannot open the log {}", file.display()))?;
            let stats = Some(log.stats());
            Ok(OpenLog { log: Arc::new(log), stats })
        }
        LogStore::Postgres { url } => open_postgres(url, limits).await,
        LogStore::Kurrent { url } => open_kurrent(url, settings).await,
    }
}

/// Opens the database of the read models.
///
/// # Errors
/// When it cannot be reached.
pub(crate) async fn open_read_models(settings: &Settings) -> anyhow::Result<Database> {
    match &settings.read_models {
        ReadModelStore::Sqlite => {
            let path = file(&settings.data_dir, READ_MODELS_FILE)?;
            let mut options = SqliteOptions::new(&path);
            options.readers = settings.read_model_connections_max;
            let database = Database::sqlite(&options).await;
            database.with_context(|| format!("cannot open the read models {}", path.display()))
        }
        ReadModelStore::Postgres { url } => {
            let mut options = PostgresOptions::new(url);
            options.connections = settings.read_model_connections_max;
            Database::postgres(&options).await.context("cannot reach the database of the read models")
        }
    }
}

/// Opens the keys of data subjects.
///
/// # Errors
/// When the key store cannot be reached, or the master keys are not those that it was made with.
pub(crate) async fn open_vault(settings: &Settings) -> anyhow::Result<Arc<Vault>> {
    let (database, master) = match &settings.keys {
        KeyStore::Memory => (Database::sqlite_in_memory().await?, MasterKeys::passing()?),
        KeyStore::Sqlite => {
            let path = file(&settings.data_dir, KEYS_FILE)?;
            let mut options = SqliteOptions::new(&path);
            (options.lasting, options.cache_kib) = (true, KEYS_CACHE_KIB);
            let database = Database::sqlite(&options).await;
            let database = database.with_context(|| format!("cannot open the keys {}", path.display()))?;
            (database, master_keys(settings)?)
        }
        KeyStore::Postgres { url } => {
            let mut options = PostgresOptions::new(url);
            KEYS_SCHEMA.clone_into(&mut options.schema);
            let database = Database::postgres(&options).await.context("cannot reach the key store")?;
            (database, master_keys(settings)?)
        }
    };
    Vault::open(database, master, clock(), settings.vault)
        .await
        .context("cannot open the keys of data subjects")
}

/// How much of the key store is kept in memory; rows are small and found by their key.
const KEYS_CACHE_KIB: u32 = 8_192;

/// The master keys that the configuration names.
///
/// # Errors
/// When they are not there, or are open to others.
pub(crate) fn master_keys(settings: &Settings) -> anyhow::Result<MasterKeys> {
    Ok(match &settings.master_key {
        MasterKeySource::File(Some(path)) => MasterKeys::in_file(path, false)?,
        MasterKeySource::File(None) => {
            let path = file(&settings.data_dir, MASTER_KEY_FILE)?;
            let made = !path.exists();
            let keys = MasterKeys::in_file(&path, true)?;
            if made {
                tracing::warn!(
                    file = %path.display(),
                    "a master key was made beside the data; keep it apart (`vault.master_file`) for anything but a trial"
                );
            }
            keys
        }
        MasterKeySource::Given(keys) => MasterKeys::given(keys)?,
        MasterKeySource::Transit { url, mount, key, token } => {
            MasterKeys::transit(Transit::new(url, mount, key, token)?)
        }
    })
}

/// The one path from commands to the log.
pub(crate) fn dispatcher(settings: &Settings, log: Arc<dyn Log>, vault: Arc<Vault>) -> Dispatcher {
    let limits = DispatchLimits {
        attempts_max: settings.command_attempts_max,
        cached_aggregates_max: settings.cached_aggregates_max,
        ..DispatchLimits::default()
    };
    Dispatcher::new(log, vault, clock(), ids(), limits)
}

async fn open_postgres(url: &str, limits: LogLimits) -> anyhow::Result<OpenLog> {
    let options = trunkline_log::PostgresOptions { limits, ..Default::default() };
    let log = PostgresLog::open(url, options, clock()).await.context("cannot open the log in PostgreSQL")?;
    let stats = Some(log.stats());
    Ok(OpenLog { log: Arc::new(log), stats })
}

#[cfg(feature = "kurrentdb")]
async fn open_kurrent(url: &str, settings: &Settings) -> anyhow::Result<OpenLog> {
    let replica = file(&settings.data_dir, REPLICA_FILE)?;
    let mut options = trunkline_log::KurrentOptions::new(url, replica);
    options.ledger.clone_from(&settings.ledger);
    let ours = settings.log_limits.clone();
    // KurrentDB takes less in one call than the other stores do.
    let theirs = trunkline_log::KurrentOptions::limits();
    options.limits = LogLimits {
        batch_events_max: ours.batch_events_max.min(theirs.batch_events_max),
        batch_bytes_max: ours.batch_bytes_max.min(theirs.batch_bytes_max),
        event_bytes_max: ours.event_bytes_max.min(theirs.event_bytes_max),
        events_per_append_max: ours.events_per_append_max.min(theirs.events_per_append_max),
        ..ours
    };
    let log = trunkline_log::KurrentLog::open(options, clock())
        .await
        .context("cannot open the log in KurrentDB")?;
    let stats = Some(log.stats());
    Ok(OpenLog { log: Arc::new(log), stats })
}

#[cfg(not(feature = "kurrentdb"))]
async fn open_kurrent(_url: &str, _settings: &Settings) -> anyhow::Result<OpenLog> {
    anyhow::bail!("this build was made without KurrentDB; build with `--features kurrentdb`")
}

fn file(data_dir: &Path, name: &str) -> anyhow::Result<std::path::PathBuf> {
    std::fs::create_dir_all(data_dir)
        .with_context(|| format!("cannot make the data directory {}", data_dir.display()))?;
    Ok(data_dir.join(name))
}
