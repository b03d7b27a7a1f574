//! Migrations: scripts that are applied once, in order, and never changed afterwards.

use sqlx::AssertSqlSafe;
use trunkline_kernel::Timestamp;

use crate::{Database, DatabaseError, Dialect, Result, Value};

/// One step of a database's history, with its text for each database.
#[derive(Clone, Copy, Debug)]
pub struct Migration {
    /// Its permanent name; steps are applied in the order given.
    pub name: &'static str,
    /// What SQLite runs.
    pub sqlite: &'static str,
    /// What PostgreSQL runs.
    pub postgres: &'static str,
}

/// Serialises servers that migrate one PostgreSQL database at the same moment.
const POSTGRES_LOCK: &str = "SELECT pg_advisory_xact_lock(7306084711)";
const JOURNAL_SQLITE: &str = "CREATE TABLE IF NOT EXISTS read_model_migrations
    (name TEXT PRIMARY KEY, digest INTEGER NOT NULL, applied_at INTEGER NOT NULL) STRICT, WITHOUT ROWID";
const JOURNAL_POSTGRES: &str = "CREATE TABLE IF NOT EXISTS read_model_migrations
    (name text PRIMARY KEY, digest bigint NOT NULL, applied_at timestamptz NOT NULL)";

impl Database {
    /// Applies the steps that have not been applied, all in one transaction; gives how many there were.
    ///
    /// # Errors
    /// When a step fails, or an applied step has another text than this build's.
    pub async fn migrate(&self, steps: &[Migration], now: Timestamp) -> Result<usize> {
        let mut transaction = self.begin().await?;
        match self.dialect() {
            Dialect::Sqlite => transaction.script(JOURNAL_SQLITE).await?,
            Dialect::Postgres => {
                transaction.script(POSTGRES_LOCK).await?;
                transaction.script(JOURNAL_POSTGRES).await?;
            }
        }
        let mut applied = 0;
        for step in steps {
            let sql = match self.dialect() {
                Dialect::Sqlite => step.sqlite,
                Dialect::Postgres => step.postgres,
            };
            let name = || Value::Text(step.name.into());
            let stored = transaction
                .fetch_optional("SELECT digest FROM read_model_migrations WHERE name = $1", vec![name()])
                .await?;
            match stored {
                Some(row) if row.get::<i64>("digest")? == digest(sql) => {}
                Some(_) => {
                    let reason = "its text has changed since it was applied; restore it and add a new step";
                    return Err(DatabaseError::Migration { name: step.name.to_owned(), reason });
                }
                None => {
                    transaction.script(AssertSqlSafe(sql)).await?;
                    let values = vec![name(), Value::Int(digest(sql)), Value::Time(now)];
                    transaction
                        .execute("INSERT INTO read_model_migrations (name, digest, applied_at) VALUES ($1, $2, $3)", values)
                        .await?;
                    applied += 1;
                }
            }
        }
        transaction.commit().await?;
        Ok(applied)
    }
}

/// FNV-1a: enough to notice that a text was edited.
fn digest(text: &str) -> i64 {
    let hash = text.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    i64::from_be_bytes(hash.to_be_bytes())
}
