//! Whether a call is lawful, by rules that are data.
//!
//! A [`RuleBook`] holds the rules; [`RuleBook::judge`] holds a dial against those that apply where the customer is
//! and where the campaign is, and says for each rule and version what it found.

mod book;
mod judge;
mod place;
mod rule;
#[cfg(test)]
mod tests;

pub use book::{AbandonmentBound, InvalidRules, RuleBook};
pub use judge::{Facts, Judgement, PastCall, Ruling, Verdict};
pub use place::{Place, calling_region};
pub use rule::{Check, Consent, Purpose, Rule};
