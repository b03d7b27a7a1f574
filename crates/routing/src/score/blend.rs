//! A weighted sum of scorers.

use std::collections::BTreeSet;
use std::sync::Arc;

use serde::Serialize;

use super::{Column, Explanation, Scorer};
use crate::Hash;
use crate::features::Table;

/// One scorer of a blend.
#[derive(Debug)]
pub struct Part {
    /// The scorer.
    pub scorer: Arc<dyn Scorer>,
    /// Its share of the whole, before shares are brought to a sum of 1.
    pub weight: f32,
    /// Its score is divided by this, so that scorers of different units can be added; 1 for probabilities and
    /// cosines.
    pub unit: f32,
}

/// `Σ weight · score / unit`, with weights that add up to 1.
#[derive(Debug)]
pub struct Blend {
    hash: Hash,
    parts: Vec<Part>,
}

/// Why a blend cannot be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidBlend {
    /// No part has a weight above zero.
    #[error("no part has a weight above zero")]
    Empty,
    /// A weight is negative or no number.
    #[error("the weight of part {0} must be zero or more")]
    Weight(usize),
    /// A unit is not above zero.
    #[error("the unit of part {0} must be above zero")]
    Unit(usize),
}

#[derive(Serialize)]
struct Declared<'a> {
    kind: &'static str,
    parts: Vec<(&'a Hash, f32, f32)>,
}

impl Blend {
    /// Of these parts.
    ///
    /// # Errors
    /// When a weight or a unit is impossible, or all weights are zero.
    pub fn new(mut parts: Vec<Part>) -> Result<Self, InvalidBlend> {
        for (at, part) in parts.iter().enumerate() {
            if !(part.weight.is_finite() && part.weight >= 0.0) {
                return Err(InvalidBlend::Weight(at));
            }
            if !(part.unit.is_finite() && part.unit > 0.0) {
                return Err(InvalidBlend::Unit(at));
            }
        }
        let whole: f32 = parts.iter().map(|part| part.weight).sum();
        if whole <= 0.0 {
            return Err(InvalidBlend::Empty);
        }
        parts.iter_mut().for_each(|part| part.weight /= whole);
        let declared = parts.iter().map(|part| (part.scorer.hash(), part.weight, part.unit)).collect();
        let hash = Hash::of_declaration(&Declared { kind: "blend", parts: declared });
        Ok(Self { hash, parts })
    }
}

impl Scorer for Blend {
    fn hash(&self) -> &Hash {
        &self.hash
    }

    fn columns(&self) -> BTreeSet<Column> {
        self.parts.iter().flat_map(|part| part.scorer.columns()).collect()
    }

    fn score(&self, customer: &[f32], agents: &Table, rows: &[usize]) -> Vec<f32> {
        let mut whole = vec![0.0; rows.len()];
        for part in &self.parts {
            let scores = part.scorer.score(customer, agents, rows);
            for (sum, score) in whole.iter_mut().zip(scores) {
                *sum += part.weight * score / part.unit;
            }
        }
        whole
    }

    fn explain(&self, customer: &[f32], agent: &[f32]) -> Explanation {
        let terms = self.parts.iter().flat_map(|part| {
            let share = f64::from(part.weight / part.unit);
            let mut inner = part.scorer.explain(customer, agent).terms;
            inner.iter_mut().for_each(|term| term.weight *= share);
            inner
        });
        Explanation { terms: terms.collect() }
    }
}
