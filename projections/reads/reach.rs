//! Waiting until a read model has got somewhere, so that clients read their own writes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::watch;
use tokio::time::Instant;
use trunkline_database::{Database, Value};
use trunkline_kernel::Position;

use super::{ReadError, ReadModels};
use crate::ReadModel;

/// How often the database is asked while somebody waits and another server runs the projection.
const ASK_EVERY: Duration = Duration::from_millis(20);

/// How far the active generations are that this process follows. It can be behind what is stored, never ahead.
#[derive(Debug, Default)]
pub struct Reached(watch::Sender<BTreeMap<ReadModel, Position>>);

impl Reached {
    /// Says that a read model's active generation has committed up to `position`.
    pub fn advance(&self, model: ReadModel, position: Position) {
        self.0.send_if_modified(|reached| {
            let before = reached.insert(model, position);
            before != Some(position)
        });
    }

    /// Says that this process does not follow the read model any more.
    pub fn forget(&self, model: ReadModel) {
        self.0.send_if_modified(|reached| reached.remove(&model).is_some());
    }

    /// Follows the positions.
    pub fn watch(&self) -> watch::Receiver<BTreeMap<ReadModel, Position>> {
        self.0.subscribe()
    }
}

impl ReadModels {
    /// Waits until each of `models` has everything up to `position`; without a position it does not wait.
    ///
    /// # Errors
    /// [`ReadError::NotReached`] after `reads.wait_max`, and when the database fails.
    pub async fn reach(&self, position: Option<Position>, models: &[ReadModel]) -> Result<(), ReadError> {
        let Some(wanted) = position else { return Ok(()) };
        let start = Instant::now();
        let mut known = self.reached.watch();
        for &model in models {
            loop {
                if known.borrow_and_update().get(&model).is_some_and(|reached| *reached >= wanted) {
                    break;
                }
                let reached = stored(&self.database, model).await?;
                if reached >= wanted {
                    break;
                }
                if start.elapsed() >= self.wait_max {
                    let model = model.name();
                    return Err(ReadError::NotReached { model, wanted, reached, waited: self.wait_max });
                }
                // Either this process hears of it at once, or another server has done it.
                let _ = tokio::time::timeout(ASK_EVERY, known.changed()).await;
            }
        }
        Ok(())
    }
}

/// The stored checkpoint of the active generation.
pub(super) async fn stored(database: &Database, model: ReadModel) -> Result<Position, ReadError> {
    let sql = "SELECT position FROM projection_generations WHERE name = $1 AND status = 'active'";
    let row = database.fetch_optional(sql, vec![Value::Text(model.name().into())]).await?;
    Ok(row.map_or(Ok(Position::START), |row| row.get("position"))?)
}
