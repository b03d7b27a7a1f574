//! The stored tree against RFC 9162 written down as it stands there, and proofs against their mutations.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use proptest::prelude::*;
use proptest::sample::Index;
use trunkline_notary::{Plan, Rim, Tile, TileId, Tiles, TreeHash, verify_consistency, verify_inclusion};

fn entry(number: u64) -> TreeHash {
    TreeHash::leaf(&number.to_be_bytes())
}

fn half(size: usize) -> usize {
    1 << (size - 1).ilog2()
}

/// `MTH` of section 2.1.1.
fn mth(leaves: &[TreeHash]) -> TreeHash {
    match leaves {
        [] => TreeHash::empty(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(half(leaves.len()));
            TreeHash::node(mth(left), mth(right))
        }
    }
}

/// `PATH` of section 2.1.3.1.
fn path(entry: usize, leaves: &[TreeHash]) -> Vec<TreeHash> {
    if leaves.len() == 1 {
        return Vec::new();
    }
    let k = half(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut inner, beside) =
        if entry < k { (path(entry, left), right) } else { (path(entry - k, right), left) };
    inner.push(mth(beside));
    inner
}

/// `SUBPROOF` of section 2.1.4.1.
fn subproof(old: usize, leaves: &[TreeHash], complete: bool) -> Vec<TreeHash> {
    if old == leaves.len() {
        return if complete { Vec::new() } else { vec![mth(leaves)] };
    }
    let k = half(leaves.len());
    let (left, right) = leaves.split_at(k);
    let (mut inner, beside) = if old <= k {
        (subproof(old, left, complete), right)
    } else {
        (subproof(old - k, right, false), left)
    };
    inner.push(mth(beside));
    inner
}

/// A tree in its tiles, stored after every `batch` entries as the follower does.
fn stored(size: u64, batch: u64) -> (Rim, Tiles) {
    let mut tiles = std::collections::BTreeMap::<TileId, Tile>::new();
    let mut rim = Rim::default();
    for number in 0..size {
        rim.push(entry(number));
        if (number + 1) % batch == 0 {
            tiles.extend(rim.take_changed());
            // Every time it is taken up anew, as after a restart.
            let kept: Tiles =
                Rim::tiles_of(rim.size()).into_iter().map(|id| (id, tiles[&id].clone())).collect();
            rim = Rim::of(rim.size(), &kept).unwrap();
        }
    }
    tiles.extend(rim.take_changed());
    (rim, tiles.into_iter().collect())
}

#[test]
fn every_small_tree_has_the_root_and_the_paths_of_the_rfc() {
    let leaves: Vec<TreeHash> = (0..70).map(entry).collect();
    for size in 1..=70_u64 {
        let all = &leaves[..usize::try_from(size).unwrap()];
        let (rim, tiles) = stored(size, 7);
        assert_eq!(rim.root(), mth(all));
        assert_eq!(tiles.hashes(&Plan::root(size)).unwrap(), [mth(all)]);
        for number in 0..size {
            let found = tiles.hashes(&Plan::inclusion(number, size).unwrap()).unwrap();
            assert_eq!(found, path(usize::try_from(number).unwrap(), all), "{number} of {size}");
        }
        for old in 1..=size {
            let found = tiles.hashes(&Plan::consistency(old, size).unwrap()).unwrap();
            assert_eq!(found, subproof(usize::try_from(old).unwrap(), all, true), "{old} of {size}");
        }
        assert!(Plan::inclusion(size, size).is_none() && Plan::consistency(size + 1, size).is_none());
    }
}

#[test]
fn trees_over_several_levels_of_tiles_have_the_same_root_however_they_grew() {
    for size in [255, 256, 257, 65_535, 65_536, 65_537, 66_000] {
        let leaves: Vec<TreeHash> = (0..size).map(entry).collect();
        let root = mth(&leaves);
        let (rim, tiles) = stored(size, 1_000);
        assert_eq!(rim.root(), root);
        assert_eq!(tiles.hashes(&Plan::root(size)).unwrap(), [root]);
        // By whole tiles, as verification does it.
        let mut quick = Rim::default();
        let (full, rest) = leaves.as_chunks::<256>();
        full.iter().for_each(|tile| quick.push_tile(Tile(tile.to_vec()).root().unwrap()));
        rest.iter().for_each(|leaf| quick.push(*leaf));
        assert_eq!((quick.size(), quick.root()), (size, root));
    }
}

#[test]
fn a_proof_in_a_tree_of_any_size_reads_few_tiles() {
    for size in [1, 300, 10_000_000, u64::from(u32::MAX), 1 << 40] {
        let levels = (size.ilog2() / 8 + 1) as usize;
        for number in [0, size / 3, size / 2, size - 1] {
            let plan = Plan::inclusion(number, size).unwrap();
            assert!(plan.tiles().len() <= 2 * levels, "{size}: {:?}", plan.tiles());
            assert!(Plan::consistency(number + 1, size).unwrap().tiles().len() <= 2 * levels);
        }
    }
}

#[test]
fn a_missing_or_short_tile_is_noticed() {
    let (_, tiles) = stored(600, 600);
    let plan = Plan::inclusion(3, 601).unwrap();
    assert!(tiles.hashes(&plan).is_err());
    assert!(Rim::of(601, &tiles).is_err());
    assert!(Rim::of(600, &Tiles::default()).is_err());
}

/// One way to tamper with a list of hashes; gives whether anything changed.
fn mutate(path: &mut Vec<TreeHash>, how: u8, at: Index, bit: u8) -> bool {
    match (how % 5, path.len()) {
        (0, 1..) => {
            let at = at.index(path.len());
            path[at].0[usize::from(bit / 8)] ^= 1 << (bit % 8);
            true
        }
        (1, 1..) => {
            path.remove(at.index(path.len()));
            true
        }
        (2, len) => {
            path.insert(at.index(len + 1), entry(u64::MAX));
            true
        }
        (3, 2..) => {
            let (one, other) = (at.index(path.len()), usize::from(bit) % path.len());
            path.swap(one, other);
            path[one] != path[other]
        }
        _ => {
            path.push(TreeHash::empty());
            true
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]

    #[test]
    fn every_inclusion_proof_holds_and_none_of_its_mutations(
        size in 1_u64..1_500, at in any::<Index>(), how: u8, place in any::<Index>(), bit: u8,
    ) {
        let number = at.index(usize::try_from(size).unwrap()) as u64;
        let (rim, tiles) = stored(size, 400);
        let (leaf, root) = (entry(number), rim.root());
        let mut path = tiles.hashes(&Plan::inclusion(number, size).unwrap()).unwrap();
        prop_assert_eq!(verify_inclusion(leaf, number, size, &path, root), Ok(()));
        prop_assert!(verify_inclusion(entry(size), number, size, &path, root).is_err());
        let other = (number + 1) % size;
        prop_assert!(other == number || verify_inclusion(leaf, other, size, &path, root).is_err());
        let mut wrong = root;
        wrong.0[usize::from(bit / 8)] ^= 1 << (bit % 8);
        prop_assert!(verify_inclusion(leaf, number, size, &path, wrong).is_err());
        if mutate(&mut path, how, place, bit) {
            prop_assert!(verify_inclusion(leaf, number, size, &path, root).is_err());
        }
    }

    #[test]
    fn every_consistency_proof_holds_and_none_of_its_mutations(
        size in 2_u64..1_500, at in any::<Index>(), how: u8, place in any::<Index>(), bit: u8,
    ) {
        let old = 1 + at.index(usize::try_from(size - 1).unwrap()) as u64;
        let (rim, tiles) = stored(size, 400);
        let (before, _) = stored(old, 400);
        let (first, second) = (before.root(), rim.root());
        let mut path = tiles.hashes(&Plan::consistency(old, size).unwrap()).unwrap();
        prop_assert_eq!(verify_consistency(old, size, &path, first, second), Ok(()));
        prop_assert!(verify_consistency(old, size, &path, second, second).is_err());
        prop_assert!(verify_consistency(old, size, &path, first, first).is_err());
        if mutate(&mut path, how, place, bit) {
            prop_assert!(verify_consistency(old, size, &path, first, second).is_err());
        }
    }
}
