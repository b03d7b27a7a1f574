//! Recordings: what is stored of whose voice, how long it is kept, and what is gone.

mod fold;
mod rows;

pub use fold::Recordings;
pub use rows::RecordingRow;

use trunkline_database::TableRow;

use crate::{Definition, Script};

/// How recordings are declared.
pub const DEFINITION: Definition = Definition {
    name: "recordings",
    version: 1,
    categories: &["recording"],
    tables: &[RecordingRow::TABLE],
    script: Script {
        sqlite: include_str!("tables.sqlite.sql"),
        postgres: include_str!("tables.postgres.sql"),
    },
    fold: || Box::new(Recordings::default()),
};
