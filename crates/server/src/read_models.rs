//! The read models as health and metrics see them.

use std::sync::Weak;
use std::time::Duration;

use trunkline_projections::runtime::{Runtime, Status};

/// How long health and metrics wait for the read models' database.
const PATIENCE: Duration = Duration::from_secs(2);

/// How far a read model is that queries see.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Progress {
    /// Its name.
    pub(crate) name: &'static str,
    /// The position up to which it has everything.
    pub(crate) position: u64,
    /// How many events of the log are beyond that.
    pub(crate) lag: u64,
    /// How many events it could not fold.
    pub(crate) parked: u64,
}

/// How far all of them are; nothing when that cannot be told.
pub(crate) async fn progress(runtime: &Weak<Runtime>) -> Option<Vec<Progress>> {
    let runtime = runtime.upgrade()?;
    let status = match tokio::time::timeout(PATIENCE, runtime.status()).await {
        Ok(Ok(status)) => status,
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the read models cannot be asked");
            return None;
        }
        Err(_) => return None,
    };
    let active = status.into_iter().filter(|one| one.generation.status == Status::Active);
    Some(
        active
            .map(|one| Progress {
                name: one.generation.model.name(),
                position: one.generation.position.0,
                lag: one.lag,
                parked: one.parked as u64,
            })
            .collect(),
    )
}
