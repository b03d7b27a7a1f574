//! Who gets which call.
//!
//! Hard constraints come first; of what they leave, [`decide`] takes the best agent for one call, or the best
//! assignment for many calls and many agents. What it decided from is in the [`Decision`], and [`replay`] decides
//! it again.

mod assign;
mod call;
mod decision;
mod eligible;
mod hours;
mod policy;
mod pool;
mod record;
mod settle;
#[cfg(test)]
mod tests;
mod told;
mod worth;

pub use assign::{Gains, assign};
pub use call::{Call, Needs, PRIORITY_MAX, Preferred, Relax, Widening, familiarity};
pub use decision::{Unreplayable, decide, noted, reconsider, replay, scores};
pub use eligible::{Reason, free_for};
pub use hours::{Weekly, window};
pub use policy::{Emphasis, InvalidPolicy, Policy};
pub use pool::{Agent, Pool, Shift};
pub use record::{AgentFacts, Assigned, CallFacts, Candidate, Decision, Inputs};
pub use told::told;
pub use worth::worth;
