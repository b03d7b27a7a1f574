//! Rows that are read, changed and written again: a bounded cache by key.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::marker::PhantomData;

use trunkline_database::{Result, Row, Table, TableRow};
use trunkline_kernel::Id;
use uuid::Uuid;

use super::{Store, Unfoldable, Writes};

/// Rows of one table that are kept in memory at least; at most twice as many are.
const ROWS_KEPT: usize = 16_000;

/// UUIDs are random enough to be their own hash. Numbers that count up are not: what distinguishes them is in the upper half
/// after the multiplication, and tables look at the lower one.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct UuidHasher(u64);

impl Hasher for UuidHasher {
    fn finish(&self) -> u64 {
        self.0 ^ (self.0 >> 32)
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            self.0 = (self.0.rotate_left(5) ^ u64::from_be_bytes(word)).wrapping_mul(0x517c_c1b7_2722_0a95);
        }
    }

    fn write_usize(&mut self, _length: usize) {
        // Every key has the same length.
    }
}

type Slots<T> = HashMap<Uuid, Slot<T>, BuildHasherDefault<UuidHasher>>;

#[derive(Debug)]
struct Slot<T> {
    /// `None` when the table has no such row.
    row: Option<T>,
    changed: bool,
    /// The batch in which it was written last; until that is committed the slot must stay.
    written_in: u64,
}

/// The rows of one table whose primary key is one id of kind `I`.
///
/// Slots are kept in two generations: what is used moves to the young one, and when that is full the old one is
/// dropped, except for slots whose last change is not committed yet.
#[derive(Debug)]
pub struct Keyed<I, T> {
    young: Slots<T>,
    old: Slots<T>,
    kept: usize,
    wanted: Vec<Uuid>,
    changed: Vec<Uuid>,
    committed: u64,
    dropped: bool,
    kind: PhantomData<I>,
}

impl<I, T> Default for Keyed<I, T> {
    fn default() -> Self {
        Self {
            young: Slots::default(),
            old: Slots::default(),
            kept: ROWS_KEPT,
            wanted: Vec::new(),
            changed: Vec::new(),
            committed: 0,
            dropped: false,
            kind: PhantomData,
        }
    }
}

impl<I: Id, T: TableRow> Keyed<I, T> {
    /// A cache of another size, for tests of its bounds.
    #[cfg(test)]
    pub(crate) fn of_size(kept: usize) -> Self {
        Self { kept, ..Self::default() }
    }

    /// Names a row that will be needed.
    pub fn want(&mut self, id: I) {
        let id = id.uuid();
        if self.young.contains_key(&id) {
            return;
        }
        match self.old.remove(&id) {
            Some(slot) => {
                self.young.insert(id, slot);
            }
            None => self.wanted.push(id),
        }
    }

    /// Names a row that cannot be there yet, because its first event is about to be applied.
    pub fn want_new(&mut self, id: I) {
        let id = id.uuid();
        if !self.young.contains_key(&id) && !self.old.contains_key(&id) {
            self.young.insert(id, Slot { row: None, changed: false, written_in: 0 });
        }
    }

    /// The row, when there is one.
    pub fn get(&self, id: I) -> Option<&T> {
        let id = id.uuid();
        self.young.get(&id).or_else(|| self.old.get(&id)).and_then(|slot| slot.row.as_ref())
    }

    /// The row, to be changed, when there is one.
    pub fn change(&mut self, id: I) -> Option<&mut T> {
        let id = id.uuid();
        let slot = match self.young.get_mut(&id) {
            Some(slot) => slot,
            None => self.old.get_mut(&id)?,
        };
        let row = slot.row.as_mut()?;
        if !slot.changed {
            slot.changed = true;
            self.changed.push(id);
        }
        Some(row)
    }

    /// The row, to be changed.
    ///
    /// # Errors
    /// When there is none.
    pub fn expect(&mut self, id: I) -> Result<&mut T, Unfoldable> {
        self.change(id).ok_or(Unfoldable::Missing { what: I::KIND })
    }

    /// Puts a row in its place.
    pub fn insert(&mut self, id: I, row: T) {
        let id = id.uuid();
        let slot = self.old.remove(&id).or_else(|| self.young.remove(&id));
        let mut slot = slot.unwrap_or(Slot { row: None, changed: false, written_in: 0 });
        slot.row = Some(row);
        if !slot.changed {
            slot.changed = true;
            self.changed.push(id);
        }
        self.young.insert(id, slot);
    }

    fn make_room(&mut self) {
        if self.young.len() < self.kept {
            return;
        }
        let committed = self.committed;
        let young = std::mem::take(&mut self.young);
        let old = std::mem::replace(&mut self.old, young);
        self.dropped |= !old.is_empty();
        self.young.extend(old.into_iter().filter(|(_, slot)| slot.changed || slot.written_in > committed));
    }
}

impl<I: Id, T: TableRow> Store for Keyed<I, T> {
    fn table(&self) -> &'static Table {
        T::TABLE
    }

    fn wanted(&mut self) -> Vec<Uuid> {
        let mut wanted = std::mem::take(&mut self.wanted);
        wanted.sort_unstable();
        wanted.dedup();
        wanted
    }

    fn accept(&mut self, wanted: &[Uuid], rows: &[Row]) -> Result<()> {
        for id in wanted {
            if !self.young.contains_key(id) {
                self.young.insert(*id, Slot { row: None, changed: false, written_in: 0 });
            }
        }
        for row in rows {
            // The key is the first column of every such table.
            if let Some(slot) = self.young.get_mut(&row.at::<Uuid>(0)?)
                && slot.row.is_none()
                && !slot.changed
            {
                slot.row = Some(T::read_in_order(row)?);
            }
        }
        Ok(())
    }

    fn is_complete(&self) -> bool {
        !self.dropped
    }

    fn drain(&mut self, batch: u64) -> Writes {
        let mut writes = Writes::of(T::TABLE);
        for id in std::mem::take(&mut self.changed) {
            let slot = match self.young.get_mut(&id) {
                Some(slot) => Some(slot),
                None => self.old.get_mut(&id),
            };
            if let Some(slot) = slot {
                slot.changed = false;
                slot.written_in = batch;
                writes.upserts.extend(slot.row.as_ref().map(TableRow::values));
            }
        }
        self.make_room();
        writes
    }

    fn committed(&mut self, batch: u64) {
        self.committed = batch;
    }
}
