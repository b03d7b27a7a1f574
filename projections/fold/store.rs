//! Where folds leave their rows.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hash};

use trunkline_database::{Cell, Result, Row, Table, TableRow, Value};
use uuid::Uuid;

use super::keyed::UuidHasher;

/// What a batch of events changed in one table.
#[derive(Debug)]
pub struct Writes {
    /// The table.
    pub table: &'static Table,
    /// Rows to be put in their place, each key once.
    pub upserts: Vec<Vec<Value>>,
    /// Rows of sums to be added to what is there, each key once.
    pub sums: Vec<Vec<Value>>,
    /// Keys of rows to be removed.
    pub removals: Vec<Vec<Value>>,
}

impl Writes {
    /// Nothing, for one table.
    pub fn of(table: &'static Table) -> Self {
        Self { table, upserts: Vec::new(), sums: Vec::new(), removals: Vec::new() }
    }

    /// How many rows it touches.
    pub fn rows(&self) -> usize {
        self.upserts.len() + self.sums.len() + self.removals.len()
    }
}

/// The rows of one table, as the runtime sees them.
pub trait Store: Send {
    /// The table.
    fn table(&self) -> &'static Table;

    /// The keys that were named and are not in memory; each is given out once.
    fn wanted(&mut self) -> Vec<Uuid> {
        Vec::new()
    }

    /// Takes the rows that were found for these keys; the others have none.
    ///
    /// # Errors
    /// When a row cannot be read.
    fn accept(&mut self, _wanted: &[Uuid], _rows: &[Row]) -> Result<()> {
        Ok(())
    }

    /// Whether every row that it ever saw is still in memory.
    fn is_complete(&self) -> bool {
        true
    }

    /// Gives out what changed since the last time, to be written as batch number `batch`.
    fn drain(&mut self, batch: u64) -> Writes;

    /// Everything up to this batch is committed.
    fn committed(&mut self, _batch: u64) {}
}

/// A primary key.
pub trait Key: Clone + Eq + Hash + Send + 'static {
    /// Its cells in the order of the table's key.
    fn values(&self) -> Vec<Value>;
}

macro_rules! keys {
    ($(($($part:ident $at:tt),+))*) => {$(
        impl<$($part: Cell + Clone + Eq + Hash + Send + 'static),+> Key for ($($part,)+) {
            fn values(&self) -> Vec<Value> {
                vec![$(self.$at.value()),+]
            }
        }
    )*};
}

keys! { (A 0) (A 0, B 1) (A 0, B 1, C 2) }

/// Rows that an event determines whole: put and removed without being read.
#[derive(Debug)]
pub struct Put<K, T> {
    rows: HashMap<K, Option<T>, BuildHasherDefault<UuidHasher>>,
}

impl<K, T> Default for Put<K, T> {
    fn default() -> Self {
        Self { rows: HashMap::default() }
    }
}

impl<K: Key, T: TableRow> Put<K, T> {
    /// Puts a row in its place.
    pub fn put(&mut self, key: K, row: T) {
        self.rows.insert(key, Some(row));
    }

    /// Removes a row, if it is there.
    pub fn remove(&mut self, key: K) {
        self.rows.insert(key, None);
    }
}

impl<K: Key, T: TableRow> Store for Put<K, T> {
    fn table(&self) -> &'static Table {
        T::TABLE
    }

    fn drain(&mut self, _batch: u64) -> Writes {
        let mut writes = Writes::of(T::TABLE);
        for (key, row) in self.rows.drain() {
            match row {
                Some(row) => writes.upserts.push(row.values()),
                None => writes.removals.push(key.values()),
            }
        }
        writes
    }
}

/// Sums: rows that are only ever added to, and so need not be read.
#[derive(Debug)]
pub struct Totals<K, S> {
    sums: HashMap<K, S>,
    row: fn(&K, &S) -> Vec<Value>,
    table: &'static Table,
}

impl<K: Eq + Hash + Send, S: Default + PartialEq + Send> Totals<K, S> {
    /// Sums of one table; `row` gives its cells.
    pub fn new(table: &'static Table, row: fn(&K, &S) -> Vec<Value>) -> Self {
        Self { sums: HashMap::new(), row, table }
    }

    /// What is added under this key.
    pub fn of(&mut self, key: K) -> &mut S {
        self.sums.entry(key).or_default()
    }
}

impl<K: Eq + Hash + Send, S: Default + PartialEq + Send> Store for Totals<K, S> {
    fn table(&self) -> &'static Table {
        self.table
    }

    fn drain(&mut self, _batch: u64) -> Writes {
        let mut writes = Writes::of(self.table);
        let nothing = S::default();
        for (key, sum) in self.sums.drain() {
            if sum != nothing {
                writes.sums.push((self.row)(&key, &sum));
            }
        }
        writes
    }
}
