//! The tables, brought to this version when the log is opened.

use sqlx::{AssertSqlSafe, SqliteConnection};

use crate::LogError;
use crate::stored::store_error;

/// Every change of the tables in order. Permanent once released; `PRAGMA user_version` counts those applied.
const MIGRATIONS: [&str; 1] = [include_str!("../../../../migrations/log/sqlite/0001_events.sql")];

/// Applies what is missing, in one transaction.
pub(super) async fn migrate(connection: &mut SqliteConnection) -> Result<(), LogError> {
    sqlx::query("BEGIN IMMEDIATE").execute(&mut *connection).await.map_err(store_error)?;
    let applied = apply(connection).await;
    let end = if applied.is_ok() { "COMMIT" } else { "ROLLBACK" };
    sqlx::query(end).execute(&mut *connection).await.map_err(store_error)?;
    applied
}

async fn apply(connection: &mut SqliteConnection) -> Result<(), LogError> {
    let version: i64 =
        sqlx::query_scalar("PRAGMA user_version").fetch_one(&mut *connection).await.map_err(store_error)?;
    let Some(missing) = usize::try_from(version).ok().and_then(|version| MIGRATIONS.get(version..)) else {
        let reason = format!("the file has log version {version}, this program knows {}", MIGRATIONS.len());
        return Err(LogError::Invalid { reason });
    };
    if missing.is_empty() {
        return Ok(());
    }
    for migration in missing {
        sqlx::raw_sql(*migration).execute(&mut *connection).await.map_err(store_error)?;
    }
    let version = AssertSqlSafe(format!("PRAGMA user_version = {}", MIGRATIONS.len()));
    sqlx::raw_sql(version).execute(&mut *connection).await.map_err(store_error)?;
    Ok(())
}
