//! The leaf in which a customer and an agent meet, from what each of them rules out alone.
//!
//! The leaves of a tree are bits from left to right. A split that sends somebody to the right rules out the leaves
//! on its left, and the lowest bit that is left is the leaf (`QuickScorer`: Lucchese et al., SIGIR 2015). What the
//! splits on agents rule out is the same for every customer: it is kept until the agent's row changes, so that a
//! call costs one `and` a tree and agent.

use std::sync::{Mutex, PoisonError};

use super::{Node, Tree, goes_right};
use crate::features::Table;
use crate::score::Column;

/// Leaves of a tree, one bit each. XGBoost's default depth of 6 gives at most as many.
const LEAVES_MAX: usize = 64;

/// What may be kept of all agents, in bytes; a larger pool of agents walks the trees instead.
const KEPT_BYTES_MAX: usize = 256 * 1024 * 1024;

/// How many agents are added up beside each other, so that their sums do not wait for each other.
const ABREAST: usize = 8;

/// A split, and which leaves of its tree are left to those whom it sends to the right.
#[derive(Clone, Copy, Debug)]
struct Split {
    split: f32,
    column: u16,
    missing_left: bool,
    tree: u32,
    leaves: u64,
}

/// The trees of a model, cut into the splits on customers and those on agents.
#[derive(Debug)]
pub(super) struct Sides {
    customer: Vec<Split>,
    agent: Vec<Split>,
    /// What each leaf adds, for every tree.
    values: Vec<[f32; LEAVES_MAX]>,
    kept: Mutex<Kept>,
}

/// What the agents of a table rule out, and the rows of which that is true.
#[derive(Debug, Default)]
struct Kept {
    rows: Table,
    known: Vec<bool>,
    leaves: Vec<u64>,
}

impl Sides {
    /// Cuts a model; `None` when one of its trees has more than 64 leaves.
    pub(super) fn of(trees: &[Tree], sources: &[Column]) -> Option<Self> {
        let (mut customer, mut agent, mut values) = (Vec::new(), Vec::new(), Vec::new());
        for (at, tree) in trees.iter().enumerate() {
            let mut growing =
                Growing { tree, at: u32::try_from(at).ok()?, leaves: Vec::new(), splits: Vec::new() };
            growing.grow(0)?;
            for (feature, split) in growing.splits {
                let (side, column) = match sources[feature as usize] {
                    Column::Customer(column) => (&mut customer, column),
                    Column::Agent(column) => (&mut agent, column),
                };
                side.push(Split { column: u16::try_from(column).ok()?, ..split });
            }
            let mut of_tree = [0.0; LEAVES_MAX];
            of_tree[..growing.leaves.len()].copy_from_slice(&growing.leaves);
            values.push(of_tree);
        }
        Some(Self { customer, agent, values, kept: Mutex::default() })
    }

    /// Adds the leaf of every tree to the sums of these rows; gives whether it did, for the pool may be too large.
    pub(super) fn add(&self, customer: &[f32], agents: &Table, rows: &[usize], sums: &mut [f32]) -> bool {
        let trees = self.values.len();
        let most = rows.iter().max().map_or(0, |last| last + 1);
        if most.saturating_mul(trees).saturating_mul(size_of::<u64>()) > KEPT_BYTES_MAX {
            return false;
        }
        let mut open = vec![u64::MAX; trees];
        rule_out(&self.customer, customer, &mut open);
        // What a thread that panicked has left is whole: a row is known only after its leaves are.
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.cover(agents, most, trees);
        for row in rows {
            kept.refresh(&self.agent, agents, *row, trees);
        }
        for (sums, rows) in sums.chunks_mut(ABREAST).zip(rows.chunks(ABREAST)) {
            let mut lanes: [&[u64]; ABREAST] = [&[]; ABREAST];
            for (lane, row) in lanes.iter_mut().zip(rows) {
                *lane = &kept.leaves[row * trees..(row + 1) * trees];
            }
            for (tree, (values, open)) in self.values.iter().zip(&open).enumerate() {
                for (sum, lane) in sums.iter_mut().zip(&lanes) {
                    *sum += values[(lane[tree] & open).trailing_zeros() as usize % LEAVES_MAX];
                }
            }
        }
        true
    }
}

/// Takes out of each tree's leaves what these splits rule out for one side's row.
fn rule_out(splits: &[Split], row: &[f32], leaves: &mut [u64]) {
    for split in splits {
        let cell = row.get(usize::from(split.column)).copied().unwrap_or(f32::NAN);
        let right = goes_right(cell, split.split, split.missing_left);
        leaves[split.tree as usize] &= if right { split.leaves } else { u64::MAX };
    }
}

impl Kept {
    /// Makes room for that many rows of a table; what is kept of one of another width is forgotten.
    fn cover(&mut self, agents: &Table, rows: usize, trees: usize) {
        if self.rows.width() != agents.width() {
            *self = Self { rows: Table::new(agents.width()), ..Self::default() };
        }
        while self.known.len() < rows {
            self.rows.push(&[]);
            self.known.push(false);
        }
        self.leaves.resize(self.known.len() * trees, u64::MAX);
    }

    /// Looks at one row, and again at what it rules out when it is another one than before.
    fn refresh(&mut self, splits: &[Split], agents: &Table, row: usize, trees: usize) {
        let now = agents.row(row);
        if self.known[row] && same(self.rows.row(row), now) {
            return;
        }
        let leaves = &mut self.leaves[row * trees..(row + 1) * trees];
        leaves.fill(u64::MAX);
        rule_out(splits, now, leaves);
        self.rows.set(row, now);
        self.known[row] = true;
    }
}

/// Whether two rows are the same bit by bit, so that "missing" equals itself.
fn same(one: &[f32], other: &[f32]) -> bool {
    one.len() == other.len()
        && one.iter().zip(other).fold(0, |apart, (a, b)| apart | (a.to_bits() ^ b.to_bits())) == 0
}

/// A tree whose leaves are being numbered from left to right.
struct Growing<'t> {
    tree: &'t Tree,
    at: u32,
    leaves: Vec<f32>,
    splits: Vec<(u32, Split)>,
}

impl Growing<'_> {
    /// Numbers the leaves below a node. Trees are at most `TREE_DEPTH_MAX` deep.
    fn grow(&mut self, at: u32) -> Option<()> {
        let node: Node = self.tree.nodes[at as usize];
        if node.is_leaf(at) {
            self.leaves.push(node.value);
            return (self.leaves.len() <= LEAVES_MAX).then_some(());
        }
        let first = self.leaves.len();
        self.grow(node.left)?;
        let last = self.leaves.len();
        let left = (first..last).fold(0_u64, |bits, leaf| bits | (1 << leaf));
        let Node { split, missing_left, .. } = node;
        let split = Split { split, column: 0, missing_left, tree: self.at, leaves: !left };
        self.splits.push((node.feature, split));
        self.grow(node.right)
    }
}
