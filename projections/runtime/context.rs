//! What every part of the runtime shares.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;
use trunkline_database::Database;
use trunkline_kernel::{Clock, Position};
use trunkline_log::{Log, LogError};
use uuid::Uuid;

use super::{GenerationError, Settings};
use crate::ReadModel;
use crate::reads::Reached;

/// What every part of the runtime shares.
pub(crate) struct Context {
    pub(crate) database: Database,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) settings: Settings,
    /// Names this process in leases.
    pub(crate) owner: Uuid,
    pub(crate) reached: Arc<Reached>,
    /// What this process is building, so that it does not begin twice.
    pub(crate) building: Mutex<BTreeSet<(ReadModel, u32)>>,
    pub(crate) progress: watch::Sender<BTreeMap<(ReadModel, u32), Progress>>,
}

/// How one generation gets on, as this process sees it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Everything up to here is in it.
    pub position: Position,
    /// The end of the log when that was read.
    pub head: Position,
    /// Events a second, over the last second or so.
    pub events_per_second: f64,
}

impl Progress {
    /// How many events it is behind.
    pub fn lag(&self) -> u64 {
        self.head.0.saturating_sub(self.position.0)
    }
}

/// Why following stopped.
#[derive(Debug, thiserror::Error)]
pub enum RuntimeError {
    /// The log failed.
    #[error("the log failed")]
    Log(#[from] LogError),
    /// The read models' database failed, or another server has taken over.
    #[error("the read models' database failed")]
    Database(#[from] trunkline_database::DatabaseError),
    /// A generation is not as it must be.
    #[error(transparent)]
    Generation(#[from] GenerationError),
    /// Another server holds what is to be worked on.
    #[error("{model} generation {generation} is held by another server")]
    Held {
        /// The read model.
        model: &'static str,
        /// The generation.
        generation: u32,
    },
    /// A part of the runtime ended without saying why.
    #[error("a part of the runtime ended unexpectedly")]
    Ended,
}
