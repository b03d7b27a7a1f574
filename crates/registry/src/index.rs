//! The index of tags against the events. Whoever wants an event not to be found under a customer need not touch the event:
//! a row of the index is enough, and no digest has it.

use std::collections::{BTreeMap, BTreeSet};

use trunkline_kernel::Position;
use trunkline_log::LogError;
use trunkline_log::raw::Rows;

use crate::merge::Merge;
use crate::scan::{Span, StreamKeys, TILE};
use crate::verdict::{Finding, Kind};

/// Tiles whose rows are looked at one by one; what is wrong in more of them is counted by tile.
const TILES_MAX: usize = 1_000;

/// Sums the index up tile by tile as the events were summed up, and looks at the rows of those tiles whose sums differ.
///
/// # Errors
/// When the store fails.
pub(crate) fn hold(
    rows: &dyn Rows,
    span: Span,
    keys: &StreamKeys,
    merge: &mut Merge,
) -> Result<(), LogError> {
    let low = (span.first - 1) / TILE;
    let mut sums = vec![0_u64; merge.tags.len()];
    rows.scan_tags(Position(span.first - 1), Position(span.last), &mut |tag, position| {
        let tile = (position.0 - 1) / TILE - low;
        if let Some(sum) = usize::try_from(tile).ok().and_then(|tile| sums.get_mut(tile)) {
            *sum = sum.wrapping_add(keys.tag(tag, position));
        }
    })?;
    let differ = (low..).zip(merge.tags.iter().zip(&sums)).filter(|(_, (events, index))| events != index);
    let mut differ: Vec<u64> = differ.map(|(tile, _)| tile).collect();
    merge.left_out += differ.len().saturating_sub(TILES_MAX) as u64;
    differ.truncate(TILES_MAX);
    let Some((first, last)) = differ.first().zip(differ.last()) else { return Ok(()) };
    let looked_at = Span { first: span.first.max(first * TILE + 1), last: span.last.min((last + 1) * TILE) };
    let mut index = indexed(rows, looked_at, &differ.iter().copied().collect())?;
    for tile in differ {
        let (after, until) = ((tile * TILE).max(span.first - 1), ((tile + 1) * TILE).min(span.last));
        rows.scan(Position(after), Position(until), &mut |row| {
            let Ok(row) = row else { return };
            let mut tags = BTreeSet::new();
            row.each_tag(|tag| {
                tags.insert(tag.to_owned());
            });
            let said = index.remove(&row.position.0).unwrap_or_default();
            merge.findings.extend(difference(row.position, &tags, &said));
        })?;
    }
    // What is left is of events that are not there, which is found without it.
    Ok(())
}

/// What the index says of the events of these tiles.
fn indexed(
    rows: &dyn Rows,
    span: Span,
    tiles: &BTreeSet<u64>,
) -> Result<BTreeMap<u64, BTreeSet<String>>, LogError> {
    let mut index: BTreeMap<u64, BTreeSet<String>> = BTreeMap::new();
    rows.scan_tags(Position(span.first - 1), Position(span.last), &mut |tag, position| {
        if tiles.contains(&((position.0 - 1) / TILE)) {
            index.entry(position.0).or_default().insert(tag.to_owned());
        }
    })?;
    Ok(index)
}

fn difference(position: Position, tags: &BTreeSet<String>, said: &BTreeSet<String>) -> Option<Finding> {
    let list = |tags: Vec<&String>| tags.into_iter().cloned().collect::<Vec<_>>().join(", ");
    let hidden = list(tags.difference(said).collect());
    let added = list(said.difference(tags).collect());
    let detail = match (hidden.is_empty(), added.is_empty()) {
        (true, true) => return None,
        (false, true) => format!("the event carries {hidden}, by which the index does not find it"),
        (true, false) => format!("the index finds the event by {added}, which it does not carry"),
        (false, false) => format!("the event carries {hidden}, and the index finds it by {added} instead"),
    };
    Some(Finding::at(position.0, Kind::Index, detail))
}
