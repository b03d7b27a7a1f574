//! The task board.

use async_graphql::connection::Connection;
use async_graphql::{Context, ID, InputObject, Object, SimpleObject};
use trunkline_domain::task::{TaskKind, TaskState};
use trunkline_projections::reads::{self, Subject};

use super::arguments::AsOf;
use crate::error::ApiResult;
use crate::page::{self, Page, connection};
use crate::scalars::{DateTime, LogPosition, StateOf, Word, parse_id};
use crate::types::{Task, limited};
use crate::view::View;

/// Pages of tasks.
pub(crate) type TaskConnection = Connection<String, Task>;

/// Which tasks: those for which everything given holds.
#[derive(InputObject, Default)]
pub(crate) struct TaskFilter {
    /// Only these states.
    states: Option<Vec<StateOf<TaskState>>>,
    /// Only these sorts of work.
    kinds: Option<Vec<Word<TaskKind>>>,
    /// Only those of this agent.
    agent_id: Option<ID>,
    /// Only those of this team.
    team: Option<String>,
    /// Only those about this customer.
    customer_id: Option<ID>,
    /// Only those that are flagged as stuck, or only those that are not.
    stuck: Option<bool>,
    /// Only those due before this time.
    due_before: Option<DateTime>,
}

impl TaskFilter {
    fn parse(self) -> ApiResult<reads::TaskFilter> {
        let states = limited("filter.states", self.states)?;
        let kinds = limited("filter.kinds", self.kinds)?;
        Ok(reads::TaskFilter {
            states: states.into_iter().map(|state| state.0).collect(),
            kinds: kinds.into_iter().map(|kind| kind.0).collect(),
            agent: self.agent_id.map(|id| parse_id("filter.agentId", &id)).transpose()?,
            team: self.team,
            customer: self.customer_id.map(|id| parse_id("filter.customerId", &id)).transpose()?,
            stuck: self.stuck,
            due_before: self.due_before.map(|at| at.0),
        })
    }
}

/// One column of the board.
#[derive(SimpleObject)]
pub(crate) struct TaskBoardColumn {
    /// The state.
    state: StateOf<TaskState>,
    /// How many tasks are in it.
    tasks: i64,
    /// How many of them are flagged as stuck.
    stuck: i64,
}

#[derive(Default)]
pub(crate) struct TaskQueries;

#[Object]
impl TaskQueries {
    /// One task, now or as it was.
    async fn task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The task.")] id: ID,
        #[graphql(desc = "The answer as it was; now when absent.")] as_of: Option<AsOf>,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Option<Task>> {
        let id = parse_id("id", &id)?;
        let view = match as_of {
            Some(as_of) => View::past(ctx, Subject::Task(id), as_of.moment()).await?,
            None => View::at_least(ctx, min_position.map(|position| position.0)).await?,
        };
        view.task(Some(id)).await
    }

    /// Tasks as a queue: in the order in which they are due, those without a due time last.
    #[graphql(complexity = "page::cost(first, last, child_complexity)")]
    #[expect(clippy::too_many_arguments, reason = "these are the arguments of the field")]
    async fn tasks(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which tasks; all when absent.")] filter: Option<TaskFilter>,
        #[graphql(desc = "How many from the start, 1 to 100; 20 when neither `first` nor `last` is given.")]
        first: Option<i32>,
        #[graphql(desc = "Only entries after this cursor.")] after: Option<String>,
        #[graphql(desc = "How many from the end, 1 to 100.")] last: Option<i32>,
        #[graphql(desc = "Only entries before this cursor.")] before: Option<String>,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<TaskConnection> {
        let page = Page::of(first, after, last, before)?;
        let filter = filter.unwrap_or_default().parse()?;
        let view = View::at_least(ctx, min_position.map(|position| position.0)).await?;
        let found = view.reads().task_queue(&filter, &page.request()).await?;
        Ok(connection(found, |row| Task { row, view: view.clone() }))
    }

    /// The board: every state once, with its counts. Its tasks are `tasks` with that state.
    async fn task_board(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Only tasks of this team.")] team: Option<String>,
        #[graphql(desc = "Only tasks of this agent.")] agent_id: Option<ID>,
        #[graphql(desc = "Wait until the read models have got here.")] min_position: Option<LogPosition>,
    ) -> ApiResult<Vec<TaskBoardColumn>> {
        let agent = agent_id.map(|id| parse_id("agentId", &id)).transpose()?;
        let view = View::at_least(ctx, min_position.map(|position| position.0)).await?;
        let columns = view.reads().task_board(team.as_deref(), agent).await?;
        let column = |column: reads::BoardColumn| TaskBoardColumn {
            state: column.state.into(),
            tasks: column.tasks,
            stuck: column.stuck,
        };
        Ok(columns.into_iter().map(column).collect())
    }
}
