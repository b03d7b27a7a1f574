//! Events that a projection could not fold: counted, parked after three tries, listed and replayed.

use std::collections::BTreeSet;

use trunkline_database::{AssertSqlSafe, Cell, Database, Result, Row, Value};
use trunkline_kernel::{EventId, Position, Recorded, Timestamp};

use super::context::Context;
use super::settings::TRIES_MAX;
use crate::ReadModel;

/// The most parked events in one list.
pub const PARKED_MAX: usize = 1_000;
/// The longest error that is kept, in characters.
const ERROR_CHARS_MAX: usize = 1_000;

/// An event that a projection could not fold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Parked {
    /// The read model.
    pub model: ReadModel,
    /// Its generation.
    pub generation: u32,
    /// Where the event is.
    pub position: Position,
    /// The event.
    pub event_id: EventId,
    /// Its type.
    pub event_type: String,
    /// Its stream.
    pub stream: String,
    /// Why it could not be folded.
    pub error: String,
    /// How often it was tried.
    pub tries: i64,
    /// Since when it is left out; absent while it is still being tried.
    pub parked_at: Option<Timestamp>,
    /// Whether it is about to be tried again.
    pub replay: bool,
}

impl Parked {
    fn read(row: &Row) -> Result<Option<Self>> {
        let Some(model) = ReadModel::named(&row.get::<String>("name")?) else { return Ok(None) };
        Ok(Some(Self {
            model,
            generation: row.get("generation")?,
            position: row.get("position")?,
            event_id: row.get("event_id")?,
            event_type: row.get("event_type")?,
            stream: row.get("stream")?,
            error: row.get("error")?,
            tries: row.get("tries")?,
            parked_at: row.get("parked_at")?,
            replay: row.get("replay")?,
        }))
    }
}

const COLUMNS: &str =
    "name, generation, position, event_id, event_type, stream, error, tries, parked_at, replay";

/// The parked events, the oldest first, [`PARKED_MAX`] at most.
///
/// # Errors
/// When the database fails.
pub async fn parked(database: &Database, model: Option<ReadModel>) -> Result<Vec<Parked>> {
    let (condition, values) = match model {
        Some(model) => ("AND name = $1", vec![Value::Text(model.name().into())]),
        None => ("", Vec::new()),
    };
    let sql = format!(
        "SELECT {COLUMNS} FROM projection_parked WHERE parked_at IS NOT NULL {condition} \
         ORDER BY name, generation, position LIMIT {PARKED_MAX}"
    );
    let rows = database.fetch(AssertSqlSafe(sql), values).await?;
    rows.iter().filter_map(|row| Parked::read(row).transpose()).collect()
}

/// Asks whoever runs the projection to try parked events again, all of the read model or the one at `position`;
/// gives how many there are.
///
/// # Errors
/// When the database fails.
pub async fn replay_parked(database: &Database, model: ReadModel, position: Option<Position>) -> Result<u64> {
    let mut values = vec![true.value(), Value::Text(model.name().into())];
    let mut sql =
        "UPDATE projection_parked SET replay = $1 WHERE name = $2 AND parked_at IS NOT NULL".to_owned();
    if let Some(position) = position {
        values.push(position.value());
        sql.push_str(" AND position = $3");
    }
    database.execute(AssertSqlSafe(sql), values).await
}

/// The positions after a checkpoint that are to be left out.
pub(crate) async fn left_out(
    database: &Database,
    model: ReadModel,
    generation: u32,
    after: Position,
) -> Result<BTreeSet<Position>> {
    let sql = "SELECT position FROM projection_parked
        WHERE name = $1 AND generation = $2 AND position > $3 AND parked_at IS NOT NULL";
    let values = vec![Value::Text(model.name().into()), generation.value(), after.value()];
    database.fetch(sql, values).await?.iter().map(|row| row.get("position")).collect()
}

/// The parked events that are to be tried again.
pub(crate) async fn to_replay(database: &Database, model: ReadModel, generation: u32) -> Result<Vec<Parked>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM projection_parked WHERE name = $1 AND generation = $2 AND replay = $3 ORDER BY position"
    );
    let values = vec![Value::Text(model.name().into()), generation.value(), true.value()];
    let rows = database.fetch(AssertSqlSafe(sql), values).await?;
    rows.iter().filter_map(|row| Parked::read(row).transpose()).collect()
}

/// Counts a failure; gives whether the event is parked now. `killed` counts tries that ended the process.
pub(crate) async fn failed(
    context: &Context,
    model: ReadModel,
    generation: u32,
    event: &Recorded,
    error: &str,
    killed: i64,
) -> Result<bool> {
    let mut transaction = context.database.begin().await?;
    let key = || vec![Value::Text(model.name().into()), generation.value(), event.position.value()];
    let sql = "SELECT tries FROM projection_parked WHERE name = $1 AND generation = $2 AND position = $3";
    let before = transaction.fetch_optional(sql, key()).await?;
    let tries = before.map_or(Ok(0), |row| row.get::<i64>("tries"))? + 1;
    let tries = tries.max(killed);
    let parked = tries >= TRIES_MAX;
    let mut values = key();
    values.extend([
        event.event.id.value(),
        event.event.event_type.as_str().to_owned().value(),
        event.stream.as_str().to_owned().value(),
        error.chars().take(ERROR_CHARS_MAX).collect::<String>().value(),
        tries.value(),
        parked.then(|| context.clock.now()).value(),
        false.value(),
    ]);
    let sql = "INSERT INTO projection_parked
        (name, generation, position, event_id, event_type, stream, error, tries, parked_at, replay)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        ON CONFLICT (name, generation, position) DO UPDATE
        SET error = excluded.error, tries = excluded.tries, parked_at = excluded.parked_at, replay = excluded.replay";
    transaction.execute(sql, values).await?;
    transaction.commit().await?;
    if parked {
        tracing::error!(
            projection.name = model.name(),
            projection.generation = generation,
            event.position = event.position.0,
            event.r#type = event.event.event_type.as_str(),
            error,
            "an event is parked"
        );
    }
    Ok(parked)
}
