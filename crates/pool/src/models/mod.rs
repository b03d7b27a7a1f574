//! Models: their files, which of them scores and which beside it, how they do on decisions that were logged, and whether the
//! one that scores still meets the world that it was made for.

mod book;
mod drift;
mod evaluate;
mod live;
mod outcomes;
mod shadow;
mod store;
#[cfg(test)]
mod tests;

pub use book::{Book, Life, Step};
pub use drift::{Drift, DriftSettings};
pub use evaluate::{Judge, Noted};
pub use live::{LiveModels, Standing, Subject};
pub use outcomes::{Outcome, Outcomes, Paired, Unread, decisions, shadowed};
pub use shadow::Shadowing;
pub use store::{ModelFault, ModelStore};
