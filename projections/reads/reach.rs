//! Waiting until a read model has got somewhere, so that clients read their own writes.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::sync::{Notify, watch};
use tokio::time::Instant;
use trunkline_database::{Database, Value};
use trunkline_kernel::Position;

use super::{ReadError, ReadModels};
use crate::ReadModel;

/// How often the database is asked while somebody waits and another server runs the projection.
const ASK_EVERY: Duration = Duration::from_millis(20);
/// The same while this server runs it, and so hears of it at once: hundreds of waiting subscribers must not each ask.
const ASK_RARELY: Duration = Duration::from_millis(500);

/// How far the active generations are that this process follows. It can be behind what is stored, never ahead.
#[derive(Debug, Default)]
pub struct Reached {
    positions: watch::Sender<BTreeMap<ReadModel, Position>>,
    wanted: Notify,
}

impl Reached {
    /// Says that these read models' active generations have committed up to these positions.
    pub fn advance(&self, positions: impl IntoIterator<Item = (ReadModel, Position)>) {
        self.positions.send_if_modified(|reached| {
            let mut moved = false;
            for (model, position) in positions {
                moved |= reached.insert(model, position) != Some(position);
            }
            moved
        });
    }

    /// Says that this process does not follow the read model any more.
    pub fn forget(&self, model: ReadModel) {
        self.positions.send_if_modified(|reached| reached.remove(&model).is_some());
    }

    /// Ends when somebody waits for what is not reached yet.
    pub(crate) async fn wanted(&self) {
        self.wanted.notified().await;
    }

    /// Follows the positions.
    pub fn watch(&self) -> watch::Receiver<BTreeMap<ReadModel, Position>> {
        self.positions.subscribe()
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
                let here = known.borrow_and_update().get(&model).copied();
                if here.is_some_and(|reached| reached >= wanted) {
                    break;
                }
                self.reached.wanted.notify_one();
                let pause = if here.is_some() { ASK_RARELY } else { ASK_EVERY };
                let left = self.wait_max.saturating_sub(start.elapsed());
                if here.is_some() && tokio::time::timeout(pause.min(left), known.changed()).await.is_ok() {
                    continue;
                }
                let reached = stored(&self.database, model).await?;
                if reached >= wanted {
                    break;
                }
                if start.elapsed() >= self.wait_max {
                    let model = model.name();
                    return Err(ReadError::NotReached { model, wanted, reached, waited: self.wait_max });
                }
                if here.is_none() {
                    let _ = tokio::time::timeout(pause.min(left), known.changed()).await;
                }
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
