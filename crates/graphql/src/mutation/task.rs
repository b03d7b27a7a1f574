//! What can be done to a task.

use async_graphql::{Context, ID, InputObject, Object};
use trunkline_app::cases::{FailTaskAttempt, New};
use trunkline_domain::Policy;
use trunkline_domain::task::{self, Command, Task, TaskKind};
use trunkline_kernel::Personal;

use super::carry_out::{carry_out, single};
use super::edge::{Fields, personal};
use super::payload::TaskPayload;
use crate::error::ApiResult;
use crate::scalars::{DateTime, Word};

/// Something to do.
#[derive(InputObject)]
pub(crate) struct OpenTaskInput {
    /// What sort of work.
    kind: Word<TaskKind>,
    /// What is to be done, in a line.
    title: String,
    /// The customer it is about.
    customer_id: Option<ID>,
    /// The call it comes from.
    call_id: Option<ID>,
    /// The lead it belongs to.
    lead_id: Option<ID>,
    /// The agent who is to do it; it is then assigned at once.
    owner_id: Option<ID>,
    /// The team that is to do it, by its name.
    team: Option<String>,
    /// By when.
    due_at: Option<DateTime>,
    /// Higher goes first.
    #[graphql(default = 0)]
    priority: i32,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

impl OpenTaskInput {
    fn parse(self, fields: &mut Fields) -> Option<New<Task>> {
        let customer = fields.optional_id("customerId", self.customer_id.as_ref());
        let call = fields.optional_id("callId", self.call_id.as_ref());
        let lead = fields.optional_id("leadId", self.lead_id.as_ref());
        let owner = fields.optional_id("ownerId", self.owner_id.as_ref());
        let opened = task::Opened {
            kind: self.kind.0,
            title: Personal::Open(self.title),
            customer: customer?,
            call: call?,
            lead: lead?,
            owner: owner?,
            team: self.team,
            due_at: self.due_at.map(|at| at.0),
            priority: self.priority,
        };
        Some(New { command: Command::Open(opened) })
    }
}

/// A task that something is to be done to.
#[derive(InputObject)]
pub(crate) struct TaskInput {
    /// The task.
    id: ID,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A task for an agent.
#[derive(InputObject)]
pub(crate) struct AssignTaskInput {
    /// The task.
    id: ID,
    /// The agent.
    agent_id: ID,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A task that waits for something outside.
#[derive(InputObject)]
pub(crate) struct BlockTaskInput {
    /// The task.
    id: ID,
    /// What it waits for.
    reason: String,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// An attempt that failed.
#[derive(InputObject)]
pub(crate) struct FailTaskAttemptInput {
    /// The task.
    id: ID,
    /// What went wrong.
    error: String,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A task that is done.
#[derive(InputObject)]
pub(crate) struct CompleteTaskInput {
    /// The task.
    id: ID,
    /// What came of it.
    result: Option<String>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A task that is not needed any more.
#[derive(InputObject)]
pub(crate) struct CancelTaskInput {
    /// The task.
    id: ID,
    /// Why.
    reason: Option<String>,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

/// A new time by which a task is due.
#[derive(InputObject)]
pub(crate) struct RescheduleTaskInput {
    /// The task.
    id: ID,
    /// By when from now on.
    due_at: DateTime,
    /// The same key again returns the first answer.
    idempotency_key: Option<String>,
}

#[derive(Default)]
pub(crate) struct TaskMutations;

#[Object]
impl TaskMutations {
    /// Opens a task; with an owner it is assigned at once.
    async fn open_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "The task.")] input: OpenTaskInput,
    ) -> ApiResult<TaskPayload> {
        let mut fields = Fields::default();
        let key = input.idempotency_key.clone();
        let action = input.parse(&mut fields);
        carry_out(ctx, key, None, fields, action).await.map(TaskPayload)
    }

    /// Gives a task to an agent.
    async fn assign_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and to whom.")] input: AssignTaskInput,
    ) -> ApiResult<TaskPayload> {
        let assign = |fields: &mut Fields| {
            fields.id("agentId", &input.agent_id).map(|agent| Command::Assign { agent, token: None })
        };
        single::<Task>(ctx, input.idempotency_key, &input.id, assign).await.map(TaskPayload)
    }

    /// Gives a task back; it waits for an agent again.
    async fn release_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: TaskInput,
    ) -> ApiResult<TaskPayload> {
        let release = |_: &mut Fields| Some(Command::Release);
        single::<Task>(ctx, input.idempotency_key, &input.id, release).await.map(TaskPayload)
    }

    /// Begins to work on a task.
    async fn start_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: TaskInput,
    ) -> ApiResult<TaskPayload> {
        let start = |_: &mut Fields| Some(Command::Start);
        single::<Task>(ctx, input.idempotency_key, &input.id, start).await.map(TaskPayload)
    }

    /// Lets a task wait for something outside.
    async fn block_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and for what.")] input: BlockTaskInput,
    ) -> ApiResult<TaskPayload> {
        let block =
            |_: &mut Fields| Some(Command::Block(task::Blocked { reason: Personal::Open(input.reason) }));
        single::<Task>(ctx, input.idempotency_key, &input.id, block).await.map(TaskPayload)
    }

    /// Goes on with a task that was waiting.
    async fn unblock_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: TaskInput,
    ) -> ApiResult<TaskPayload> {
        let unblock = |_: &mut Fields| Some(Command::Unblock);
        single::<Task>(ctx, input.idempotency_key, &input.id, unblock).await.map(TaskPayload)
    }

    /// Records that an attempt failed. The task is tried again later, or dies after the last retry.
    async fn fail_task_attempt(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what went wrong.")] input: FailTaskAttemptInput,
    ) -> ApiResult<TaskPayload> {
        let mut fields = Fields::default();
        let policy = *ctx.data_unchecked::<Policy>();
        let error = Personal::Open(input.error);
        let action = fields.id("id", &input.id).map(|task| FailTaskAttempt { task, error, policy });
        carry_out(ctx, input.idempotency_key, None, fields, action).await.map(TaskPayload)
    }

    /// Completes a task.
    async fn complete_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and what came of it.")] input: CompleteTaskInput,
    ) -> ApiResult<TaskPayload> {
        let complete =
            |_: &mut Fields| Some(Command::Complete(task::Completed { result: personal(input.result) }));
        single::<Task>(ctx, input.idempotency_key, &input.id, complete).await.map(TaskPayload)
    }

    /// Cancels a task.
    async fn cancel_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and why.")] input: CancelTaskInput,
    ) -> ApiResult<TaskPayload> {
        let cancel =
            |_: &mut Fields| Some(Command::Cancel(task::Cancelled { reason: personal(input.reason) }));
        single::<Task>(ctx, input.idempotency_key, &input.id, cancel).await.map(TaskPayload)
    }

    /// Flags a task that has not moved for too long; refused before its time.
    async fn flag_task_stuck(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which.")] input: TaskInput,
    ) -> ApiResult<TaskPayload> {
        let policy = *ctx.data_unchecked::<Policy>();
        let flag = |_: &mut Fields| Some(Command::FlagStuck { policy });
        single::<Task>(ctx, input.idempotency_key, &input.id, flag).await.map(TaskPayload)
    }

    /// Changes when a task is due.
    async fn reschedule_task(
        &self,
        ctx: &Context<'_>,
        #[graphql(desc = "Which, and by when.")] input: RescheduleTaskInput,
    ) -> ApiResult<TaskPayload> {
        let reschedule =
            |_: &mut Fields| Some(Command::Reschedule(task::Rescheduled { due_at: input.due_at.0 }));
        single::<Task>(ctx, input.idempotency_key, &input.id, reschedule).await.map(TaskPayload)
    }
}
