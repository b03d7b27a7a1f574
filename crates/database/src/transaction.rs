//! Transactions: all of it or nothing.

use futures::TryStreamExt;
use sqlx::{Postgres, SqlSafeStr, Sqlite};

use crate::row::Inner as RowInner;
use crate::value::{bind_postgres, bind_sqlite};
use crate::{DatabaseError, Dialect, Result, Row, Value};

/// An open transaction; dropped without [`Transaction::commit`] it is undone.
#[derive(Debug)]
pub enum Transaction {
    /// On SQLite.
    Sqlite(sqlx::Transaction<'static, Sqlite>),
    /// On PostgreSQL.
    Postgres(sqlx::Transaction<'static, Postgres>),
}

impl Transaction {
    /// Which SQL it speaks.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite(_) => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Every row of a query.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn fetch(&mut self, sql: impl SqlSafeStr, values: Vec<Value>) -> Result<Vec<Row>> {
        let mut rows = Vec::new();
        self.each(sql, values, |row| {
            rows.push(row);
            Ok::<(), DatabaseError>(())
        })
        .await?;
        Ok(rows)
    }

    /// Hands every row of a query to `take`, one after the other, without keeping them.
    ///
    /// # Errors
    /// When the statement or `take` fails.
    pub async fn each<E: From<DatabaseError>>(
        &mut self,
        sql: impl SqlSafeStr,
        values: Vec<Value>,
        mut take: impl FnMut(Row) -> Result<(), E>,
    ) -> Result<(), E> {
        match self {
            Self::Sqlite(transaction) => {
                let mut rows =
                    values.into_iter().fold(sqlx::query(sql), bind_sqlite).fetch(&mut **transaction);
                while let Some(row) = rows.try_next().await.map_err(DatabaseError::from)? {
                    take(Row(RowInner::Sqlite(row)))?;
                }
            }
            Self::Postgres(transaction) => {
                let mut rows =
                    values.into_iter().fold(sqlx::query(sql), bind_postgres).fetch(&mut **transaction);
                while let Some(row) = rows.try_next().await.map_err(DatabaseError::from)? {
                    take(Row(RowInner::Postgres(row)))?;
                }
            }
        }
        Ok(())
    }

    /// The first row of a query, when there is one.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn fetch_optional(&mut self, sql: impl SqlSafeStr, values: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.fetch(sql, values).await?.into_iter().next())
    }

    /// Runs a statement; gives how many rows it changed.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn execute(&mut self, sql: impl SqlSafeStr, values: Vec<Value>) -> Result<u64> {
        Ok(match self {
            Self::Sqlite(transaction) => values
                .into_iter()
                .fold(sqlx::query(sql), bind_sqlite)
                .execute(&mut **transaction)
                .await?
                .rows_affected(),
            Self::Postgres(transaction) => values
                .into_iter()
                .fold(sqlx::query(sql), bind_postgres)
                .execute(&mut **transaction)
                .await?
                .rows_affected(),
        })
    }

    /// Runs a statement that must change exactly `expected` rows: the guard of a compare-and-set.
    ///
    /// # Errors
    /// [`DatabaseError::Unchanged`] when it changes another number of rows.
    pub async fn execute_expecting(
        &mut self,
        expected: u64,
        sql: impl SqlSafeStr,
        values: Vec<Value>,
    ) -> Result<()> {
        let changed = self.execute(sql, values).await?;
        if changed == expected { Ok(()) } else { Err(DatabaseError::Unchanged { expected, changed }) }
    }

    /// Runs a script of several statements without parameters.
    ///
    /// # Errors
    /// When one of the statements fails.
    pub async fn script(&mut self, sql: impl SqlSafeStr) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => sqlx::raw_sql(sql).execute(&mut **transaction).await.map(drop)?,
            Self::Postgres(transaction) => sqlx::raw_sql(sql).execute(&mut **transaction).await.map(drop)?,
        }
        Ok(())
    }

    /// Makes it so.
    ///
    /// # Errors
    /// When the commit fails; then nothing was done, unless the connection was lost during the commit.
    pub async fn commit(self) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.commit().await?,
            Self::Postgres(transaction) => transaction.commit().await?,
        }
        Ok(())
    }

    /// Undoes it.
    ///
    /// # Errors
    /// When the connection is lost, and then it is undone as well.
    pub async fn rollback(self) -> Result<()> {
        match self {
            Self::Sqlite(transaction) => transaction.rollback().await?,
            Self::Postgres(transaction) => transaction.rollback().await?,
        }
        Ok(())
    }
}
