//! Every text of SQL is understood by the databases it is written for, and says what the rows say.

use anyhow::Result;
use trunkline_database::{AssertSqlSafe, Database, Dialect, Kind};

use super::support::on_both;
use crate::ReadModel;
use crate::runtime::prepare_for_tests;

async fn kinds(database: &Database, table: &str) -> Result<Vec<(String, Kind)>> {
    let sql = match database.dialect() {
        Dialect::Sqlite => format!("SELECT name, type FROM pragma_table_info('{table}') ORDER BY cid"),
        Dialect::Postgres => format!(
            "SELECT column_name::text AS name, data_type::text AS type FROM information_schema.columns \
             WHERE table_name = '{table}' ORDER BY ordinal_position"
        ),
    };
    let rows = database.fetch(AssertSqlSafe(sql), Vec::new()).await?;
    let mut kinds = Vec::new();
    for row in rows {
        let kind = match row.get::<String>("type")?.as_str() {
            "boolean" => Kind::Bool,
            "bigint" | "INTEGER" => Kind::Int,
            "double precision" | "REAL" => Kind::Real,
            "text" | "TEXT" => Kind::Text,
            "uuid" | "BLOB" => Kind::Uuid,
            "timestamp with time zone" => Kind::Time,
            "jsonb" => Kind::Json,
            other => anyhow::bail!("{table} has a column of type {other}"),
        };
        kinds.push((row.get("name")?, kind));
    }
    Ok(kinds)
}

/// What SQLite can tell of a kind.
fn stored(kind: Kind, dialect: Dialect) -> Kind {
    match (dialect, kind) {
        (Dialect::Sqlite, Kind::Bool | Kind::Time) => Kind::Int,
        (Dialect::Sqlite, Kind::Json) => Kind::Text,
        (_, kind) => kind,
    }
}

#[tokio::test]
async fn the_tables_have_the_columns_of_their_rows() -> Result<()> {
    on_both(async |database| {
        prepare_for_tests(&database).await?;
        for table in ReadModel::ALL.iter().flat_map(|model| model.definition().tables) {
            let declared: Vec<(String, Kind)> = table
                .columns
                .iter()
                .map(|column| (column.name.to_owned(), stored(column.kind, database.dialect())))
                .collect();
            assert_eq!(kinds(&database, &table.of_generation(1)).await?, declared, "{}", table.name);
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn every_view_answers_and_every_column_has_a_comment() -> Result<()> {
    on_both(async |database| {
        prepare_for_tests(&database).await?;
        for table in ReadModel::ALL.iter().flat_map(|model| model.definition().tables) {
            let sql = format!("SELECT {} FROM {}", table.column_list(), table.name);
            assert!(database.fetch(AssertSqlSafe(sql), Vec::new()).await?.is_empty());
            if database.dialect() == Dialect::Postgres {
                let sql = format!(
                    "SELECT attname::text AS name FROM pg_attribute WHERE attrelid = '{}'::regclass AND attnum > 0 \
                     AND col_description(attrelid, attnum) IS NULL",
                    table.name
                );
                let bare = database.fetch(AssertSqlSafe(sql), Vec::new()).await?;
                assert!(bare.is_empty(), "{} has {} columns without a comment", table.name, bare.len());
            }
        }
        Ok(())
    })
    .await
}

#[tokio::test]
async fn preparing_twice_changes_nothing() -> Result<()> {
    on_both(async |database| {
        prepare_for_tests(&database).await?;
        prepare_for_tests(&database).await?;
        let sql = "SELECT CAST(COUNT(*) AS bigint) AS count FROM projection_generations";
        let row = database.fetch_optional(sql, Vec::new()).await?;
        assert_eq!(
            row.map(|row| row.get::<i64>("count")).transpose()?,
            Some(i64::try_from(ReadModel::ALL.len())?)
        );
        Ok(())
    })
    .await
}
