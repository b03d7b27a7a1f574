//! A read model as it was: replayed into a database of its own and written out as JSON lines.

use std::path::Path;

use serde_json::{Map, Value as Json};
use trunkline_database::{AssertSqlSafe, Database, DatabaseError, Row, Table, Value};
use trunkline_kernel::Position;
use trunkline_log::{Direction, Filter, Log, Query};

use super::Scratch;
use crate::ReadModel;
use crate::fold::Decoded;
use crate::reads::ReadError;

/// Events that are replayed together.
const PAGE: usize = 2_000;

/// What came of a replay.
#[derive(Debug)]
pub struct Replayed {
    /// The last event that is in it.
    pub position: Position,
    /// How many events could not be folded and are left out.
    pub skipped: usize,
    database: Database,
    model: ReadModel,
}

/// Replays the log up to and with `until` into a fresh SQLite file at `path`, which must not exist. `told` hears of
/// the position reached after each page.
///
/// # Errors
/// When the log or the file fails.
pub async fn replay_until(
    log: &dyn Log,
    model: ReadModel,
    until: Position,
    path: &Path,
    mut told: impl FnMut(Position) + Send,
) -> Result<Replayed, ReadError> {
    let mut scratch = Scratch::in_file(path, model).await?;
    let mut position = Position::START;
    while position < until {
        let query = Query {
            filter: Filter::default(),
            direction: Direction::Forwards,
            from: Some(position),
            until: Some(until),
            limit: PAGE,
        };
        let page = log.read(&query).await?;
        let Some(last) = page.events.last() else { break };
        position = last.position;
        scratch.fold(page.events.into_iter().map(Decoded::new).collect()).await?;
        told(position);
    }
    Ok(Replayed { position, skipped: scratch.skipped(), database: scratch.finish(), model })
}

impl Replayed {
    /// What one read model of a scratch database holds.
    #[cfg(test)]
    pub(crate) fn of(scratch: Scratch, model: ReadModel) -> Self {
        Self { position: Position::START, skipped: scratch.skipped(), database: scratch.finish(), model }
    }

    /// Hands out every row of every table as one line of JSON, `{"table": …, "row": {…}}`, in the order of the
    /// tables' keys; gives how many lines there are.
    ///
    /// # Errors
    /// When the file fails, or `take` does.
    pub async fn lines<E: From<ReadError>>(
        &self,
        mut take: impl FnMut(String) -> Result<(), E>,
    ) -> Result<u64, E> {
        let mut count = 0;
        for &table in self.model.definition().tables {
            let sql = format!(
                "SELECT {} FROM {} ORDER BY {}",
                table.column_list(),
                table.name,
                table.key.join(", ")
            );
            let mut snapshot = self.database.snapshot().await.map_err(ReadError::from)?;
            let mut outcome = Ok(());
            let each = snapshot.each(AssertSqlSafe(sql), Vec::new(), |row| {
                if outcome.is_ok() {
                    outcome = line(table, &row)
                        .map_err(|error| E::from(ReadError::from(error)))
                        .and_then(&mut take);
                    count += 1;
                }
                Ok::<_, DatabaseError>(())
            });
            each.await.map_err(ReadError::from)?;
            outcome?;
        }
        Ok(count)
    }

    /// Closes the file.
    pub async fn close(self) {
        self.database.close().await;
    }
}

fn line(table: &Table, row: &Row) -> Result<String, DatabaseError> {
    let mut object = Map::new();
    for (at, column) in table.columns.iter().enumerate() {
        let value = match row.value(at, column.kind)? {
            Value::Null(_) => Json::Null,
            Value::Bool(value) => value.into(),
            Value::Int(value) => value.into(),
            Value::Real(value) => value.into(),
            Value::Text(value) => value.as_ref().into(),
            Value::Uuid(value) => value.to_string().into(),
            Value::Time(value) => value.to_string().into(),
            Value::Json(value) => serde_json::from_str(&value).unwrap_or(Json::Null),
            Value::Bytes(value) => hex::encode(value).into(),
        };
        object.insert(column.name.to_owned(), value);
    }
    Ok(serde_json::json!({ "table": table.name, "row": object }).to_string())
}
