//! The two SQL databases that read models live in, SQLite and PostgreSQL, behind one small vocabulary: pools,
//! transactions, typed cells, rows, bulk writes and migrations.
//!
//! SQL is written once where both databases honestly say the same; parameters are `$1`, `$2`, … in both. A
//! [`Timestamp`](trunkline_kernel::Timestamp) is INTEGER microseconds in SQLite and `timestamptz` in PostgreSQL,
//! a UUID is a BLOB or `uuid`, JSON is TEXT or `jsonb`, a truth value is 0/1 or `boolean`.

mod bulk;
mod cell;
mod error;
mod file;
mod migrate;
mod options;
mod pool;
mod row;
mod table;
mod transaction;
mod value;

pub use cell::{Cell, Json};
pub use error::DatabaseError;
pub use file::open_file;
pub use migrate::Migration;
pub use options::{PostgresOptions, SqliteOptions};
pub use pool::{Database, Dialect};
pub use row::Row;
pub use sqlx::{AssertSqlSafe, SqlSafeStr};
pub use table::{Column, Table, TableRow};
pub use transaction::Transaction;
pub use value::{Kind, Value};

/// What this crate's operations give.
pub type Result<T, E = DatabaseError> = std::result::Result<T, E>;

#[cfg(test)]
mod tests;
