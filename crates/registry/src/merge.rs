//! What the chunks of a verification come to, taken in the order of the log.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use trunkline_kernel::{Timestamp, Version};
use trunkline_notary::{Rim, TreeHash};

use crate::scan::{BACKWARDS, Scanned, StreamKey, Suspect, TILE, version_gap};
use crate::verdict::{Finding, Kind};
use crate::{Books, RegistryError};

/// Suspects whose past is looked into; more are counted.
const SUSPECTS_MAX: usize = 4_000;

/// The whole so far.
pub(crate) struct Merge {
    /// The roots of the full tiles from the first on: 32 bytes for 256 events.
    roots: Vec<TreeHash>,
    /// The leaves of the tiles in which a head ends, by the tile's place.
    ends: BTreeMap<u64, Vec<TreeHash>>,
    wanted: BTreeSet<u64>,
    streams: HashMap<StreamKey, Version>,
    /// Whether streams are known from their first event on.
    whole: bool,
    last_time: Option<Timestamp>,
    pub(crate) events: u64,
    pub(crate) findings: Vec<Finding>,
    pub(crate) suspects: Vec<Suspect>,
    pub(crate) left_out: u64,
    /// For each tile that was looked at, the sum over the tags of its events.
    pub(crate) tags: Vec<u64>,
}

impl Merge {
    /// `ends` are the sizes of the heads that will be asked for; `whole` says that the log is looked at from its
    /// first event on.
    pub(crate) fn new(ends: BTreeSet<u64>, whole: bool) -> Self {
        Self {
            roots: Vec::new(),
            ends: BTreeMap::new(),
            wanted: ends.into_iter().filter(|size| size % TILE != 0).map(|size| size / TILE).collect(),
            streams: HashMap::new(),
            whole,
            last_time: None,
            events: 0,
            findings: Vec::new(),
            suspects: Vec::new(),
            left_out: 0,
            tags: Vec::new(),
        }
    }

    /// How many entries are in full tiles.
    pub(crate) fn size(&self) -> u64 {
        self.roots.len() as u64 * TILE
    }

    /// Takes the stored tree at its word for the entries from `low`, which begins a tile, up to `high`.
    pub(crate) async fn believe(&mut self, books: &Books, low: u64, high: u64) -> Result<(), RegistryError> {
        let (first, end) = (low / TILE, high / TILE);
        if first < end {
            for (id, tile) in books.run(1, first / TILE, end.div_ceil(TILE)).await? {
                let places = (id.index * TILE..).zip(tile.0);
                self.roots
                    .extend(places.filter(|(place, _)| (first..end).contains(place)).map(|(_, root)| root));
            }
        }
        let missing: Vec<u64> =
            self.wanted.range(first..=end).filter(|place| !self.ends.contains_key(place)).copied().collect();
        for place in missing {
            for (_, tile) in books.run(0, place, place + 1).await? {
                self.ends.insert(place, tile.0);
            }
        }
        Ok(())
    }

    /// Takes the next chunk, whose first entry is `low`.
    pub(crate) fn take(&mut self, low: u64, scanned: Scanned) {
        let first = low / TILE;
        for place in self.wanted.range(first..) {
            let start = usize::try_from((place - first) * TILE).unwrap_or(usize::MAX);
            let Some(leaves) = scanned.leaves.get(start..).filter(|leaves| !leaves.is_empty()) else { break };
            let tile = leaves.chunks(trunkline_notary::TILE_HASHES).next().unwrap_or_default();
            self.ends.insert(*place, tile.to_vec());
        }
        self.roots.extend(scanned.roots);
        self.tags.extend(scanned.tags);
        self.events += scanned.events;
        self.findings.extend(scanned.findings);
        self.left_out += scanned.left_out;
        for suspect in scanned.suspects {
            if self.suspects.len() < SUSPECTS_MAX {
                self.suspects.push(suspect);
            } else {
                self.left_out += 1;
            }
        }
        if let Some((begin, end)) = scanned.times {
            if self.last_time.is_some_and(|last| begin < last) {
                self.findings.push(Finding::at(low + 1, Kind::Edited, BACKWARDS));
            }
            self.last_time = Some(end);
        }
        for (stream, seen) in scanned.streams {
            let before = self.streams.insert(stream, seen.last);
            let known = before.or(self.whole.then_some(Version::EMPTY));
            if let Some(before) = known.filter(|before| before.plus(1) != seen.first) {
                let what = version_gap(before, seen.first);
                self.findings.push(Finding::at(seen.at.0, Kind::Version, what));
            }
        }
    }

    /// The roots that the log has at these sizes, which ascend; none where it does not reach that far.
    pub(crate) fn roots_at(&self, sizes: impl IntoIterator<Item = u64>) -> Vec<Option<TreeHash>> {
        let mut rim = Rim::default();
        let at = |size: u64| -> Option<TreeHash> {
            let full = usize::try_from(size / TILE).ok()?;
            let known = usize::try_from(rim.size() / TILE).ok()?;
            for root in self.roots.get(known..full)? {
                rim.push_tile(*root);
            }
            let rest = usize::try_from(size % TILE).ok()?;
            let mut end = rim.clone();
            if rest > 0 {
                self.ends.get(&(size / TILE))?.get(..rest)?.iter().for_each(|leaf| end.push(*leaf));
            }
            Some(end.root())
        };
        sizes.into_iter().map(at).collect()
    }
}
