//! Typed queries of the read models. Each costs a bounded number of statements, whatever the size of the log.

mod agents;
mod as_of;
mod audit;
mod calls;
mod customers;
mod dialing;
mod error;
mod figures;
mod outreach;
mod overdue;
mod page;
mod reach;
mod recordings;
mod relation;
mod seen;
mod tasks;

use std::sync::Arc;
use std::time::Duration;

use trunkline_access::{Scope, Tally};
use trunkline_database::{AssertSqlSafe, Cell, Database, Row, TableRow, Value};
use trunkline_kernel::{Id, Position};
use uuid::Uuid;

pub use agents::AgentFilter;
pub use as_of::{AS_OF_EVENTS_MAX, AsOf, Subject};
pub use audit::AccessFilter;
pub use calls::CallFilter;
pub use customers::{CustomerFilter, TimelineFilter};
pub use dialing::LiveAnswers;
pub use error::ReadError;
pub use figures::{AS_KNOWN_DAYS_MAX, DimensionFilter, FigureRow, FiguresQuery, KPI_ROWS_MAX};
pub use outreach::LeadFilter;
pub use overdue::Overdue;
pub use page::{Cursor, Edge, End, PAGE_ROWS_MAX, Page, PageRequest};
pub use reach::Reached;
pub use recordings::{DueRecordings, RecordingFilter};
pub use tasks::{BoardColumn, TaskFilter};

/// The most ids in one look-up of many.
pub const IDS_MAX: usize = 1_000;

/// The read models, to be asked. Cheap to clone.
///
/// Queries read what is there; [`ReadModels::reach`] waits first until a position is in it. They are made seeing
/// everything, for trusted parts of the server; whoever answers somebody else asks [`ReadModels::seen_by`] first.
#[derive(Clone)]
pub struct ReadModels {
    pub(crate) database: Database,
    reached: Arc<Reached>,
    pub(crate) wait_max: Duration,
    scope: Arc<Scope>,
    tally: Option<Arc<Tally>>,
}

impl ReadModels {
    /// Reads this database. `reached` is what the runtime of this process reports; `wait_max` bounds
    /// [`ReadModels::reach`] (5 s by default, see [`ReadModels::WAIT_MAX`]).
    pub fn new(database: Database, reached: Arc<Reached>, wait_max: Duration) -> Self {
        Self { database, reached, wait_max, scope: Arc::new(Scope::everything()), tally: None }
    }

    /// How long a query waits for its position by default, `reads.wait_max`.
    pub const WAIT_MAX: Duration = Duration::from_secs(5);

    /// The database behind it.
    pub fn database(&self) -> &Database {
        &self.database
    }

    /// The rows of `T` whose single key is among `ids`, in no particular order; unknown ones are left out.
    pub(crate) async fn by_ids<T: TableRow, I: Id>(&self, ids: &[I]) -> Result<Vec<T>, ReadError> {
        self.by_column::<T, I>(T::TABLE.key.first().copied().unwrap_or_default(), ids).await
    }

    /// The rows of `T` whose column is among `ids`.
    pub(crate) async fn by_column<T: TableRow, I: Id>(
        &self,
        column: &str,
        ids: &[I],
    ) -> Result<Vec<T>, ReadError> {
        if ids.len() > IDS_MAX {
            return Err(ReadError::Limit { what: "a look-up of many ids", limit: IDS_MAX });
        }
        let ids: Vec<Uuid> = ids.iter().map(|id| id.uuid()).collect();
        if !self.sees_whole(T::TABLE.name) {
            return self.seen_by_column(column, &ids).await;
        }
        let mut snapshot = self.database.snapshot().await?;
        let rows = snapshot.fetch_by(T::TABLE, T::TABLE.name, column, &ids).await?;
        self.note(T::TABLE.name, &rows)?;
        read_all(&rows)
    }

    /// The same of what is seen.
    async fn seen_by_column<T: TableRow>(&self, column: &str, ids: &[Uuid]) -> Result<Vec<T>, ReadError> {
        let mut snapshot = self.database.snapshot().await?;
        let mut rows = Vec::new();
        let mut left = ids;
        while let Some(last) = left.last() {
            // Sizes are powers of four, filled up with the last id, so that few statements are prepared.
            let size = [4, 16, 64, 256].into_iter().find(|size| *size >= left.len()).unwrap_or(256);
            let (now, later) = left.split_at(left.len().min(size));
            left = later;
            let mut values: Vec<Value> =
                now.iter().chain(std::iter::repeat(last)).take(size).map(|id| id.value()).collect();
            let marks: Vec<String> = (1..=size).map(|at| format!("${at}")).collect();
            let relation = self.relation(T::TABLE.name, &mut values);
            let columns = T::TABLE.column_list();
            let sql = format!("SELECT {columns} FROM {relation} WHERE {column} IN ({})", marks.join(", "));
            rows.extend(snapshot.fetch(AssertSqlSafe(sql), values).await?);
        }
        self.note(T::TABLE.name, &rows)?;
        read_all(&rows)
    }

    /// How far a read model is: everything up to here is in it.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn position(&self, model: crate::ReadModel) -> Result<Position, ReadError> {
        reach::stored(&self.database, model).await
    }
}

pub(crate) fn read_all<T: TableRow>(rows: &[Row]) -> Result<Vec<T>, ReadError> {
    Ok(rows.iter().map(T::read_in_order).collect::<Result<_, _>>()?)
}
