//! Tasks: work to be done by a person by a time.

use async_graphql::{ID, Object};
use trunkline_domain::task::{TaskKind, TaskState};
use trunkline_projections::task_board::{TaskRow, TransitionRow};

use super::{Agent, Call, Customer, Lead};
use crate::error::ApiResult;
use crate::scalars::{DateTime, LogPosition, StateOf, Word, global};
use crate::view::View;

/// Work to be done by a person by a time.
pub(crate) struct Task {
    pub row: TaskRow,
    pub view: View,
}

/// Work to be done by a person by a time.
#[Object]
impl Task {
    /// The id, `task:UUID`.
    pub(crate) async fn id(&self) -> ID {
        global(self.row.task_id)
    }

    /// What sort of work.
    async fn kind(&self) -> Word<TaskKind> {
        self.row.kind.0.into()
    }

    /// What is to be done, where it is readable.
    async fn title(&self) -> Option<&str> {
        self.row.title.as_deref()
    }

    /// How far it has come.
    async fn state(&self) -> StateOf<TaskState> {
        self.row.state.0.into()
    }

    /// Since when.
    async fn state_since(&self) -> DateTime {
        self.row.state_since.into()
    }

    /// The customer it is about.
    async fn customer(&self) -> ApiResult<Option<Customer>> {
        self.view.customer(self.row.customer_id).await
    }

    /// The call it comes from.
    async fn call(&self) -> ApiResult<Option<Call>> {
        self.view.call(self.row.call_id).await
    }

    /// The lead it belongs to.
    async fn lead(&self) -> ApiResult<Option<Lead>> {
        self.view.lead(self.row.lead_id).await
    }

    /// The agent who has it, or is to do it.
    async fn owner(&self) -> ApiResult<Option<Agent>> {
        self.view.agent(self.row.agent_id).await
    }

    /// The team that is to do it, by its name.
    async fn team(&self) -> Option<&str> {
        self.row.team.as_deref()
    }

    /// The offer under way.
    async fn reservation_id(&self) -> Option<ID> {
        self.row.reservation_id.map(global)
    }

    /// By when it is due.
    async fn due_at(&self) -> Option<DateTime> {
        self.row.due_at.map(DateTime)
    }

    /// Higher goes first.
    async fn priority(&self) -> i64 {
        self.row.priority
    }

    /// Failed attempts.
    async fn attempts(&self) -> i64 {
        self.row.attempts
    }

    /// What went wrong last, where it is readable.
    async fn last_error(&self) -> Option<&str> {
        self.row.last_error.as_deref()
    }

    /// Not to be tried again before.
    async fn retry_at(&self) -> Option<DateTime> {
        self.row.retry_at.map(DateTime)
    }

    /// What it waits for, where it is readable.
    async fn blocked_reason(&self) -> Option<&str> {
        self.row.blocked_reason.as_deref()
    }

    /// What came of it, where it is readable.
    async fn result(&self) -> Option<&str> {
        self.row.result.as_deref()
    }

    /// Whether nothing has moved for too long.
    async fn stuck(&self) -> bool {
        self.row.stuck
    }

    /// Since when it has been flagged.
    async fn stuck_at(&self) -> Option<DateTime> {
        self.row.stuck_at.map(DateTime)
    }

    /// When it was opened.
    async fn opened_at(&self) -> DateTime {
        self.row.opened_at.into()
    }

    /// When it came to its end.
    async fn closed_at(&self) -> Option<DateTime> {
        self.row.closed_at.map(DateTime)
    }

    /// Every step from the first on, oldest first.
    #[graphql(complexity = "1 + 20 * child_complexity")]
    async fn history(&self) -> ApiResult<Vec<TaskTransition>> {
        self.view.task_history(self.row.task_id).await
    }

    /// The event that changed the task last.
    async fn position(&self) -> LogPosition {
        self.row.position.into()
    }
}

/// One step in a task's history.
pub(crate) struct TaskTransition {
    pub row: TransitionRow,
    pub view: View,
}

/// One step in a task's history.
#[Object]
impl TaskTransition {
    /// The event without its category: `assigned`.
    async fn event(&self) -> &str {
        &self.row.event
    }

    /// Where it started; absent for the first.
    async fn from(&self) -> Option<StateOf<TaskState>> {
        self.row.from_state.map(|state| state.0.into())
    }

    /// Where it ended.
    async fn to(&self) -> StateOf<TaskState> {
        self.row.to_state.0.into()
    }

    /// The agent who has the task after the step.
    async fn agent(&self) -> ApiResult<Option<Agent>> {
        self.view.agent(self.row.agent_id).await
    }

    /// The reason or error that was given, where it is readable.
    async fn detail(&self) -> Option<&str> {
        self.row.detail.as_deref()
    }

    /// Who asked, `user:li.wei`.
    async fn actor(&self) -> &str {
        &self.row.actor
    }

    /// When it happened.
    async fn occurred_at(&self) -> DateTime {
        self.row.occurred_at.into()
    }

    /// When it was recorded.
    async fn recorded_at(&self) -> DateTime {
        self.row.recorded_at.into()
    }

    /// The event's place in the log.
    async fn position(&self) -> LogPosition {
        self.row.position.into()
    }
}
