//! What runs the folds: followers with checkpoints and leases, rebuilding beside what is in use, parking.

mod context;
mod digest;
mod generation;
mod host;
mod lease;
pub(crate) mod member;
mod meter;
mod parking;
mod pipeline;
mod rebuild;
mod replay;
mod scratch;
mod settings;

pub use context::{Progress, RuntimeError};
pub use digest::{TableDigest, digest};
pub use generation::{Generation, GenerationError, Status, drop_generation, list as generations, switch};
pub use host::{GenerationStatus, Runtime};
pub use parking::{PARKED_MAX, Parked, parked, replay_parked};
pub use rebuild::Rebuilt;
pub use replay::{Replayed, replay_until};
pub(crate) use scratch::Scratch;
pub use settings::{Settings, TRIES_MAX};

/// Migrates a database without running anything on it.
#[cfg(test)]
pub(crate) async fn prepare_for_tests(
    database: &trunkline_database::Database,
) -> trunkline_database::Result<()> {
    generation::prepare(database, trunkline_kernel::Timestamp::default()).await
}
