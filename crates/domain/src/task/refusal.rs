//! Why a command to a task is refused.

use super::TaskState;

refusals! {
    /// Why a command to a task was refused.
    Refusal {
        /// No task with this id was opened.
        Unknown = "TASK_UNKNOWN" on "id" {
            "there is no such task",
            "open it first, or check its id",
            "该工单不存在：请先创建，或检查编号",
        }
        /// A task with this id was opened before.
        AlreadyExists = "TASK_ALREADY_EXISTS" on "id" {
            "the task already exists",
            "use a new id for a new task",
            "该工单已存在：新的工单请使用新的编号",
        }
        /// The task was to be offered and does not wait for an agent.
        NotPending(state: TaskState) = "TASK_NOT_PENDING" {
            "the task does not wait for an agent",
            "only a pending task can be offered",
            "工单不在待分配状态：只有待分配的工单可以派单",
        }
        /// The task was to be assigned under a token that is not the one of its present offer.
        TokenStale = "TASK_TOKEN_STALE" on "token" {
            "the offer of the task is not the present one",
            "load the task again and act on its present offer",
            "派单凭证已失效：请刷新工单后重试",
        }
        /// The task was to be assigned and cannot be in its state.
        NotAssignable(state: TaskState) = "TASK_NOT_ASSIGNABLE" {
            "the task cannot be assigned now",
            "unblock it first",
            "工单当前不可分配：请先解除阻塞",
        }
        /// The task was to be assigned to the agent who has it.
        AlreadyAssigned = "TASK_ALREADY_ASSIGNED" on "agentId" {
            "the agent already has the task",
            "nothing is left to assign",
            "该坐席已负责此工单：无需重复分配",
        }
        /// The task was to be given back and nobody has it.
        NotTaken(state: TaskState) = "TASK_NOT_TAKEN" {
            "nobody has the task",
            "only a task that is offered, assigned or in progress can be given back",
            "工单未被领取：只有已派单、已分配或处理中的工单可以退回",
        }
        /// The task was to be started, blocked or completed and no agent has it.
        NotAssigned(state: TaskState) = "TASK_NOT_ASSIGNED" {
            "the task is not with an agent",
            "assign it first; unblock it when it is blocked",
            "工单未分配给坐席：请先分配；如已阻塞请先解除",
        }
        /// The task was to be started again before its retry time.
        RetryTooEarly = "TASK_RETRY_TOO_EARLY" {
            "the task waits before it is tried again",
            "wait until its retry time",
            "工单尚在重试等待中：请等待到重试时间",
        }
        /// An attempt was to have failed and none is under way.
        NotInProgress(state: TaskState) = "TASK_NOT_IN_PROGRESS" {
            "the task is not in progress",
            "start it first",
            "工单不在处理中：请先开始处理",
        }
        /// The task was to be unblocked and is not blocked.
        NotBlocked(state: TaskState) = "TASK_NOT_BLOCKED" {
            "the task is not blocked",
            "load it again and look at its state",
            "工单未阻塞：请刷新后查看状态",
        }
        /// The task was to be flagged as stuck before its time, or while it waits for something.
        NotStuck(state: TaskState) = "TASK_NOT_STUCK" {
            "the task is not stuck",
            "flag it only after the limit in a state that is not a wait",
            "工单未滞留：只有在非等待状态超过时限才标记滞留",
        }
        /// The task was to be flagged as stuck and is flagged.
        AlreadyFlagged = "TASK_ALREADY_FLAGGED" {
            "the task is already flagged as stuck",
            "nothing is left to flag",
            "工单已标记滞留：无需重复标记",
        }
        /// The task was to be due at a time that is past.
        DuePast = "TASK_DUE_PAST" on "dueAt" {
            "the task would be due in the past",
            "give a time in the future",
            "到期时间早于当前时间：请填写将来的时间",
        }
        /// The task is completed, cancelled or dead, all of which are final.
        Over(state: TaskState) = "TASK_OVER" {
            "the task is over",
            "open a new task when there is more to do",
            "工单已结束：如需继续请新建工单",
        }
    }
}
