//! Cosine similarity of what the customer needs and what the agent has.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Column, Contribution, Explanation, Scale, Scorer, Term};
use crate::Hash;
use crate::features::{Schema, Table};

/// The cosine of the angle between the two vectors over the columns that both schemas name, each column with a
/// weight: `Σ w c a / √(Σ w c² · Σ w a²)`, and 0 when either has nothing. What is missing counts as zero.
#[derive(Clone, Debug)]
pub struct Cosine {
    hash: Hash,
    /// For each column of the agent: which column of the customer, and the weight; `None` where there is none.
    columns: Vec<Option<(usize, f32)>>,
    names: Vec<String>,
}

/// Why a cosine cannot be made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidCosine {
    /// No column has the same name in both schemas.
    #[error("the schemas of customers and agents have no column in common")]
    NothingShared,
    /// A weight is given for a column that is not in both schemas.
    #[error("the weight for {0:?} belongs to no column of both schemas")]
    UnknownColumn(String),
    /// A weight is negative or no number.
    #[error("the weight for {0:?} must be zero or more")]
    Weight(String),
}

#[derive(Serialize)]
struct Declared<'a> {
    kind: &'static str,
    customer: &'a Schema,
    agent: &'a Schema,
    weights: &'a BTreeMap<String, f32>,
}

impl Cosine {
    /// Over the columns that both schemas name; those without a weight have 1.
    ///
    /// # Errors
    /// When there is no such column, or a weight fits none or is negative.
    pub fn new(
        customer: &Schema,
        agent: &Schema,
        weights: &BTreeMap<String, f32>,
    ) -> Result<Self, InvalidCosine> {
        for (name, weight) in weights {
            if customer.column(name).is_none() || agent.column(name).is_none() {
                return Err(InvalidCosine::UnknownColumn(name.clone()));
            }
            if !(weight.is_finite() && *weight >= 0.0) {
                return Err(InvalidCosine::Weight(name.clone()));
            }
        }
        let pair = |name: &String| Some((customer.column(name)?, weights.get(name).copied().unwrap_or(1.0)));
        let columns: Vec<_> = agent.columns().iter().map(pair).collect();
        if columns.iter().all(Option::is_none) {
            return Err(InvalidCosine::NothingShared);
        }
        let hash = Hash::of_declaration(&Declared { kind: "cosine", customer, agent, weights });
        Ok(Self { hash, columns, names: agent.columns().to_vec() })
    }

    /// For each column of the agent what it is multiplied with in the product, w c, and in the norm, w; and the
    /// customer's norm.
    fn query(&self, customer: &[f32]) -> (Vec<f32>, Vec<f32>, f32) {
        let mut product = Vec::with_capacity(self.columns.len());
        let mut norm = Vec::with_capacity(self.columns.len());
        let mut length = 0.0;
        for column in &self.columns {
            let (c, w) = column.map_or((0.0, 0.0), |(at, w)| (known(customer.get(at)), w));
            product.push(w * c);
            norm.push(w);
            length += w * c * c;
        }
        (product, norm, length.sqrt())
    }
}

fn known(cell: Option<&f32>) -> f32 {
    cell.copied().filter(|cell| !cell.is_nan()).unwrap_or(0.0)
}

/// How many partial sums are kept, so that the additions do not wait for each other.
const LANES: usize = 8;

/// Σ product·a and Σ norm·a², in a fixed order.
fn sums(product: &[f32], norm: &[f32], agent: &[f32]) -> (f32, f32) {
    let (mut dot, mut square) = ([0.0_f32; LANES], [0.0_f32; LANES]);
    let whole = agent.len().min(product.len()) / LANES * LANES;
    let mut add = |lane: usize, p: f32, w: f32, a: f32| {
        let a = if a.is_nan() { 0.0 } else { a };
        dot[lane] += p * a;
        square[lane] += w * a * a;
    };
    let chunks = product[..whole].chunks_exact(LANES).zip(norm[..whole].chunks_exact(LANES));
    for ((p, w), a) in chunks.zip(agent[..whole].chunks_exact(LANES)) {
        for lane in 0..LANES {
            add(lane, p[lane], w[lane], a[lane]);
        }
    }
    for (lane, ((p, w), a)) in product[whole..].iter().zip(&norm[whole..]).zip(&agent[whole..]).enumerate() {
        add(lane, *p, *w, *a);
    }
    (dot.iter().sum(), square.iter().sum())
}

impl Scorer for Cosine {
    fn hash(&self) -> &Hash {
        &self.hash
    }

    fn columns(&self) -> BTreeSet<Column> {
        let pairs = self.columns.iter().enumerate();
        let pairs = pairs.filter_map(|(agent, of)| of.map(|(customer, _)| (customer, agent)));
        pairs.flat_map(|(customer, agent)| [Column::Customer(customer), Column::Agent(agent)]).collect()
    }

    fn score(&self, customer: &[f32], agents: &Table, rows: &[usize]) -> Vec<f32> {
        let (product, norm, length) = self.query(customer);
        let one = |row: &usize| {
            let (dot, square) = sums(&product, &norm, agents.row(*row));
            let both = length * square.sqrt();
            if both > 0.0 { dot / both } else { 0.0 }
        };
        rows.iter().map(one).collect()
    }

    fn explain(&self, customer: &[f32], agent: &[f32]) -> Explanation {
        let (product, norm, length) = self.query(customer);
        let (dot, square) = sums(&product, &norm, agent);
        let both = f64::from(length * square.sqrt());
        let amount = |(at, part): (usize, &f32)| {
            let amount = f64::from(part * known(agent.get(at))) / both;
            (both > 0.0 && amount != 0.0).then(|| Contribution { feature: self.names[at].clone(), amount })
        };
        let contributions = product.iter().enumerate().filter_map(amount).collect();
        let score = if both > 0.0 { f64::from(dot) / both } else { 0.0 };
        let hash = self.hash.clone();
        let term = Term { hash, weight: 1.0, score, scale: Scale::Score, base: 0.0, contributions };
        Explanation { terms: vec![term] }
    }
}
