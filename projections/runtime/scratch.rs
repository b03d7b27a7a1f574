//! Read models of their own, outside the runtime: made, filled from events, asked, and thrown away.

use std::collections::BTreeSet;
use std::sync::Arc;

use trunkline_database::{AssertSqlSafe, Database, Result, SqliteOptions, Value};
use trunkline_kernel::{Position, Timestamp};

use super::generation;
use super::member::{Member, write};
use crate::ReadModel;
use crate::fold::Decoded;
use crate::reads::ReadError;

/// The generation that a fresh database starts with.
const FIRST: u32 = 1;

/// Every read model, or one, in a database of its own.
pub(crate) struct Scratch {
    database: Database,
    members: Vec<Member>,
    batch: u64,
    skipped: usize,
}

impl Scratch {
    /// All read models, in memory.
    pub(crate) async fn in_memory() -> Result<Self> {
        Self::over(Database::sqlite_in_memory().await?, &ReadModel::ALL).await
    }

    /// One read model, in a new file.
    pub(crate) async fn in_file(path: &std::path::Path, model: ReadModel) -> Result<Self> {
        Self::over(Database::sqlite(&SqliteOptions::new(path)).await?, &[model]).await
    }

    async fn over(database: Database, models: &[ReadModel]) -> Result<Self> {
        generation::prepare(&database, Timestamp::default()).await?;
        let members =
            models.iter().map(|&model| Member::new(model, FIRST, Position::START, BTreeSet::new())).collect();
        Ok(Self { database, members, batch: 0, skipped: 0 })
    }

    /// Folds a page. An event that cannot be folded is left out, as it would be parked.
    pub(crate) async fn fold(&mut self, events: Vec<Decoded>) -> Result<(), ReadError> {
        let Some(last) = events.last().map(|event| event.recorded.position) else { return Ok(()) };
        let events: Arc<[Decoded]> = events.into();
        self.batch += 1;
        for member in &mut self.members {
            let writes = loop {
                member.load(&self.database, &events).await?;
                match member.fold(&events, self.batch).await {
                    Ok(writes) => break writes,
                    Err(failure) if member.parked.insert(failure.position) => {
                        self.skipped += 1;
                        member.forget();
                    }
                    Err(failure) => {
                        return Err(ReadError::Fold { position: failure.position, reason: failure.error });
                    }
                }
            };
            let mut transaction = self.database.begin().await?;
            write(&mut transaction, FIRST, writes).await?;
            let sql = "UPDATE projection_generations SET position = $3 WHERE name = $1 AND generation = $2";
            let values = vec![
                Value::Text(member.model.name().into()),
                Value::Int(FIRST.into()),
                Value::Int(i64::try_from(last.0).unwrap_or(i64::MAX)),
            ];
            transaction.execute(AssertSqlSafe(sql), values).await?;
            transaction.commit().await?;
            member.position = last;
            member.committed(self.batch);
        }
        Ok(())
    }

    /// How many events were left out.
    pub(crate) fn skipped(&self) -> usize {
        self.skipped
    }

    /// The database, to be asked.
    pub(crate) fn finish(self) -> Database {
        self.database
    }
}
