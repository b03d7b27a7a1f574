//! What runs the folds: followers with checkpoints and leases, rebuilding beside what is in use, parking.

mod generation;
mod member;
mod scratch;

pub use generation::{Generation, GenerationError, Status, drop_generation, switch};
pub(crate) use scratch::Scratch;
