//! The right agent for the right customer at the right time, lawfully: features, scores, matching, pacing and
//! compliance as pure algorithms, which the live system and the simulation share.
//!
//! Nothing here does I/O, reads a clock or draws a number that does not follow from a seed it was given. What is
//! decided is a value that says all it was decided from, so that it can be decided again.

mod answers;
mod chance;
pub mod compliance;
mod demand;
pub mod features;
mod hash;
pub mod matching;
pub mod pacing;
pub mod score;

pub use answers::{AnswerChances, Answers, Slot};
pub use chance::draw;
pub use demand::{Surge, Watch};
pub use hash::Hash;
