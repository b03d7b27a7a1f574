//! Looking at every row of a chunk of the log: this is where the time of a verification goes.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use trunkline_kernel::{Position, Timestamp, Version};
use trunkline_log::LogError;
use trunkline_log::raw::{Row, Rows, Unreadable};
use trunkline_notary::{Leaf, TILE_HASHES, Tile, TreeHash};

use crate::verdict::{Finding, Kind};

/// Findings and suspects of one chunk that are kept; more are counted.
const KEPT_MAX: usize = 2_000;

/// Events of one tile.
pub(crate) const TILE: u64 = TILE_HASHES as u64;

/// A stream, by two hashes of its name: with 128 bits no two meet.
pub(crate) type StreamKey = (u64, u64);

/// Names streams in one verification.
#[derive(Clone, Default)]
pub(crate) struct StreamKeys(RandomState, RandomState);

impl StreamKeys {
    fn of(&self, stream: &str) -> StreamKey {
        (self.0.hash_one(stream), self.1.hash_one(stream))
    }

    /// What a tag at a position adds to the sum of its tile. The hash is keyed anew in every verification, so that nobody
    /// can choose tags whose sums agree.
    pub(crate) fn tag(&self, tag: &str, position: Position) -> u64 {
        self.0.hash_one((tag, position.0))
    }
}

/// What is to be looked at: positions from `first` to `last`.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Span {
    pub(crate) first: u64,
    pub(crate) last: u64,
}

impl Span {
    /// How many tiles it touches.
    pub(crate) fn tiles(self) -> usize {
        let tiles = self.last.div_ceil(TILE) - (self.first - 1) / TILE;
        usize::try_from(tiles).unwrap_or(0)
    }
}

/// An event that is not the one that the tree has in its place.
#[derive(Clone, Debug)]
pub(crate) struct Suspect {
    pub(crate) leaf: Leaf,
    /// Whether its digest is that of what it says.
    pub(crate) intact: bool,
    /// The digest that stands beside it.
    pub(crate) stored_digest: trunkline_kernel::Digest,
}

/// What was found in a chunk.
#[derive(Default)]
pub(crate) struct Scanned {
    pub(crate) events: u64,
    /// The leaf hashes of every position, as the log has them now; where it has no event, as the tree has them.
    pub(crate) leaves: Vec<TreeHash>,
    /// The roots of the full tiles among them.
    pub(crate) roots: Vec<TreeHash>,
    pub(crate) findings: Vec<Finding>,
    pub(crate) suspects: Vec<Suspect>,
    pub(crate) left_out: u64,
    pub(crate) streams: HashMap<StreamKey, Seen>,
    pub(crate) times: Option<(Timestamp, Timestamp)>,
    /// For each tile that is touched, the sum over the tags of its events.
    pub(crate) tags: Vec<u64>,
}

/// What a chunk has of a stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seen {
    pub(crate) first: Version,
    /// Where the first stands.
    pub(crate) at: Position,
    pub(crate) last: Version,
}

/// The work of one thread on one chunk.
struct Scan<'s> {
    span: Span,
    keys: &'s StreamKeys,
    /// The leaf hashes that the tree has, from the first position on; shorter than the span at the tree's end.
    stored: &'s [TreeHash],
    expected: u64,
    scratch: Vec<u8>,
    found: Scanned,
}

/// Looks at a chunk.
///
/// # Errors
/// When the store fails.
pub(crate) fn scan(
    rows: &dyn Rows,
    span: Span,
    keys: &StreamKeys,
    stored: &[TreeHash],
    progress: &dyn Fn(u64),
) -> Result<Scanned, LogError> {
    let expected = span.first;
    let mut scan = Scan { span, keys, stored, expected, scratch: Vec::new(), found: Scanned::default() };
    scan.found.leaves.reserve(usize::try_from(span.last + 1 - span.first).unwrap_or(0));
    scan.found.tags.resize(span.tiles(), 0);
    let mut told = 0;
    rows.scan(Position(span.first - 1), Position(span.last), &mut |row| {
        scan.row(row);
        if scan.found.events - told >= 1_000 {
            progress(scan.found.events - told);
            told = scan.found.events;
        }
    })?;
    progress(scan.found.events - told);
    scan.missing_until(span.last + 1);
    Ok(scan.found)
}

impl Scan<'_> {
    fn row(&mut self, row: Result<Row<'_>, Unreadable>) {
        self.found.events += 1;
        match row {
            Ok(row) => {
                if self.arrive(row.position.0) {
                    self.event(&row);
                }
            }
            Err(Unreadable { position, reason }) => {
                let at = position.map_or(self.expected, |position| position.0);
                if self.arrive(at) {
                    self.find(Finding::at(at, Kind::Unreadable, reason));
                    self.keep_stored(at);
                }
            }
        }
    }

    /// Goes on to a position; what is left out on the way is missing. Gives whether the position is new.
    fn arrive(&mut self, position: u64) -> bool {
        if position < self.expected {
            self.find(Finding::at(position, Kind::Inserted, "two events stand at this position"));
            return false;
        }
        self.missing_until(position);
        self.expected = position + 1;
        true
    }

    fn missing_until(&mut self, position: u64) {
        if position <= self.expected {
            return;
        }
        let (first, last) = (self.expected, position - 1);
        let what = if first == last { "the event is missing" } else { "the events are missing" };
        self.find(Finding::over(first, last, Kind::Deleted, what));
        (first..=last).for_each(|missing| self.keep_stored(missing));
        self.expected = position;
    }

    /// Lets the tree's own hash stand in for an event that cannot be looked at, so that the rest can be.
    fn keep_stored(&mut self, position: u64) {
        let stored = self.stored(position).unwrap_or_else(TreeHash::empty);
        self.found.leaves.push(stored);
    }

    fn stored(&self, position: u64) -> Option<TreeHash> {
        let at = usize::try_from(position.checked_sub(self.span.first)?).ok()?;
        self.stored.get(at).copied()
    }

    fn event(&mut self, row: &Row<'_>) {
        let position = row.position.0;
        let computed = row.computed_digest(&mut self.scratch);
        let beside = row.stored_digest().unwrap_or(computed);
        let intact = row.digest == computed.0.as_slice();
        let leaf = Leaf {
            position: row.position,
            version: row.version,
            recorded_at: row.recorded_at,
            digest: computed,
        };
        let hash = leaf.hash();
        self.found.leaves.push(hash);
        match self.stored(position) {
            Some(stored) if stored != hash => {
                if self.found.suspects.len() < KEPT_MAX {
                    self.found.suspects.push(Suspect { leaf, intact, stored_digest: beside });
                } else {
                    self.found.left_out += 1;
                }
            }
            Some(_) if !intact => {
                let what = "the digest beside the event was changed; the event is what was recorded";
                self.find(Finding::at(position, Kind::Edited, what));
            }
            None if !intact => {
                let what = "what the event says is not what its digest says";
                self.find(Finding::at(position, Kind::Edited, what));
            }
            Some(_) | None => {}
        }
        if row.category != row.category_of_stream() {
            let what = "its category is not that of its stream, so that it is not found under it";
            self.find(Finding::at(position, Kind::Edited, what));
        }
        let tile =
            usize::try_from((position - 1) / TILE - (self.span.first - 1) / TILE).unwrap_or(usize::MAX);
        let (keys, sums) = (self.keys, &mut self.found.tags);
        row.each_tag(|tag| {
            if let Some(sum) = sums.get_mut(tile) {
                *sum = sum.wrapping_add(keys.tag(tag, row.position));
            }
        });
        self.order(row);
    }

    fn order(&mut self, row: &Row<'_>) {
        let position = row.position.0;
        let earlier = self.found.times.is_some_and(|(_, last)| row.recorded_at < last);
        let first = self.found.times.map_or(row.recorded_at, |(first, _)| first);
        self.found.times = Some((first, row.recorded_at));
        if earlier {
            self.find(Finding::at(position, Kind::Edited, BACKWARDS));
        }
        let Some(seen) = self.found.streams.get_mut(&self.keys.of(row.stream)) else {
            let seen = Seen { first: row.version, at: row.position, last: row.version };
            self.found.streams.insert(self.keys.of(row.stream), seen);
            return;
        };
        let before = std::mem::replace(&mut seen.last, row.version);
        if before.plus(1) != row.version {
            self.find(Finding::at(position, Kind::Version, version_gap(before, row.version)));
        }
    }

    fn find(&mut self, finding: Finding) {
        if self.found.findings.len() < KEPT_MAX {
            self.found.findings.push(finding);
        } else {
            self.found.left_out += 1;
        }
    }
}

/// What is said of an event whose time is before that of its predecessor.
pub(crate) const BACKWARDS: &str = "it was recorded before the event before it";

/// What is said of a stream that does not count up.
pub(crate) fn version_gap(before: Version, now: Version) -> String {
    format!("its stream goes from version {before} to {now}")
}

impl Scanned {
    /// Computes the roots of the full tiles of the chunk, which begins with a tile.
    pub(crate) fn compute_roots(&mut self) {
        let (full, _) = self.leaves.as_chunks::<TILE_HASHES>();
        self.roots = full.iter().filter_map(|tile| Tile(tile.to_vec()).root()).collect();
    }
}
