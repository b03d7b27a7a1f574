//! The settings under `[routing]` and `[pool]`, with those of `[models]`.

use std::path::{Path, PathBuf};
use std::time::Duration;

use trunkline_kernel::Millis;
use trunkline_pool::RouterSettings;
use trunkline_pool::models::DriftSettings;
use trunkline_routing::matching;

use super::ConfigError;
use super::reader::Reader;

/// Where servers meet before they decide on agents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PoolStore {
    /// Nowhere: the pool is this process's own.
    Memory,
    /// Redis.
    Redis {
        /// Its address. It can hold a password.
        url: String,
    },
}

/// The settings of routing, checked. Each is documented in `deploy/config.default.toml`.
#[derive(Clone, Debug)]
#[expect(missing_docs, reason = "the file of defaults documents each under the same name")]
pub struct RoutingSettings {
    pub pool: PoolStore,
    pub features: Option<PathBuf>,
    /// The file of watches.
    pub demand: Option<PathBuf>,
    /// The file that says which licences calls ask for.
    pub licences: Option<PathBuf>,
    /// The file that says what the queues of calls that arrive ask for.
    pub queues: Option<PathBuf>,
    /// The folder of models' files.
    pub models: PathBuf,
    /// How soon a model that could not be loaded is tried again.
    pub models_retry: Duration,
    /// What measuring the model that scores turns on: `[models]`.
    pub drift: DriftSettings,
    pub router: RouterSettings,
}

impl RoutingSettings {
    /// Checks them.
    ///
    /// # Errors
    /// The first that has a value it does not take.
    pub(super) fn of(read: &Reader<'_>, data_dir: &Path) -> Result<Self, ConfigError> {
        let file = read.text("routing.features_file")?;
        let models = read.text("routing.models_folder")?;
        let demand = read.text("routing.demand_file")?;
        let licences = read.text("routing.licences_file")?;
        let queues = read.text("routing.queues_file")?;
        let millis = |key| -> Result<Millis, ConfigError> {
            Ok(Millis(i64::try_from(read.number(key, 1, 600_000)?).unwrap_or(i64::MAX)))
        };
        let hours = i64::from(read.narrow("routing.lookback_hours", 1, 24 * 365)?);
        Ok(Self {
            pool: pool(read)?,
            features: (!file.is_empty()).then(|| PathBuf::from(file)),
            demand: (!demand.is_empty()).then(|| PathBuf::from(demand)),
            licences: (!licences.is_empty()).then(|| PathBuf::from(licences)),
            queues: (!queues.is_empty()).then(|| PathBuf::from(queues)),
            models: if models.is_empty() { data_dir.join("models") } else { PathBuf::from(models) },
            models_retry: Duration::from_secs(read.number("routing.models_retry_seconds", 1, 3_600)?),
            drift: super::models::drift(read)?,
            router: RouterSettings {
                matching: policy(read)?,
                claim: Duration::from_millis(read.number("pool.claim_ms", 100, 600_000)?),
                leave: millis("pool.leave_ms")?,
                look: read.millis("routing.look_ms")?,
                lookback: Millis::from_mins(hours * 60),
                wait_max: read.millis("routing.wait_max_ms")?,
                achievements: Duration::from_secs(read.number("routing.achievements_seconds", 1, 3_600)?),
                rounds_max: read.size("routing.rounds_max", 1, 64)?,
            },
        })
    }
}

fn pool(read: &Reader<'_>) -> Result<PoolStore, ConfigError> {
    match read.text("pool.store")? {
        "memory" => Ok(PoolStore::Memory),
        "redis" if cfg!(feature = "redis") => {
            Ok(PoolStore::Redis { url: read.url("pool.url", &["redis://", "rediss://", "unix://"])? })
        }
        "redis" => Err(read.wrong(
            "pool.store",
            "is \"redis\", which this build was made without; build with `--features redis`",
        )),
        other => Err(read.choice("pool.store", &["memory", "redis"], other)),
    }
}

#[expect(clippy::cast_possible_truncation, reason = "decisions are made and recorded in single precision")]
fn policy(read: &Reader<'_>) -> Result<matching::Policy, ConfigError> {
    let share = |key| Ok(read.rate(key, 0.0, 1.0)? as f32);
    Ok(matching::Policy {
        ageing_s: read.rate("routing.ageing_seconds", 1.0, 86_400.0)? as f32,
        familiarity: share("routing.familiarity")?,
        preferred: share("routing.preferred")?,
        fairness: share("routing.fairness")?,
        tie_width: read.rate("routing.tie_width", 0.000_001, 0.5)? as f32,
        exploration: share("routing.exploration")?,
        shortlist: u16::try_from(read.number("routing.shortlist", 1, 1_000)?).unwrap_or(u16::MAX),
        emphasis: Vec::new(),
    })
}
