//! customer-360: who a customer is, and everything that was said, called and is to be done.

mod fold;
mod rows;

pub use fold::Customer360;
pub use rows::{ConsentRow, CustomerRow, IdentifierRow, InteractionRow, Score, TimelineKind, TimelineRow};

use trunkline_database::TableRow;

use crate::{Definition, Script};

/// How customer-360 is declared.
pub const DEFINITION: Definition = Definition {
    name: "customer_360",
    version: 3,
    categories: &["customer", "call", "interaction", "task"],
    tables: &[
        CustomerRow::TABLE,
        IdentifierRow::TABLE,
        ConsentRow::TABLE,
        TimelineRow::TABLE,
        InteractionRow::TABLE,
    ],
    script: Script {
        sqlite: include_str!("tables.sqlite.sql"),
        postgres: include_str!("tables.postgres.sql"),
    },
    fold: || Box::new(Customer360::default()),
};
