//! Models: their files, which of them scores, and how they do on decisions that were logged.

mod evaluate;
mod live;
mod outcomes;
mod store;
#[cfg(test)]
mod tests;

pub use evaluate::Judge;
pub use live::{LiveModels, Standing};
pub use outcomes::{Outcome, Outcomes, Paired, Unread, decisions};
pub use store::{ModelFault, ModelStore};
