//! Many rows in few statements.
//!
//! SQLite takes multi-row VALUES in a few fixed sizes, so that the prepared statements are found again;
//! PostgreSQL takes one array a column.

use sqlx::postgres::PgArguments;
use sqlx::query::Query;
use sqlx::{AssertSqlSafe, Postgres};
use uuid::Uuid;

use crate::value::bind_sqlite;
use crate::{Column, Kind, Result, Row, Table, Transaction, Value};

/// Cells in one statement of SQLite. Its own limit is 32,766, but a prepared statement keeps about 130 bytes a cell,
/// and one is kept for every size of every table.
const SQLITE_CELLS_MAX: usize = 2_000;
/// Rows in one statement of PostgreSQL.
const POSTGRES_ROWS_MAX: usize = 4_000;

/// What happens to a row whose key is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Clash {
    Replace,
    Add,
    Keep,
}

impl Transaction {
    /// Writes rows into a table (named with its generation), replacing those with the same key. Each key at most
    /// once in a call.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn upsert(&mut self, table: &Table, into: &str, rows: Vec<Vec<Value>>) -> Result<()> {
        self.write(table, into, rows, Clash::Replace).await
    }

    /// Writes rows of sums, adding every column outside the key to what is there. Each key at most once in a call.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn add(&mut self, table: &Table, into: &str, rows: Vec<Vec<Value>>) -> Result<()> {
        self.write(table, into, rows, Clash::Add).await
    }

    /// Writes rows whose key is not there yet; those that are there stay as they are. Each key at most once in a call.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn insert_missing(&mut self, table: &Table, into: &str, rows: Vec<Vec<Value>>) -> Result<()> {
        self.write(table, into, rows, Clash::Keep).await
    }

    async fn write(&mut self, table: &Table, into: &str, rows: Vec<Vec<Value>>, clash: Clash) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => {
                let mut rows = rows.into_iter();
                while rows.len() > 0 {
                    let count = sqlite_rows(table, rows.len());
                    let sql = insert_values(table, into, count, clash);
                    let mut query = sqlx::query(AssertSqlSafe(sql));
                    for value in rows.by_ref().take(count).flatten() {
                        query = bind_sqlite(query, value);
                    }
                    query.execute(&mut **transaction).await?;
                }
            }
            Self::Postgres(transaction) => {
                let sql: std::sync::Arc<str> = insert_arrays(table, into, clash).into();
                let mut rows = rows.into_iter();
                while rows.len() > 0 {
                    let mut columns: Vec<Vec<Value>> = table.columns.iter().map(|_| Vec::new()).collect();
                    for row in rows.by_ref().take(POSTGRES_ROWS_MAX) {
                        columns.iter_mut().zip(row).for_each(|(column, value)| column.push(value));
                    }
                    let mut query = sqlx::query(AssertSqlSafe(sql.to_string()));
                    for (column, values) in table.columns.iter().zip(columns) {
                        query = bind_array(query, column.kind, values);
                    }
                    query.execute(&mut **transaction).await?;
                }
            }
        }
        Ok(())
    }

    /// Deletes the rows with these keys, each given in the order of the table's key.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn delete(&mut self, table: &Table, from: &str, keys: Vec<Vec<Value>>) -> Result<()> {
        let terms: Vec<String> =
            table.key.iter().enumerate().map(|(at, name)| format!("{name} = ${}", at + 1)).collect();
        let sql = format!("DELETE FROM {from} WHERE {}", terms.join(" AND "));
        for key in keys {
            self.execute(AssertSqlSafe(sql.clone()), key).await?;
        }
        Ok(())
    }

    /// The rows whose column `by` has one of these UUIDs, with the table's columns in their order.
    ///
    /// # Errors
    /// When a statement fails.
    pub async fn fetch_by(&mut self, table: &Table, from: &str, by: &str, ids: &[Uuid]) -> Result<Vec<Row>> {
        let columns = table.column_list();
        match self {
            Self::Sqlite(_) => {
                let mut rows = Vec::new();
                let mut left = ids;
                while let Some(last) = left.last().copied() {
                    // Sizes are powers of four, filled up with the last id, so that few statements are prepared.
                    let size = [4, 16, 64, 256].into_iter().find(|size| *size >= left.len()).unwrap_or(256);
                    let (now, later) = left.split_at(left.len().min(size));
                    left = later;
                    let marks = vec!["?"; size].join(",");
                    let sql = format!("SELECT {columns} FROM {from} WHERE {by} IN ({marks})");
                    let padded =
                        now.iter().copied().chain(std::iter::repeat(last)).take(size).map(Value::Uuid);
                    rows.extend(self.fetch(AssertSqlSafe(sql), padded.collect()).await?);
                }
                Ok(rows)
            }
            Self::Postgres(transaction) => {
                use futures::TryStreamExt;
                let sql = format!("SELECT {columns} FROM {from} WHERE {by} = ANY($1)");
                Ok(sqlx::query(AssertSqlSafe(sql))
                    .bind(ids.to_vec())
                    .fetch(&mut **transaction)
                    .map_ok(|row| Row(crate::row::Inner::Postgres(row)))
                    .try_collect()
                    .await?)
            }
        }
    }
}

/// The largest of the fixed sizes that fits: powers of two.
fn sqlite_rows(table: &Table, left: usize) -> usize {
    let most = (SQLITE_CELLS_MAX / table.columns.len().max(1)).max(1);
    1 << most.min(left).max(1).ilog2()
}

fn insert_values(table: &Table, into: &str, rows: usize, clash: Clash) -> String {
    let marks = vec!["?"; table.columns.len()].join(",");
    let row = format!("({marks}),");
    let mut values = row.repeat(rows);
    values.pop();
    format!(
        "INSERT INTO {into} ({}) VALUES {values} {}",
        table.column_list(),
        on_conflict(table, into, clash)
    )
}

fn insert_arrays(table: &Table, into: &str, clash: Clash) -> String {
    let arrays: Vec<String> = table
        .columns
        .iter()
        .enumerate()
        .map(|(at, column)| {
            // Arrays of JSON travel as texts, which the driver can bind without parsing them.
            let kind = if column.kind == Kind::Json { "text[]::jsonb" } else { column.kind.postgres() };
            format!("${}::{kind}[]", at + 1)
        })
        .collect();
    format!(
        "INSERT INTO {into} ({}) SELECT * FROM UNNEST({}) {}",
        table.column_list(),
        arrays.join(","),
        on_conflict(table, into, clash)
    )
}

fn on_conflict(table: &Table, into: &str, clash: Clash) -> String {
    let changes: Vec<String> = table
        .columns
        .iter()
        .filter(|column| clash != Clash::Keep && !table.key.contains(&column.name))
        .map(|Column { name, .. }| match clash {
            Clash::Replace | Clash::Keep => format!("{name} = excluded.{name}"),
            Clash::Add => format!("{name} = {into}.{name} + excluded.{name}"),
        })
        .collect();
    let key = table.key.join(", ");
    if changes.is_empty() {
        format!("ON CONFLICT ({key}) DO NOTHING")
    } else {
        format!("ON CONFLICT ({key}) DO UPDATE SET {}", changes.join(", "))
    }
}

type PgQuery<'q> = Query<'q, Postgres, PgArguments>;

fn bind_array(query: PgQuery<'_>, kind: Kind, values: Vec<Value>) -> PgQuery<'_> {
    macro_rules! array {
        ($variant:ident, |$value:ident| $convert:expr) => {
            query.bind(
                values
                    .into_iter()
                    .map(|value| if let Value::$variant($value) = value { Some($convert) } else { None })
                    .collect::<Vec<_>>(),
            )
        };
    }
    match kind {
        Kind::Bool => array!(Bool, |value| value),
        Kind::Int => array!(Int, |value| value),
        Kind::Real => array!(Real, |value| value),
        Kind::Text => array!(Text, |value| value.into_owned()),
        Kind::Uuid => array!(Uuid, |value| value),
        Kind::Time => array!(Time, |value| value.datetime()),
        Kind::Json => array!(Json, |value| value),
        Kind::Bytes => array!(Bytes, |value| value),
    }
}
