//! How many calls to dial now.
//!
//! Preview and progressive dialing never have more calls than agents for them. Predictive dialing has, as a chance
//! constraint: one more call is dialed as long as the chance that nobody is free when it is answered stays below a
//! threshold, and the threshold is moved so that the share of abandoned calls stays below the campaign's bound.

mod durations;
mod forecast;
mod ledger;
mod pace;
#[cfg(test)]
mod tests;

pub use durations::Durations;
pub use forecast::Forecast;
pub use ledger::{Formula, Ledger, Share, ShareOf};
pub use pace::{Limits, Mode, Pace, Pacer, Reception, Situation, Why};
