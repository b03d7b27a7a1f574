//! What has run out of time and waits for somebody to say so.

use trunkline_database::{AssertSqlSafe, Cell};
use trunkline_domain::agent::Presence;
use trunkline_kernel::{AgentId, ReservationId, TaskId, Timestamp};

use super::{ReadError, ReadModels};
use crate::words::As;

/// What has run out of time, as far as the read models know.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overdue {
    /// Offers that nobody answered.
    pub offers: Vec<ReservationId>,
    /// Agents whose time for after-call work is over.
    pub wraps: Vec<AgentId>,
    /// Tasks that have not moved for too long and are not flagged.
    pub tasks: Vec<TaskId>,
}

impl ReadModels {
    /// What has run out of time at `now`; a task has when it stands since `stuck_since` or longer. At most
    /// `limit` agents and as many tasks.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn overdue(
        &self,
        now: Timestamp,
        stuck_since: Timestamp,
        limit: u32,
    ) -> Result<Overdue, ReadError> {
        let mut overdue = Overdue::default();
        let mut values = vec![now.value(), i64::from(limit).value()];
        let relation = self.relation("agents", &mut values);
        let agents = include_str!("../agent_availability/overdue.sql").replace("/* seen */", &relation);
        for row in self.database.fetch(AssertSqlSafe(agents), values).await? {
            match row.get::<As<Presence>>("presence")?.0 {
                Presence::Reserved => {
                    overdue.offers.extend(row.get::<Option<ReservationId>>("reservation_id")?)
                }
                Presence::Wrapping => overdue.wraps.push(row.get("agent_id")?),
                Presence::Offline
                | Presence::Paused
                | Presence::Available
                | Presence::Preview
                | Presence::Ringing
                | Presence::Talking
                | Presence::Holding => {}
            }
        }
        let mut values = vec![false.value(), stuck_since.value(), i64::from(limit).value()];
        let relation = self.relation("tasks", &mut values);
        let tasks = include_str!("../task_board/overdue.sql").replace("/* seen */", &relation);
        for row in self.database.fetch(AssertSqlSafe(tasks), values).await? {
            overdue.tasks.push(row.get("task_id")?);
        }
        Ok(overdue)
    }
}
