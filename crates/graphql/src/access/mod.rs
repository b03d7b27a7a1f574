//! Who may see and do what, at the edge: which rule holds for each field, and who the caller is.
//!
//! Rows are kept back below, by the read models; here are what an operation may name at all and how personal values are
//! shown.

mod golden;
mod guard;
mod operations;
mod rules;
mod seer;
mod shape;
mod targets;

pub use golden::golden;
pub(crate) use guard::{Guard, Sight, sight};
pub(crate) use rules::refuse_unpermitted;
pub(crate) use seer::Seer;
pub(crate) use shape::Shape;
pub(crate) use targets::{Named, unseen_target};
