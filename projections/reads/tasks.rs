//! Tasks: by id, as a board, as a queue, and their history.

use trunkline_database::{AssertSqlSafe, Cell};
use trunkline_domain::task::{TaskKind, TaskState};
use trunkline_kernel::{AgentId, CustomerId, State, TaskId, Timestamp};

use super::page::Listing;
use super::{Page, PageRequest, ReadError, ReadModels};
use crate::task_board::{TaskRow, TransitionRow};
use crate::words::As;

/// Which tasks; empty means all.
#[derive(Clone, Debug, Default)]
pub struct TaskFilter {
    /// Only these states.
    pub states: Vec<TaskState>,
    /// Only these sorts.
    pub kinds: Vec<TaskKind>,
    /// Only those of this agent.
    pub agent: Option<AgentId>,
    /// Only those of this team.
    pub team: Option<String>,
    /// Only those about this customer.
    pub customer: Option<CustomerId>,
    /// Only those that are flagged as stuck, or only those that are not.
    pub stuck: Option<bool>,
    /// Only those due before this moment.
    pub due_before: Option<Timestamp>,
}

/// One column of the board.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BoardColumn {
    /// The state.
    pub state: TaskState,
    /// How many tasks are in it.
    pub tasks: i64,
    /// How many of them are flagged as stuck.
    pub stuck: i64,
}

impl ReadModels {
    /// Tasks by their ids, in no particular order; unknown ones are left out.
    ///
    /// # Errors
    /// When there are more than [`IDS_MAX`](super::IDS_MAX) ids, and when the database fails.
    pub async fn tasks_by_ids(&self, ids: &[TaskId]) -> Result<Vec<TaskRow>, ReadError> {
        self.by_ids(ids).await
    }

    /// The columns of the board in the order of the states, every state once, with their counts. Their tasks are
    /// pages of [`ReadModels::task_queue`] with one state.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn task_board(
        &self,
        team: Option<&str>,
        agent: Option<AgentId>,
    ) -> Result<Vec<BoardColumn>, ReadError> {
        // Sums are kept of all tasks together; who sees a part of them has that part counted.
        let (counted, mut sql) = if self.sees_whole("tasks") {
            ("task_counts", include_str!("../task_board/board.sql").trim_end().to_owned())
        } else {
            ("tasks", include_str!("../task_board/board_seen.sql").trim_end().to_owned())
        };
        let mut values = Vec::new();
        if let Some(team) = team {
            values.push(team.to_owned().value());
            sql = sql.replace("/* team */", &format!("AND team = ${}", values.len()));
        }
        if let Some(agent) = agent {
            values.push(agent.value());
            sql = sql.replace("/* agent */", &format!("AND agent_id = ${}", values.len()));
        }
        let relation = self.relation(counted, &mut values);
        let sql = sql.replace("/* seen */", &relation);
        let rows = self.database.fetch(AssertSqlSafe(sql), values).await?;
        let mut columns: Vec<BoardColumn> =
            TaskState::ALL.iter().map(|&state| BoardColumn { state, tasks: 0, stuck: 0 }).collect();
        for row in &rows {
            let state = row.get::<As<TaskState>>("state")?.0;
            for column in columns.iter_mut().filter(|column| column.state == state) {
                (column.tasks, column.stuck) = (row.get("tasks")?, row.get("stuck")?);
            }
        }
        Ok(columns)
    }

    /// Tasks in the order in which they are due, those without a due time last.
    ///
    /// # Errors
    /// When the page is malformed, and when the database fails.
    pub async fn task_queue(
        &self,
        filter: &TaskFilter,
        page: &PageRequest,
    ) -> Result<Page<TaskRow>, ReadError> {
        let mut list = Listing::by(&["due_order", "task_id"]);
        let states: Vec<As<TaskState>> = filter.states.iter().copied().map(As).collect();
        list.only_in("state", &states);
        let kinds: Vec<As<TaskKind>> = filter.kinds.iter().copied().map(As).collect();
        list.only_in("kind", &kinds);
        if let Some(agent) = filter.agent {
            list.only("agent_id = {}", agent.value());
        }
        if let Some(team) = &filter.team {
            list.only("team = {}", team.value());
        }
        if let Some(customer) = filter.customer {
            list.only("customer_id = {}", customer.value());
        }
        if let Some(stuck) = filter.stuck {
            list.only("stuck = {}", stuck.value());
        }
        if let Some(due_before) = filter.due_before {
            list.only("due_order < {}", due_before.value());
        }
        list.page(self, page).await
    }

    /// Every step of several tasks, in no particular order.
    ///
    /// # Errors
    /// When there are too many ids, and when the database fails.
    pub async fn task_transitions_of(&self, ids: &[TaskId]) -> Result<Vec<TransitionRow>, ReadError> {
        self.by_ids(ids).await
    }

    /// Every step of one task, the first one first.
    ///
    /// # Errors
    /// When the page is malformed, and when the database fails.
    pub async fn task_transitions(
        &self,
        task: TaskId,
        page: &PageRequest,
    ) -> Result<Page<TransitionRow>, ReadError> {
        let mut list = Listing::by(&["version"]);
        list.only("task_id = {}", task.value());
        list.page(self, page).await
    }
}
