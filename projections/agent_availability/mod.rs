//! Agent availability: presence, present work, since when, capacity, skills, and the time in each state.

mod fold;
mod rows;

pub use fold::AgentAvailability;
pub use rows::{AgentRow, AgentTimeRow};

use trunkline_database::TableRow;

use crate::{Definition, Script};

/// How agent availability is declared.
pub const DEFINITION: Definition = Definition {
    name: "agent_availability",
    version: 3,
    categories: &["agent"],
    tables: &[AgentRow::TABLE, AgentTimeRow::TABLE],
    script: Script {
        sqlite: include_str!("tables.sqlite.sql"),
        postgres: include_str!("tables.postgres.sql"),
    },
    fold: || Box::new(AgentAvailability::default()),
};
