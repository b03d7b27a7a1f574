//! What one operation gives to see, gathered while it runs: for the record of reads.

use std::collections::BTreeSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use uuid::Uuid;

/// How many things are named in the record of one operation; of more it has the number alone.
pub const THINGS_MAX: usize = 500;

/// What one operation gives to see. Whatever reads rows or opens values for it notes that here.
#[derive(Debug, Default)]
pub struct Tally(Mutex<Seen>);

/// What was given to see.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Seen {
    /// The personal fields that were shown in the clear, `Customer.name`.
    pub clear: BTreeSet<String>,
    /// The personal fields that were shown masked.
    pub masked: BTreeSet<String>,
    /// What rows were read of, by the kind of the id: [`THINGS_MAX`] at most.
    pub things: BTreeSet<(&'static str, Uuid)>,
    /// How many there were; one that is read again counts once among those that are named.
    pub rows: u64,
    /// Why, where a reason was given.
    pub reason: Option<String>,
    /// The code of a refusal that stands in the answer as data.
    pub refused: Option<String>,
}

impl Seen {
    /// Whether any personal value was shown.
    pub fn is_personal(&self) -> bool {
        !self.clear.is_empty() || !self.masked.is_empty()
    }
}

impl Tally {
    fn seen(&self) -> MutexGuard<'_, Seen> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes a row.
    pub fn row(&self, kind: &'static str, id: Uuid) {
        let mut seen = self.seen();
        let new = if seen.things.len() < THINGS_MAX {
            seen.things.insert((kind, id))
        } else {
            !seen.things.contains(&(kind, id))
        };
        seen.rows += u64::from(new);
    }

    /// Notes that a personal field of a type was shown, masked or in the clear.
    pub fn shown(&self, of: &str, field: &str, masked: bool) {
        let mut seen = self.seen();
        let shown = if masked { &mut seen.masked } else { &mut seen.clear };
        let known =
            |known: &String| known.strip_prefix(of).and_then(|rest| rest.strip_prefix('.')) == Some(field);
        if !shown.iter().any(known) {
            shown.insert(format!("{of}.{field}"));
        }
    }

    /// Notes why it is asked.
    pub fn because(&self, reason: &str) {
        self.seen().reason = Some(reason.to_owned());
    }

    /// Notes that something was refused.
    pub fn refused(&self, code: &str) {
        self.seen().refused.get_or_insert_with(|| code.to_owned());
    }

    /// What was given to see so far; from then on it begins anew.
    pub fn take(&self) -> Seen {
        std::mem::take(&mut *self.seen())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn things_are_named_up_to_a_limit_and_counted_beyond() {
        let tally = Tally::default();
        for n in 0..=THINGS_MAX {
            tally.row("customer", Uuid::from_u128(n as u128));
            tally.row("customer", Uuid::from_u128(0));
        }
        let seen = tally.take();
        assert_eq!((seen.things.len(), seen.rows), (THINGS_MAX, THINGS_MAX as u64 + 1));
        assert_eq!(tally.take(), Seen::default());
    }

    #[test]
    fn fields_are_told_apart_by_how_they_were_shown() {
        let tally = Tally::default();
        for _ in 0..2 {
            tally.shown("Customer", "name", false);
            tally.shown("Identifier", "value", true);
        }
        let seen = tally.take();
        assert_eq!(seen.clear, ["Customer.name".to_owned()].into());
        assert_eq!(seen.masked, ["Identifier.value".to_owned()].into());
        assert!(seen.is_personal() && !Seen::default().is_personal());
    }
}
