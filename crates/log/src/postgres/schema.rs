//! The tables, brought to this version when the log is opened.

use sqlx::{Connection, PgConnection};

use crate::LogError;
use crate::stored::store_error;

/// Every change of the tables in order. Permanent once released; `log_schema` counts those applied.
const MIGRATIONS: [&str; 1] = [include_str!("../../../../migrations/log/postgres/0001_events.sql")];

/// Applies what is missing, in one transaction that waits for other processes doing the same. A role that may
/// not create tables can open a log that is of this version.
pub(super) async fn migrate(connection: &mut PgConnection) -> Result<(), LogError> {
    if missing(connection).await?.is_empty() {
        return Ok(());
    }
    let mut transaction = connection.begin().await.map_err(store_error)?;
    sqlx::query("SELECT pg_advisory_xact_lock(hashtext('trunkline log schema'))")
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
    let missing = missing(&mut transaction).await?;
    for migration in missing {
        sqlx::raw_sql(*migration).execute(&mut *transaction).await.map_err(store_error)?;
    }
    sqlx::raw_sql("CREATE TABLE IF NOT EXISTS log_schema (version bigint PRIMARY KEY)")
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
    let first = i64::try_from(MIGRATIONS.len() - missing.len() + 1).unwrap_or(i64::MAX);
    let last = i64::try_from(MIGRATIONS.len()).unwrap_or(i64::MAX);
    sqlx::query("INSERT INTO log_schema SELECT generate_series($1::bigint, $2::bigint)")
        .bind(first)
        .bind(last)
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
    transaction.commit().await.map_err(store_error)
}

/// The migrations that this database has not had.
async fn missing(connection: &mut PgConnection) -> Result<&'static [&'static str], LogError> {
    let made: bool = sqlx::query_scalar("SELECT to_regclass('log_schema') IS NOT NULL")
        .fetch_one(&mut *connection)
        .await
        .map_err(store_error)?;
    if !made {
        return Ok(&MIGRATIONS);
    }
    let version: i64 = sqlx::query_scalar("SELECT coalesce(max(version), 0) FROM log_schema")
        .fetch_one(connection)
        .await
        .map_err(store_error)?;
    usize::try_from(version).ok().and_then(|version| MIGRATIONS.get(version..)).ok_or_else(|| {
        let reason =
            format!("the database has log version {version}, this program knows {}", MIGRATIONS.len());
        LogError::Invalid { reason }
    })
}
