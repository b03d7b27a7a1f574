//! How events become accesses that can be found.

use trunkline_domain::Event;
use trunkline_domain::access;
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
            let (way, outcome) = (As(entry.way), As(entry.outcome));
            let position = recorded.position;
            self.entries.put((number,), AccessRow { entry: number, position, way, outcome });
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
