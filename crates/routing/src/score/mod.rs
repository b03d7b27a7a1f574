//! How well an agent fits a customer: scorers behind one trait, and why they say so.

mod blend;
mod cosine;
mod explain;
#[cfg(test)]
mod tests;
pub mod trees;

use std::collections::BTreeSet;
use std::fmt;

use crate::Hash;
use crate::features::Table;

pub use blend::{Blend, InvalidBlend, Part};
pub use cosine::{Cosine, InvalidCosine};
pub use explain::{Contribution, Explanation, Language, Scale, Term};

/// A cell that a scorer looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Column {
    /// Of the customer's vector.
    Customer(usize),
    /// Of the agent's.
    Agent(usize),
}

/// Says how well agents fit a customer; higher is better.
///
/// A scorer is bound to the schemas of the two vectors when it is made, so rows of those schemas always have the
/// right width. It gives the same scores for the same numbers, for ever and on every machine; its [`Hash`] stands
/// for all that it depends on.
pub trait Scorer: fmt::Debug + Send + Sync {
    /// What names it in decisions.
    fn hash(&self) -> &Hash;

    /// The cells that scores follow from; no other ever matters.
    fn columns(&self) -> BTreeSet<Column>;

    /// Scores the agents in these rows of the table for the customer, in their order.
    fn score(&self, customer: &[f32], agents: &Table, rows: &[usize]) -> Vec<f32>;

    /// Why one agent has that score: terms, one for each scorer inside.
    fn explain(&self, customer: &[f32], agent: &[f32]) -> Explanation;
}
