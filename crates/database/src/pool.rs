//! Opening a database and asking it.

use std::path::Path;
use std::str::FromStr;

use futures::TryStreamExt;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::sqlite::{SqliteConnectOptions, SqlitePoolOptions, SqliteSynchronous};
use sqlx::{AssertSqlSafe, Connection as _, PgPool, SqlSafeStr, SqlitePool};

use crate::row::Inner as RowInner;
use crate::value::{bind_postgres, bind_sqlite};
use crate::{DatabaseError, PostgresOptions, Result, Row, SqliteOptions, Transaction, Value, open_file};

/// Statements that one connection keeps prepared: bulk writes of every table in every size, and the queries.
const STATEMENTS_MAX: usize = 500;

/// Rows that SQLite's thread reads ahead of whoever takes them, so that the two do not wait for each other at every
/// row.
const ROWS_AHEAD: usize = 1_000;

/// Which SQL a database speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dialect {
    /// SQLite.
    Sqlite,
    /// PostgreSQL.
    Postgres,
}

/// An open database. Cheap to clone.
#[derive(Clone, Debug)]
pub enum Database {
    /// An SQLite file: one connection writes, several read.
    Sqlite {
        /// The writing connection.
        writer: SqlitePool,
        /// The reading connections.
        readers: SqlitePool,
    },
    /// A PostgreSQL database.
    Postgres(PgPool),
}

impl Database {
    /// Opens or makes an SQLite file, in WAL mode. `synchronous` is NORMAL unless it is to be lasting: read models
    /// can be rebuilt, and a transaction is still whole or absent after a power cut.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub async fn sqlite(options: &SqliteOptions) -> Result<Self> {
        let connect = SqliteConnectOptions::new()
            .filename(&options.path)
            .synchronous(if options.lasting { SqliteSynchronous::Full } else { SqliteSynchronous::Normal })
            .busy_timeout(options.busy_timeout)
            .statement_cache_capacity(STATEMENTS_MAX)
            .row_buffer_size(ROWS_AHEAD)
            .pragma("temp_store", "memory")
            .pragma("secure_delete", if options.lasting { "on" } else { "off" })
            .pragma("wal_autocheckpoint", "4000");
        let failed = |source| DatabaseError::Open { address: options.path.display().to_string(), source };
        let first = open_file(connect.clone(), options.busy_timeout).await.map_err(failed)?;
        let writer = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(connect.clone().pragma("cache_size", format!("-{}", options.cache_kib)))
            .await
            .map_err(failed)?;
        let readers = SqlitePoolOptions::new()
            .max_connections(options.readers)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(connect.pragma("cache_size", "-16384").pragma("query_only", "on"))
            .await
            .map_err(failed)?;
        // Closed last, for SQLite locks a file whose last connection is closing.
        first.close().await.map_err(failed)?;
        Ok(Self::Sqlite { writer, readers })
    }

    /// An SQLite database in memory, with one connection: do not ask it while a transaction on it is open.
    ///
    /// # Errors
    /// When SQLite cannot be started.
    pub async fn sqlite_in_memory() -> Result<Self> {
        let failed = |source| DatabaseError::Open { address: ":memory:".to_owned(), source };
        let connect = SqliteConnectOptions::from_str("sqlite::memory:").map_err(failed)?;
        let pool = SqlitePoolOptions::new()
            .max_connections(1)
            .idle_timeout(None)
            .max_lifetime(None)
            .test_before_acquire(false)
            .connect_with(connect.statement_cache_capacity(STATEMENTS_MAX))
            .await
            .map_err(failed)?;
        Ok(Self::Sqlite { writer: pool.clone(), readers: pool })
    }

    /// Connects to PostgreSQL and makes the schema where it is not there.
    ///
    /// # Errors
    /// When the address is malformed or the server cannot be reached.
    pub async fn postgres(options: &PostgresOptions) -> Result<Self> {
        // The password stands before the last `@`; an error never shows it.
        let address = options.url.rsplit_once('@').map_or("postgres", |(_, rest)| rest).to_owned();
        let failed = |source| DatabaseError::Open { address: address.clone(), source };
        let connect = PgConnectOptions::from_str(&options.url)
            .map_err(failed)?
            .options([("search_path", format!("\"{}\"", options.schema.replace('"', "\"\"")))])
            .statement_cache_capacity(STATEMENTS_MAX);
        let pool = PgPoolOptions::new()
            .max_connections(options.connections)
            .acquire_timeout(options.acquire_timeout)
            .test_before_acquire(false)
            .connect_with(connect)
            .await
            .map_err(failed)?;
        let make = format!("CREATE SCHEMA IF NOT EXISTS \"{}\"", options.schema.replace('"', "\"\""));
        // Two servers that start at once can both see no schema; the loser finds it made.
        if let Err(error) = sqlx::raw_sql(AssertSqlSafe(make.clone())).execute(&pool).await {
            tracing::debug!(%error, "the schema is made again");
            sqlx::raw_sql(AssertSqlSafe(make)).execute(&pool).await?;
        }
        Ok(Self::Postgres(pool))
    }

    /// Which SQL it speaks.
    pub fn dialect(&self) -> Dialect {
        match self {
            Self::Sqlite { .. } => Dialect::Sqlite,
            Self::Postgres(_) => Dialect::Postgres,
        }
    }

    /// Every row of a query.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn fetch(&self, sql: impl SqlSafeStr, values: Vec<Value>) -> Result<Vec<Row>> {
        Ok(match self {
            Self::Sqlite { readers, .. } => {
                values
                    .into_iter()
                    .fold(sqlx::query(sql), bind_sqlite)
                    .fetch(readers)
                    .map_ok(|row| Row(RowInner::Sqlite(row)))
                    .try_collect()
                    .await?
            }
            Self::Postgres(pool) => {
                values
                    .into_iter()
                    .fold(sqlx::query(sql), bind_postgres)
                    .fetch(pool)
                    .map_ok(|row| Row(RowInner::Postgres(row)))
                    .try_collect()
                    .await?
            }
        })
    }

    /// Every row of a statement that may write as well, such as one that tidies an SQLite file up.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn fetch_to_write(&self, sql: impl SqlSafeStr, values: Vec<Value>) -> Result<Vec<Row>> {
        match self {
            Self::Sqlite { writer, .. } => {
                let own = Self::Sqlite { writer: writer.clone(), readers: writer.clone() };
                own.fetch(sql, values).await
            }
            Self::Postgres(_) => self.fetch(sql, values).await,
        }
    }

    /// The first row of a query, when there is one.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn fetch_optional(&self, sql: impl SqlSafeStr, values: Vec<Value>) -> Result<Option<Row>> {
        Ok(self.fetch(sql, values).await?.into_iter().next())
    }

    /// Runs a statement by itself; gives how many rows it changed.
    ///
    /// # Errors
    /// When the statement fails.
    pub async fn execute(&self, sql: impl SqlSafeStr, values: Vec<Value>) -> Result<u64> {
        Ok(match self {
            Self::Sqlite { writer, .. } => {
                values.into_iter().fold(sqlx::query(sql), bind_sqlite).execute(writer).await?.rows_affected()
            }
            Self::Postgres(pool) => {
                values.into_iter().fold(sqlx::query(sql), bind_postgres).execute(pool).await?.rows_affected()
            }
        })
    }

    /// Opens a transaction that may write. On SQLite it takes the write lock at once.
    ///
    /// # Errors
    /// When no connection is free in time or the lock cannot be had.
    pub async fn begin(&self) -> Result<Transaction> {
        Ok(match self {
            Self::Sqlite { writer, .. } => Transaction::Sqlite(writer.begin_with("BEGIN IMMEDIATE").await?),
            Self::Postgres(pool) => Transaction::Postgres(pool.begin().await?),
        })
    }

    /// Opens a transaction that only reads: everything it asks for is as of one moment.
    ///
    /// # Errors
    /// When no connection is free in time.
    pub async fn snapshot(&self) -> Result<Transaction> {
        Ok(match self {
            Self::Sqlite { readers, .. } => Transaction::Sqlite(readers.begin().await?),
            Self::Postgres(pool) => Transaction::Postgres(
                pool.begin_with("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY").await?,
            ),
        })
    }

    /// Waits for what is under way and closes every connection.
    pub async fn close(&self) {
        match self {
            Self::Sqlite { writer, readers } => {
                readers.close().await;
                writer.close().await;
            }
            Self::Postgres(pool) => pool.close().await,
        }
    }

    /// Whether a path is that of an SQLite file that exists.
    pub fn is_made(path: &Path) -> bool {
        path.is_file()
    }
}
