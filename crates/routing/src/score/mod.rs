//! How well an agent fits a customer: scorers behind one trait, and why they say so.

mod blend;
mod cosine;
mod explain;
#[cfg(test)]
mod tests;
pub mod trees;

use std::fmt;

use crate::Hash;
use crate::features::Table;

pub use blend::{Blend, InvalidBlend, Part};
pub use cosine::{Cosine, InvalidCosine};
pub use explain::{Contribution, Explanation, Language, Scale, Term};

/// Says how well agents fit a customer; higher is better.
///
/// A scorer is bound to the schemas of the two vectors when it is made, so rows of those schemas always have the
/// right width. It gives the same scores for the same numbers, for ever and on every machine; its [`Hash`] stands
/// for all that it depends on.
pub trait Scorer: fmt::Debug + Send + Sync {
    /// What names it in decisions.
    fn hash(&self) -> &Hash;

    /// Scores the agents in these rows of the table for the customer, in their order.
    fn score(&self, customer: &[f32], agents: &Table, rows: &[usize]) -> Vec<f32>;

    /// Why one agent has that score: terms, one for each scorer inside.
    fn explain(&self, customer: &[f32], agent: &[f32]) -> Explanation;
}
