//! Tasks: work to be done by a person by a time.

use async_graphql::{Context, ID, Object};
use trunkline_domain::task::{TaskKind, TaskState};
use trunkline_projections::task_board::{TaskRow, TransitionRow};

use super::{Agent, Call, Customer, Lead};
use crate::error::ApiResult;
use crate::opener::{PersonalState, state, text};
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

    /// What is to be done, as far as the caller may see it; `titleState` says how it stands.
    async fn title(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.row.title.as_ref()).await
    }

    /// How the title stands.
    async fn title_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Task", "title"), self.row.title.as_ref()).await
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

    /// What went wrong last, as far as the caller may see it; `lastErrorState` says how it stands.
    async fn last_error(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.row.last_error.as_ref()).await
    }

    /// How the error stands.
    async fn last_error_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Task", "lastError"), self.row.last_error.as_ref()).await
    }

    /// Not to be tried again before.
    async fn retry_at(&self) -> Option<DateTime> {
        self.row.retry_at.map(DateTime)
    }

    /// What it waits for, as far as the caller may see it; `blockedReasonState` says how it stands.
    async fn blocked_reason(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.row.blocked_reason.as_ref()).await
    }

    /// How the reason stands.
    async fn blocked_reason_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Task", "blockedReason"), self.row.blocked_reason.as_ref()).await
    }

    /// What came of it, as far as the caller may see it; `resultState` says how it stands.
    async fn result(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.row.result.as_ref()).await
    }

    /// How the result stands.
    async fn result_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("Task", "result"), self.row.result.as_ref()).await
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

    /// The reason or error that was given, as far as the caller may see it; `detailState` says how it stands.
    async fn detail(&self, ctx: &Context<'_>) -> ApiResult<Option<String>> {
        text(ctx, self.row.detail.as_ref()).await
    }

    /// How the reason or error stands.
    async fn detail_state(&self, ctx: &Context<'_>) -> ApiResult<PersonalState> {
        state(ctx, ("TaskTransition", "detail"), self.row.detail.as_ref()).await
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
