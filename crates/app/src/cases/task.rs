//! Tasks, where a command needs more than the client says.

use trunkline_domain::Policy;
use trunkline_domain::task::{self, Task};
use trunkline_kernel::{Id as _, Personal, StreamId, TaskId};
use uuid::Uuid;

use crate::{Action, ActionError, Work};

/// An attempt failed: it is tried again later, or the task dies after the last retry.
#[derive(Clone, Debug)]
pub struct FailTaskAttempt {
    /// Which.
    pub task: TaskId,
    /// What went wrong.
    pub error: Personal<String>,
    /// How often and how soon to retry.
    pub policy: Policy,
}

impl Action for FailTaskAttempt {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let command = work.new_id();
        let fail = task::Command::FailAttempt { error: self.error.clone(), command, policy: self.policy };
        work.run::<Task>(self.task, fail).await?;
        Ok(self.task.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.task))
    }
}
