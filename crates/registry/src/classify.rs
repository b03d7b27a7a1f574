//! What happened to events that are not the ones that the tree has in their places. A leaf binds its position, so an
//! event that was moved still shows where it came from: its leaf at that place is the one that the tree has there.

use std::collections::{BTreeMap, BTreeSet};

use trunkline_kernel::{Position, Version};
use trunkline_notary::{Leaf, TILE_HASHES, TileId, TreeHash};

use crate::scan::{Suspect, TILE};
use crate::verdict::{Finding, Kind};
use crate::{Books, RegistryError};

/// How far events are looked for from where they stand, beside the places of other suspects.
const REACH: u64 = 8;

/// Suspects among whose places each is looked for.
const PLACES_MAX: usize = 64;

/// Where an event was when it was recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Origin {
    /// At another position.
    At(u64),
    /// Here, and only the text or only its digest was changed.
    Here,
    /// Nowhere that was looked at.
    Unknown,
}

/// Says what happened to each suspect, in runs.
///
/// # Errors
/// When the books cannot be read.
pub(crate) async fn classify(books: &Books, suspects: &[Suspect]) -> Result<Vec<Finding>, RegistryError> {
    let places: BTreeSet<u64> = suspects.iter().take(PLACES_MAX).map(|one| one.leaf.position.0).collect();
    let leaves = leaves(books, suspects, &places).await?;
    let origins: Vec<Origin> = suspects.iter().map(|one| origin(one, &places, &leaves)).collect();
    let mut findings = Vec::new();
    let mut at = 0;
    while at < suspects.len() {
        let first = suspects[at].leaf.position.0;
        let shift = shift(suspects, &origins, at);
        let mut end = at + 1;
        while end < suspects.len() && shift.is_some() && self::shift(suspects, &origins, end) == shift {
            end += 1;
        }
        let last = suspects[end - 1].leaf.position.0;
        findings.push(match shift {
            Some(1) if end - at > 1 || !is_swap(&origins, suspects, at) => {
                let what = "an event was taken out here, and those after it were moved up";
                Finding::over(first, last, Kind::Deleted, what)
            }
            Some(-1) if end - at > 1 || !is_swap(&origins, suspects, at) => {
                let what = "those that were recorded here were moved down to make room for another";
                Finding::over(first, last, Kind::Inserted, what)
            }
            Some(by) => {
                let from = first.wrapping_add_signed(by);
                let what = format!("what stands here was recorded at position {from}");
                Finding::over(first, last, Kind::Reordered, what)
            }
            None => edited(&suspects[at], origins[at], &origins, at),
        });
        at = end;
    }
    Ok(findings)
}

/// By how much an event was moved, when it was: where it was, less where it is.
fn shift(suspects: &[Suspect], origins: &[Origin], at: usize) -> Option<i64> {
    match origins[at] {
        Origin::At(from) => i64::try_from(i128::from(from) - i128::from(suspects[at].leaf.position.0)).ok(),
        Origin::Here | Origin::Unknown => None,
    }
}

/// Whether the event that was where this one stands is where this one was.
fn is_swap(origins: &[Origin], suspects: &[Suspect], at: usize) -> bool {
    let Origin::At(from) = origins[at] else { return false };
    let here = suspects[at].leaf.position.0;
    suspects
        .iter()
        .zip(origins)
        .any(|(other, origin)| other.leaf.position.0 == from && *origin == Origin::At(here))
}

fn edited(suspect: &Suspect, origin: Origin, origins: &[Origin], at: usize) -> Finding {
    let position = suspect.leaf.position.0;
    // What follows was moved down by one: this is what was put in.
    let moved_down = matches!(origins.get(at + 1), Some(Origin::At(from)) if *from == position);
    if moved_down {
        return Finding::at(position, Kind::Inserted, "this event was put in; the tree has never had it");
    }
    let what = match (origin, suspect.intact) {
        (Origin::Here, _) => "what the event says was changed; its digest was left as it was",
        (_, false) => "what the event says was changed, and its digest too",
        (_, true) => {
            "the event was replaced together with its digest, or its version or time of recording was changed"
        }
    };
    Finding::at(position, Kind::Edited, what)
}

fn origin(suspect: &Suspect, places: &BTreeSet<u64>, leaves: &BTreeMap<u64, TreeHash>) -> Origin {
    let here = suspect.leaf.position.0;
    let digest = suspect.stored_digest;
    let with_stored = Leaf { digest, ..suspect.leaf };
    if leaves.get(&here) == Some(&with_stored.hash()) {
        return Origin::Here;
    }
    let near = here.saturating_sub(REACH).max(1)..=here + REACH;
    // The nearest first; a forger who moves events up often renumbers their streams as well.
    let mut candidates: Vec<u64> =
        near.chain(places.iter().copied()).filter(|place| *place != here).collect();
    candidates.sort_by_key(|place| (place.abs_diff(here), *place));
    let versions = [0_i64, 1, -1].map(|by| Version(suspect.leaf.version.0.wrapping_add_signed(by)));
    for place in candidates {
        let Some(stored) = leaves.get(&place) else { continue };
        let moved = |version| Leaf { position: Position(place), version, ..suspect.leaf }.hash();
        if versions.iter().any(|version| moved(*version) == *stored) {
            return Origin::At(place);
        }
    }
    Origin::Unknown
}

/// The leaf hashes that the tree has at and around the suspects.
async fn leaves(
    books: &Books,
    suspects: &[Suspect],
    places: &BTreeSet<u64>,
) -> Result<BTreeMap<u64, TreeHash>, RegistryError> {
    let around = |position: u64| [position.saturating_sub(REACH).max(1), position + REACH];
    let wanted = suspects.iter().flat_map(|one| around(one.leaf.position.0)).chain(places.iter().copied());
    let tiles: BTreeSet<u64> = wanted.map(|position| (position - 1) / TILE).collect();
    let mut leaves = BTreeMap::new();
    for place in tiles {
        for (TileId { index, .. }, tile) in books.run(0, place, place + 1).await? {
            let first = index * TILE_HASHES as u64 + 1;
            leaves.extend((first..).zip(tile.0));
        }
    }
    Ok(leaves)
}
