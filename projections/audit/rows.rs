//! The tables of the record of reads.

use trunkline_database::table;
use trunkline_domain::access::{Outcome, Way};
use trunkline_kernel::Position;

use crate::words::As;

table! {
    /// Somebody got at data, or was refused it. Who, what and why is said by the event, which is read when the access is
    /// found: every read of the centre is written here, and a look at the record is rare.
    #[derive(Clone, Debug, PartialEq)]
    pub struct AccessRow = "access_entries" key(entry) {
        /// Its place in the log: the position of its event, and its place in the event.
        pub entry: i64,
        /// The event.
        pub position: Position,
        /// On which way.
        pub way: As<Way>,
        /// What became of it.
        pub outcome: As<Outcome>,
    }
}

impl AccessRow {
    /// Its place in its event.
    pub fn place(&self) -> usize {
        usize::try_from(self.entry - super::first(self.position.0)).unwrap_or(usize::MAX)
    }
}

table! {
    /// That an access is found by a term.
    #[derive(Clone, Debug, PartialEq)]
    pub struct TermRow = "access_terms" key(term, entry) {
        /// The hash of the term.
        pub term: i64,
        /// The access.
        pub entry: i64,
    }
}
