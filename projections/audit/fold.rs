//! How events become accesses that can be found.

use trunkline_database::Json;
use trunkline_domain::Event;
use trunkline_domain::access::{self, Entry};
use trunkline_kernel::Recorded;

use super::{AccessRow, TermRow, terms};
use crate::fold::{Fold, Put, Store, Unfoldable};
use crate::words::As;

/// Accesses of one event at most: what their numbers leave room for. The recorder's own limit is far below.
const ENTRIES_MAX: i64 = 1_000;

/// The rows in memory.
#[derive(Default)]
pub struct Audit {
    entries: Put<(i64,), AccessRow>,
    terms: Put<(i64, i64), TermRow>,
}

impl Fold for Audit {
    fn want(&mut self, _recorded: &Recorded, _event: &Event) {}

    fn apply(&mut self, recorded: &Recorded, event: &Event) -> Result<(), Unfoldable> {
        let Event::Access(access::Event::Recorded(batch)) = event else { return Ok(()) };
        for (place, entry) in (0..ENTRIES_MAX).zip(&batch.entries) {
            let number = first(recorded.position.0) + place;
            for term in terms::of(entry) {
                self.terms.put((term.0, number), TermRow { term: term.0, entry: number });
            }
            self.entries.put((number,), row(number, entry, recorded));
        }
        Ok(())
    }

    fn stores(&mut self) -> Vec<&mut dyn Store> {
        vec![&mut self.entries, &mut self.terms]
    }
}

/// The number of the first access of an event at this position.
pub(crate) fn first(position: u64) -> i64 {
    i64::try_from(position).unwrap_or(i64::MAX).saturating_mul(ENTRIES_MAX)
}

fn row(number: i64, entry: &Entry, recorded: &Recorded) -> AccessRow {
    let count = |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    AccessRow {
        entry: number,
        position: recorded.position,
        at: entry.at,
        who: entry.who.clone(),
        roles: Json(entry.roles.clone()),
        grants: Json(entry.grants.clone()),
        emergency: entry.emergency,
        address: entry.address.clone(),
        way: As(entry.way),
        operation: entry.operation.clone(),
        shape: entry.shape.clone(),
        fields: Json(entry.fields.clone()),
        clear: Json(entry.clear.clone()),
        masked: Json(entry.masked.clone()),
        things: Json(entry.things.clone()),
        rows: count(entry.rows),
        reason: entry.reason.clone(),
        outcome: As(entry.outcome),
        code: entry.code.clone(),
        took_us: count(entry.took_us),
        trace: entry.trace.clone(),
        times: count(entry.times),
    }
}
