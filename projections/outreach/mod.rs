//! Outreach: campaigns and their leads.

mod fold;
mod rows;

pub use fold::Outreach;
pub use rows::{CampaignRow, LeadCountRow, LeadRow};

use trunkline_database::TableRow;

use crate::{Definition, Script};

/// How outreach is declared.
pub const DEFINITION: Definition = Definition {
    name: "outreach",
    version: 3,
    categories: &["campaign", "lead"],
    tables: &[CampaignRow::TABLE, LeadRow::TABLE, LeadCountRow::TABLE],
    script: Script {
        sqlite: include_str!("tables.sqlite.sql"),
        postgres: include_str!("tables.postgres.sql"),
    },
    fold: || Box::new(Outreach::default()),
};
