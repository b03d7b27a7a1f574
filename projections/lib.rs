//! The read side: followers that fold the log into read models, and the typed queries that read them.
//!
//! One folder a read model, each with its tables, its rows, its fold and its golden cases; `fold` is what folds
//! are written in, `runtime` runs them, `reads` asks them.

pub mod agent_availability;
pub mod audit;
pub mod customer_360;
mod definition;
pub mod fold;
pub mod kpi;
pub mod names;
pub mod outreach;
pub mod reads;
pub mod recordings;
pub mod runtime;
pub mod task_board;
mod words;

pub use definition::{Definition, ReadModel, Script};
pub use reads::{Cursor, End, Page, PageRequest, ReadError, ReadModels};
pub use words::{As, Word};

#[cfg(test)]
mod tests;
