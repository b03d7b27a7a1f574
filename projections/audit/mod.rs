//! The record of reads: every access, and the terms by which it is found.
//!
//! A search is the walk through one list of terms, newest first, with a look into the others. One table of terms for
//! both databases does what an index for each filter beside a full-text index could not: whatever is combined, a page
//! costs what the rarest of its terms costs, and it comes in the order of the log.

mod fold;
mod rows;
mod terms;

pub use fold::Audit;
pub(crate) use fold::first;
pub use rows::{AccessRow, TermRow};
pub use terms::{Term, sought};

use trunkline_database::TableRow;

use crate::{Definition, Script};

/// How the record of reads is declared.
pub const DEFINITION: Definition = Definition {
    name: "audit",
    version: 2,
    categories: &["access"],
    tables: &[AccessRow::TABLE, TermRow::TABLE],
    script: Script {
        sqlite: include_str!("tables.sqlite.sql"),
        postgres: include_str!("tables.postgres.sql"),
    },
    fold: || Box::new(Audit::default()),
};
