//! Trees as a scorer of customers and agents.

use std::collections::BTreeSet;

use super::sides::Sides;
use super::{Mismatch, Node, Objective, Tree, Trees, goes_right};
use crate::Hash;
use crate::features::{Schema, Table};
use crate::score::{Column, Contribution, Explanation, Scale, Scorer, Term};

/// A model that knows which of its features is which column.
///
/// What an agent's row rules out is kept between calls, so one scorer is best asked about one table of agents. A
/// model with larger trees than that allows is walked instead: for one call the customer is the same for all agents,
/// so the trees are first cut down to the splits that the customer leaves open.
#[derive(Debug)]
pub struct TreeScorer {
    trees: Trees,
    sources: Vec<Column>,
    pub(super) sides: Option<Sides>,
}

impl Trees {
    /// Ties the model to the schemas by the names of its features, `customer.COLUMN` and `agent.COLUMN`.
    ///
    /// # Errors
    /// When a feature is not in the schema; the error names all of them.
    pub fn bind(self, customer: &Schema, agent: &Schema) -> Result<TreeScorer, Mismatch> {
        let source = |name: &String| {
            if let Some(column) = name.strip_prefix("customer.") {
                customer.column(column).map(Column::Customer)
            } else {
                name.strip_prefix("agent.").and_then(|column| agent.column(column)).map(Column::Agent)
            }
        };
        let sources: Vec<_> = self.names.iter().map(source).collect();
        let unknown = self.names.iter().zip(&sources).filter(|(_, source)| source.is_none());
        let unknown: Vec<String> = unknown.map(|(name, _)| name.clone()).collect();
        if unknown.is_empty() {
            let sources: Vec<Column> = sources.into_iter().flatten().collect();
            Ok(TreeScorer { sides: Sides::of(&self.trees, &sources), trees: self, sources })
        } else {
            Err(Mismatch::Unknown(unknown))
        }
    }
}

/// What is left of a tree for one customer: splits on the agent alone, brothers side by side.
struct Cut {
    nodes: Vec<Open>,
    /// What each node adds, if it is a leaf.
    values: Vec<f32>,
    depth: u32,
}

/// A split on an agent's column. A leaf leads to itself for every finite number.
#[derive(Clone, Copy)]
struct Open {
    split: f32,
    left: u32,
    column: u16,
    missing_left: bool,
}

const LEAF: Open = Open { split: f32::INFINITY, left: 0, column: 0, missing_left: true };

/// How many agents go through all trees before the next do, so that their rows stay in the cache.
const BLOCK: usize = 256;
/// How many agents walk a tree beside each other, so that their steps do not wait for each other.
const ABREAST: usize = 8;

impl TreeScorer {
    /// The model's row of a customer and an agent.
    fn row(&self, customer: &[f32], agent: &[f32]) -> Vec<f32> {
        let cell = |source: &Column| match source {
            Column::Customer(column) => customer.get(*column).copied().unwrap_or(f32::NAN),
            Column::Agent(column) => agent.get(*column).copied().unwrap_or(f32::NAN),
        };
        self.sources.iter().map(cell).collect()
    }

    /// The node at which the next question about the agent is asked, or the leaf.
    fn ask(&self, tree: &Tree, mut at: u32, customer: &[f32]) -> u32 {
        loop {
            let node: Node = tree.nodes[at as usize];
            if node.is_leaf(at) {
                return at;
            }
            match self.sources[node.feature as usize] {
                Column::Agent(_) => return at,
                Column::Customer(column) => {
                    at = node.next(customer.get(column).copied().unwrap_or(f32::NAN));
                }
            }
        }
    }

    fn cut(&self, tree: &Tree, customer: &[f32]) -> Cut {
        let mut cut = Cut { nodes: vec![LEAF], values: vec![0.0], depth: 0 };
        let mut waiting = vec![(0_u32, self.ask(tree, 0, customer), 0_u32)];
        while let Some((to, from, depth)) = waiting.pop() {
            cut.depth = cut.depth.max(depth);
            let node = tree.nodes[from as usize];
            let source = (!node.is_leaf(from)).then(|| self.sources[node.feature as usize]);
            if let Some(Column::Agent(column)) = source {
                // Trees have fewer than 2^32 nodes and rows at most 4,096 columns, both checked when they were made.
                let left = u32::try_from(cut.nodes.len()).unwrap_or(u32::MAX);
                cut.nodes.extend([LEAF, LEAF]);
                cut.values.extend([0.0, 0.0]);
                waiting.push((left, self.ask(tree, node.left, customer), depth + 1));
                waiting.push((left + 1, self.ask(tree, node.right, customer), depth + 1));
                let column = u16::try_from(column).unwrap_or(u16::MAX);
                cut.nodes[to as usize] =
                    Open { split: node.split, column, left, missing_left: node.missing_left };
            } else {
                cut.nodes[to as usize] = Open { left: to, ..LEAF };
                cut.values[to as usize] = node.value;
            }
        }
        cut
    }
}

impl TreeScorer {
    /// Adds the leaf of every tree to the sums of these rows.
    fn walk(&self, customer: &[f32], agents: &Table, rows: &[usize], sums: &mut [f32]) {
        let cuts: Vec<Cut> = self.trees.trees.iter().map(|tree| self.cut(tree, customer)).collect();
        let width = agents.width().max(1);
        for (sums, rows) in sums.chunks_mut(BLOCK).zip(rows.chunks(BLOCK)) {
            let mut cells = Vec::with_capacity(BLOCK * width);
            for row in rows {
                cells.extend_from_slice(agents.row(*row));
            }
            cells.resize(rows.len() * width, f32::NAN);
            cuts.iter().for_each(|cut| cut.add(&cells, width, sums));
        }
    }
}

impl Cut {
    /// Adds the leaf of each row to its sum. The rows lie one after the other, `width` cells each.
    fn add(&self, cells: &[f32], width: usize, sums: &mut [f32]) {
        for (sums, cells) in sums.chunks_mut(ABREAST).zip(cells.chunks(ABREAST * width)) {
            let mut at = [0_u32; ABREAST];
            for _ in 0..self.depth {
                for (at, row) in at.iter_mut().zip(cells.chunks_exact(width)) {
                    let node = self.nodes[*at as usize];
                    let cell = row[usize::from(node.column)];
                    *at = node.left + u32::from(goes_right(cell, node.split, node.missing_left));
                }
            }
            for (sum, at) in sums.iter_mut().zip(at) {
                *sum += self.values[at as usize];
            }
        }
    }
}

impl Scorer for TreeScorer {
    fn hash(&self) -> &Hash {
        &self.trees.hash
    }

    fn columns(&self) -> BTreeSet<Column> {
        let nodes = self.trees.trees.iter().flat_map(|tree| (0_u32..).zip(&tree.nodes));
        let splits = nodes.filter(|(at, node)| !node.is_leaf(*at));
        splits.filter_map(|(_, node)| self.sources.get(node.feature as usize).copied()).collect()
    }

    fn score(&self, customer: &[f32], agents: &Table, rows: &[usize]) -> Vec<f32> {
        let mut sums = vec![self.trees.base; rows.len()];
        let kept = self.sides.as_ref().is_some_and(|sides| sides.add(customer, agents, rows, &mut sums));
        if !kept {
            self.walk(customer, agents, rows, &mut sums);
        }
        sums.iter_mut().for_each(|sum| *sum = self.trees.objective.score(*sum + self.trees.last));
        sums
    }

    fn explain(&self, customer: &[f32], agent: &[f32]) -> Explanation {
        let row = self.row(customer, agent);
        let (base, amounts) = self.trees.contributions(&row);
        let parts = self.trees.names.iter().zip(amounts).filter(|(_, amount)| *amount != 0.0);
        let contributions =
            parts.map(|(name, amount)| Contribution { feature: name.clone(), amount }).collect();
        let score = f64::from(self.trees.objective.score(self.trees.margin(&row)));
        let scale = match self.trees.objective {
            Objective::Logistic | Objective::Rank => Scale::LogOdds,
            Objective::SquaredError => Scale::Score,
        };
        let hash = self.trees.hash.clone();
        Explanation { terms: vec![Term { hash, weight: 1.0, score, scale, base, contributions }] }
    }
}
