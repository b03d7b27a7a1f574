//! A contact centre in a seeded discrete-event simulation. The agents are assigned, the calls paced and the dials
//! judged by `trunkline-routing`, the code that the live system runs; only customers, lines and time are made up.
//!
//! [`Scenario::parse`] reads a scenario, [`simulate`] runs it and gives a [`Report`]. The same scenario gives the same
//! report on every machine.

mod agenda;
mod chance;
mod dialing;
mod estimate;
mod plot;
mod queue;
mod report;
mod scenario;
mod truth;

pub use chance::{Arrivals, InvalidLengths, Lengths, exponential_patience};
pub use dialing::{Campaign, Day, Dialing, List, Manual};
pub use estimate::Estimate;
pub use queue::{Queue, QueueDay};
pub use report::{Figure, Ratio, Report, Row};
pub use scenario::{Compare, InvalidScenario, Scenario, World, simulate};
pub use truth::Truth;
