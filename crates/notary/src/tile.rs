//! How the tree is stored and grows.

use std::collections::{BTreeMap, BTreeSet};

use crate::{Plan, Subtree, TreeHash};

/// Hashes in a full tile.
pub const TILE_HASHES: usize = 256;

/// The levels of the tree that one tile spans.
const TILE_HEIGHT: u32 = 8;

/// Bytes of one hash.
const HASH_BYTES: usize = 32;

/// Which tile.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TileId {
    /// 0 for leaf hashes; each level above has the roots of full tiles.
    pub level: u32,
    /// Its place in its level, from 0.
    pub index: u64,
}

/// A run of up to [`TILE_HASHES`] hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tile(pub Vec<TreeHash>);

/// A hash is needed that the tiles at hand do not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stored tree is incomplete: tile {} of level {} is missing or too short", tile.index, tile.level)]
pub struct Incomplete {
    /// Which tile is missing or too short.
    pub tile: TileId,
}

impl Tile {
    /// The hashes one after another.
    pub fn to_bytes(&self) -> Vec<u8> {
        self.0.iter().flat_map(|hash| hash.0).collect()
    }

    /// Reads what [`Tile::to_bytes`] wrote; none when it is not whole hashes or too many.
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks::<HASH_BYTES>();
        (rest.is_empty() && hashes.len() <= TILE_HASHES)
            .then(|| Self(hashes.iter().copied().map(TreeHash).collect()))
    }

    /// The root over a full tile.
    pub fn root(&self) -> Option<TreeHash> {
        (self.0.len() == TILE_HASHES).then(|| perfect(&self.0))
    }
}

/// The root over a power of two of hashes.
fn perfect(hashes: &[TreeHash]) -> TreeHash {
    let mut level = hashes.to_vec();
    while level.len() > 1 {
        let (pairs, _) = level.as_chunks::<2>();
        level = pairs.iter().map(|[left, right]| TreeHash::node(*left, *right)).collect();
    }
    level.first().copied().unwrap_or_else(TreeHash::empty)
}

/// Where the hash of a perfect subtree is: its tile, and the run of hashes there that it is the root of.
fn place(subtree: Subtree) -> (TileId, usize, usize) {
    let level = subtree.height / TILE_HEIGHT;
    let above = subtree.height % TILE_HEIGHT;
    let first = subtree.index << above;
    let within = usize::try_from(first % TILE_HASHES as u64).unwrap_or(0);
    (TileId { level, index: first / TILE_HASHES as u64 }, within, 1 << above)
}

impl Plan {
    /// The tiles to read for it.
    pub fn tiles(&self) -> BTreeSet<TileId> {
        self.subtrees().map(|subtree| place(subtree).0).collect()
    }
}

/// Some tiles of a tree.
#[derive(Clone, Debug, Default)]
pub struct Tiles(BTreeMap<TileId, Tile>);

impl FromIterator<(TileId, Tile)> for Tiles {
    fn from_iter<T: IntoIterator<Item = (TileId, Tile)>>(tiles: T) -> Self {
        Self(tiles.into_iter().collect())
    }
}

impl Tiles {
    /// The hashes of a plan.
    ///
    /// # Errors
    /// When a tile is not among these or too short.
    pub fn hashes(&self, plan: &Plan) -> Result<Vec<TreeHash>, Incomplete> {
        let fold = |subtrees: &Vec<Subtree>| -> Result<TreeHash, Incomplete> {
            let hashes: Result<Vec<_>, _> = subtrees.iter().map(|subtree| self.subtree(*subtree)).collect();
            Ok(TreeHash::fold(&hashes?))
        };
        plan.0.iter().map(fold).collect()
    }

    fn subtree(&self, subtree: Subtree) -> Result<TreeHash, Incomplete> {
        let (id, first, count) = place(subtree);
        let run = self.0.get(&id).and_then(|tile| tile.0.get(first..first + count));
        run.map(perfect).ok_or(Incomplete { tile: id })
    }
}

/// The right rim of a growing tree: the last tile of each level, which is all that growing and the root need.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rim {
    size: u64,
    levels: Vec<Tile>,
    /// Tiles that are full or have grown since [`Rim::take_changed`].
    changed: BTreeMap<TileId, Tile>,
}

impl Rim {
    /// The tiles that the rim of a tree of this size consists of.
    pub fn tiles_of(size: u64) -> Vec<TileId> {
        let mut ids = Vec::new();
        let (mut count, mut level) = (size, 0);
        while count > 0 {
            if !count.is_multiple_of(TILE_HASHES as u64) {
                ids.push(TileId { level, index: count / TILE_HASHES as u64 });
            }
            count /= TILE_HASHES as u64;
            level += 1;
        }
        ids
    }

    /// Takes up a stored tree.
    ///
    /// # Errors
    /// When a tile of [`Rim::tiles_of`] is not among these or too short.
    pub fn of(size: u64, tiles: &Tiles) -> Result<Self, Incomplete> {
        let mut levels = Vec::new();
        let (mut count, mut level) = (size, 0);
        while count > 0 {
            let wanted = usize::try_from(count % TILE_HASHES as u64).unwrap_or(0);
            let id = TileId { level, index: count / TILE_HASHES as u64 };
            let tile = match tiles.0.get(&id) {
                _ if wanted == 0 => Tile::default(),
                Some(tile) => Tile(tile.0.get(..wanted).ok_or(Incomplete { tile: id })?.to_vec()),
                None => return Err(Incomplete { tile: id }),
            };
            levels.push(tile);
            count /= TILE_HASHES as u64;
            level += 1;
        }
        Ok(Self { size, levels, changed: BTreeMap::new() })
    }

    /// How many entries the tree has.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Adds the next entry.
    pub fn push(&mut self, leaf: TreeHash) {
        let entry = self.size;
        self.size += 1;
        self.grow(0, entry, leaf);
    }

    /// Adds the next 256 entries by the root over their leaf hashes; the size must be a multiple of 256.
    pub fn push_tile(&mut self, root: TreeHash) {
        let entry = self.size / TILE_HASHES as u64;
        self.size += TILE_HASHES as u64;
        self.grow(1, entry, root);
    }

    fn grow(&mut self, level: usize, entry: u64, hash: TreeHash) {
        if self.levels.len() <= level {
            self.levels.resize_with(level + 1, Tile::default);
        }
        let tile = &mut self.levels[level];
        tile.0.push(hash);
        let index = entry / TILE_HASHES as u64;
        let Some(root) = tile.root() else { return };
        let full = std::mem::take(tile);
        self.changed.insert(TileId { level: number(level), index }, full);
        self.grow(level + 1, index, root);
    }

    /// The tiles to store: those that are full since the last call, and the present rim.
    pub fn take_changed(&mut self) -> Vec<(TileId, Tile)> {
        let mut changed: Vec<_> = std::mem::take(&mut self.changed).into_iter().collect();
        let mut count = self.size;
        for (level, tile) in self.levels.iter().enumerate() {
            if !tile.0.is_empty() {
                let id = TileId { level: number(level), index: count / TILE_HASHES as u64 };
                changed.push((id, tile.clone()));
            }
            count /= TILE_HASHES as u64;
        }
        changed
    }

    /// The root of the tree.
    pub fn root(&self) -> TreeHash {
        let mut peaks = Vec::new();
        for tile in self.levels.iter().rev() {
            let mut rest = tile.0.as_slice();
            while !rest.is_empty() {
                let (peak, after) = rest.split_at(1 << rest.len().ilog2());
                peaks.push(perfect(peak));
                rest = after;
            }
        }
        TreeHash::fold(&peaks)
    }
}

/// A level counted in a list; there are eight at most.
fn number(level: usize) -> u32 {
    u32::try_from(level).unwrap_or(u32::MAX)
}
