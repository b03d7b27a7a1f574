//! What each feature added to a prediction: path-dependent TreeSHAP.
//!
//! Source: Lundberg et al., "From local explanations to global understanding with explainable AI for trees"
//! (Nature Machine Intelligence 2, 2020), algorithm 2. For every set of known features the expectation of the tree
//! is taken with the unknown splits weighed by how many training rows went either way; a feature's amount is its
//! Shapley value over those expectations. XGBoost's `pred_contribs` is the same, and a test compares the two.

use super::{Tree, Trees};

/// One feature on the way from the root.
#[derive(Clone, Copy)]
struct Step {
    /// `None` at the root.
    feature: Option<u32>,
    /// The share of training rows that go this way when the feature is unknown.
    zero: f64,
    /// 1 when the row goes this way, else 0.
    one: f64,
    /// The weight of all subsets of this size.
    weight: f64,
}

impl Trees {
    /// The base and each feature's amount; together they are the margin of the row.
    pub fn contributions(&self, row: &[f32]) -> (f64, Vec<f64>) {
        let mut amounts = vec![0.0; self.names.len()];
        let mut base = f64::from(self.base) + f64::from(self.last);
        for tree in &self.trees {
            base += tree.mean(0);
            let mut walk = Walk { tree, row, amounts: &mut amounts };
            walk.visit(0, Vec::new(), Step { feature: None, zero: 1.0, one: 1.0, weight: 0.0 });
        }
        (base, amounts)
    }
}

impl Tree {
    /// The mean of the leaves below a node, each weighed by its cover.
    fn mean(&self, at: u32) -> f64 {
        let node = self.nodes[at as usize];
        if node.is_leaf(at) {
            return f64::from(node.value);
        }
        let (left, right) = self.shares(at);
        left * self.mean(node.left) + right * self.mean(node.right)
    }

    /// The shares of a node's cover that its children have; halves when nothing was seen there.
    fn shares(&self, at: u32) -> (f64, f64) {
        let node = self.nodes[at as usize];
        let cover = |at: u32| f64::from(self.nodes[at as usize].cover);
        let both = cover(node.left) + cover(node.right);
        if both > 0.0 { (cover(node.left) / both, cover(node.right) / both) } else { (0.5, 0.5) }
    }
}

struct Walk<'a> {
    tree: &'a Tree,
    row: &'a [f32],
    amounts: &'a mut [f64],
}

impl Walk<'_> {
    fn visit(&mut self, at: u32, mut path: Vec<Step>, mut step: Step) {
        extend(&mut path, step);
        let node = self.tree.nodes[at as usize];
        if node.is_leaf(at) {
            for known in 1..path.len() {
                let Step { feature, zero, one, .. } = path[known];
                if let Some(amount) = feature.and_then(|feature| self.amounts.get_mut(feature as usize)) {
                    *amount += unwound_sum(&path, known) * (one - zero) * f64::from(node.value);
                }
            }
            return;
        }
        let cell = self.row.get(node.feature as usize).copied().unwrap_or(f32::NAN);
        let hot_is_left = node.next(cell) == node.left;
        let (left, right) = self.tree.shares(at);
        step = Step { feature: Some(node.feature), zero: 1.0, one: 1.0, weight: 0.0 };
        // A feature that was asked before is taken out of the path and comes in again with both shares.
        if let Some(before) = path.iter().position(|step| step.feature == Some(node.feature)) {
            (step.zero, step.one) = (path[before].zero, path[before].one);
            unwind(&mut path, before);
        }
        let (left_one, right_one) = if hot_is_left { (step.one, 0.0) } else { (0.0, step.one) };
        self.visit(node.left, path.clone(), Step { zero: step.zero * left, one: left_one, ..step });
        self.visit(node.right, path, Step { zero: step.zero * right, one: right_one, ..step });
    }
}

/// Lets the subsets grow by one feature.
fn extend(path: &mut Vec<Step>, step: Step) {
    let length = path.len();
    path.push(Step { weight: if length == 0 { 1.0 } else { 0.0 }, ..step });
    for at in (0..length).rev() {
        let count = (length + 1) as f64;
        path[at + 1].weight += step.one * path[at].weight * (at + 1) as f64 / count;
        path[at].weight = step.zero * path[at].weight * (length - at) as f64 / count;
    }
}

/// The opposite of [`extend`], for the feature at that place.
fn unwind(path: &mut Vec<Step>, out: usize) {
    let last = path.len() - 1;
    let Step { zero, one, .. } = path[out];
    let mut next = path[last].weight;
    for at in (0..last).rev() {
        let count = (last + 1) as f64;
        if one == 0.0 {
            // A child that no training row reached has no share either, and then no subset had a weight.
            let share = zero * (last - at) as f64;
            path[at].weight = if share > 0.0 { path[at].weight * count / share } else { 0.0 };
        } else {
            let before = path[at].weight;
            path[at].weight = next * count / ((at + 1) as f64 * one);
            next = before - path[at].weight * zero * (last - at) as f64 / count;
        }
    }
    for at in out..last {
        let Step { feature, zero, one, .. } = path[at + 1];
        path[at] = Step { feature, zero, one, weight: path[at].weight };
    }
    path.pop();
}

/// The sum of the weights that [`unwind`] would leave.
fn unwound_sum(path: &[Step], out: usize) -> f64 {
    let last = path.len() - 1;
    let Step { zero, one, .. } = path[out];
    let mut next = path[last].weight;
    let mut total = 0.0;
    for at in (0..last).rev() {
        if one == 0.0 {
            let share = zero * (last - at) as f64;
            total += if share > 0.0 { path[at].weight / share } else { 0.0 };
        } else {
            let part = next / ((at + 1) as f64 * one);
            total += part;
            next = path[at].weight - part * zero * (last - at) as f64;
        }
    }
    total * (last + 1) as f64
}
