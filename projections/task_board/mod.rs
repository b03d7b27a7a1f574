//! The task board: each task's state, owner, due time, retries and stuck flag, and its whole history.

mod fold;
mod rows;

pub use fold::TaskBoard;
pub use rows::{TaskCountRow, TaskRow, TransitionRow};

use trunkline_database::TableRow;

use crate::{Definition, Script};

/// How the task board is declared.
pub const DEFINITION: Definition = Definition {
    name: "task_board",
    version: 2,
    categories: &["task"],
    tables: &[TaskRow::TABLE, TransitionRow::TABLE, TaskCountRow::TABLE],
    script: Script {
        sqlite: include_str!("tables.sqlite.sql"),
        postgres: include_str!("tables.postgres.sql"),
    },
    fold: || Box::new(TaskBoard::default()),
};
