//! Opening what the configuration names: the log and the database of the read models.

use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use trunkline_app::{DispatchLimits, Dispatcher};
use trunkline_database::{Database, PostgresOptions, SqliteOptions};
use trunkline_kernel::{Clock, Ids, RandomIds, SystemClock};
use trunkline_log::{Log, LogLimits, LogStats, MemoryLog, PostgresLog, SqliteLog};

use crate::config::{LogStore, ReadModelStore, Settings};

/// The file of the embedded log in the data directory.
const LOG_FILE: &str = "log.db";

/// The file of the embedded read models in the data directory. Its own file, so that catching up never makes an
/// append wait.
const READ_MODELS_FILE: &str = "read-models.db";

/// The file in the data directory of the local copy of a log in KurrentDB.
#[cfg(feature = "kurrentdb")]
const REPLICA_FILE: &str = "replica.db";

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

/// The one path from commands to the log.
pub(crate) fn dispatcher(settings: &Settings, log: Arc<dyn Log>) -> Dispatcher {
    let limits = DispatchLimits {
        attempts_max: settings.command_attempts_max,
        cached_aggregates_max: settings.cached_aggregates_max,
        ..DispatchLimits::default()
    };
    Dispatcher::new(log, clock(), ids(), limits)
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
