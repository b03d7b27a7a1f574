//! Which hashes a root or a proof is made of. Every one of them is the root of a span of entries, and every span
//! falls into perfect subtrees, which are what is stored.

/// A perfect subtree: the entries `index << height` up to `(index + 1) << height`, the last excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Subtree {
    /// How many levels it has above its leaves.
    pub height: u32,
    /// Its place among the subtrees of its height, from 0.
    pub index: u64,
}

/// Entries `low` up to `high`, the last excluded. `low` is a multiple of the largest power of two that fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Span {
    low: u64,
    high: u64,
}

impl Span {
    fn size(self) -> u64 {
        self.high - self.low
    }

    /// Cuts it as RFC 9162, section 2.1.1, says: the left part is the largest power of two smaller than the whole.
    fn halves(self) -> (Self, Self) {
        let middle = self.low + (1 << (u64::BITS - 1 - (self.size() - 1).leading_zeros()));
        (Self { low: self.low, high: middle }, Self { low: middle, high: self.high })
    }

    /// Its perfect subtrees from left to right: one for each bit of its size.
    fn subtrees(self) -> Vec<Subtree> {
        let (mut low, size) = (self.low, self.size());
        let heights = (0..u64::BITS).rev().filter(|bit| size & (1 << bit) != 0);
        heights
            .map(|height| {
                let subtree = Subtree { height, index: low >> height };
                low += 1 << height;
                subtree
            })
            .collect()
    }
}

/// The hashes to compute, in order: each is the fold of perfect subtrees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan(pub(crate) Vec<Vec<Subtree>>);

impl Plan {
    /// The root of the tree with this many entries.
    pub fn root(size: u64) -> Self {
        Self(vec![Span { low: 0, high: size }.subtrees()])
    }

    /// The inclusion path of an entry (RFC 9162, section 2.1.3.1); none when the tree does not have it.
    pub fn inclusion(entry: u64, size: u64) -> Option<Self> {
        if entry >= size {
            return None;
        }
        let mut span = Span { low: 0, high: size };
        let mut path = Vec::new();
        while span.size() > 1 {
            let (left, right) = span.halves();
            let (inner, beside) = if entry < left.high { (left, right) } else { (right, left) };
            path.push(beside.subtrees());
            span = inner;
        }
        path.reverse();
        Some(Self(path))
    }

    /// The consistency path from a tree of `from` entries to one of `to` (RFC 9162, section 2.1.4.1); none when
    /// the first is empty or the larger. It has nothing in it when they are equal.
    pub fn consistency(from: u64, to: u64) -> Option<Self> {
        if from == 0 || from > to {
            return None;
        }
        if from == to {
            return Some(Self::default());
        }
        let mut span = Span { low: 0, high: to };
        let mut path = Vec::new();
        while span.high != from {
            let (left, right) = span.halves();
            let (inner, beside) = if from <= left.high { (left, right) } else { (right, left) };
            path.push(beside.subtrees());
            span = inner;
        }
        // The old tree's own root is known to whoever checks.
        if span.low > 0 {
            path.push(span.subtrees());
        }
        path.reverse();
        Some(Self(path))
    }

    /// The perfect subtrees whose hashes are needed.
    pub fn subtrees(&self) -> impl Iterator<Item = Subtree> + '_ {
        self.0.iter().flatten().copied()
    }
}
