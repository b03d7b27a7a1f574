//! The tasks that agents have and that take a place: begun or to be begun, and waiting for nothing outside.

use std::collections::HashMap;

use trunkline_domain::task::{self, TaskState};
use trunkline_kernel::{AgentId, Position, Recorded, TaskId, UnknownEvent};
use trunkline_projections::reads::{PAGE_ROWS_MAX, PageRequest, TaskFilter};
use trunkline_projections::{ReadError, ReadModels};

/// What is followed of tasks: whatever gives one to an agent, or takes it away.
pub(crate) const FOLLOWED: [&str; 7] = [
    "task.assigned",
    "task.blocked",
    "task.unblocked",
    "task.released",
    "task.completed",
    "task.cancelled",
    "task.died",
];

/// The states in which an agent has a task.
const HELD: [TaskState; 3] = [TaskState::Assigned, TaskState::InProgress, TaskState::Blocked];

#[derive(Clone, Copy, Debug)]
struct Held {
    agent: AgentId,
    /// False while it waits for something outside.
    counts: bool,
    position: Position,
}

/// The tasks that agents have.
#[derive(Debug, Default)]
pub(super) struct Tasks {
    held: HashMap<TaskId, Held>,
    counts: HashMap<AgentId, u16>,
}

impl Tasks {
    /// Reads them from the read model.
    pub(super) async fn load(reads: &ReadModels) -> Result<Self, ReadError> {
        let filter = TaskFilter { states: HELD.to_vec(), ..TaskFilter::default() };
        let (mut tasks, mut page) = (Self::default(), PageRequest::first(PAGE_ROWS_MAX));
        loop {
            let found = reads.task_queue(&filter, &page).await?;
            for row in found.edges.iter().map(|edge| &edge.row) {
                let Some(agent) = row.agent_id else { continue };
                let counts = row.state.0 != TaskState::Blocked;
                tasks.put(row.task_id, Held { agent, counts, position: row.position });
            }
            match found.edges.last() {
                Some(last) if found.has_next => {
                    page = PageRequest::first(PAGE_ROWS_MAX).after(last.cursor.clone());
                }
                Some(_) | None => return Ok(tasks),
            }
        }
    }

    /// How many tasks take a place of an agent.
    pub(super) fn of(&self, agent: AgentId) -> u16 {
        self.counts.get(&agent).copied().unwrap_or(0)
    }

    /// Who has the task that an event is of.
    pub(super) fn holder(&self, recorded: &Recorded) -> Option<AgentId> {
        self.held.get(&recorded.stream.id()?).map(|held| held.agent)
    }

    /// Takes note of an event. Gives the agent who has a place more by it.
    ///
    /// # Errors
    /// When it cannot be read.
    pub(super) fn take(&mut self, recorded: &Recorded) -> Result<Option<AgentId>, UnknownEvent> {
        let Some(id) = recorded.stream.id::<TaskId>() else { return Ok(None) };
        let position = recorded.position;
        let known = self.held.get(&id).copied();
        if known.is_some_and(|known| position <= known.position) {
            return Ok(None);
        }
        let mut now = known;
        for event in trunkline_domain::decode_as::<task::Event>(recorded)? {
            now = match event {
                task::Event::Assigned(assigned) => {
                    Some(Held { agent: assigned.agent, counts: true, position })
                }
                task::Event::Blocked(_) => now.map(|held| Held { counts: false, position, ..held }),
                task::Event::Unblocked(_) => now.map(|held| Held { counts: true, position, ..held }),
                task::Event::Released(_)
                | task::Event::Completed(_)
                | task::Event::Cancelled(_)
                | task::Event::Died(_) => None,
                task::Event::Opened(_)
                | task::Event::Reserved(_)
                | task::Event::Started(_)
                | task::Event::AttemptFailed(_)
                | task::Event::FlaggedStuck(_)
                | task::Event::Unflagged(_)
                | task::Event::Rescheduled(_) => now,
            };
        }
        self.remove(id);
        now.into_iter().for_each(|held| self.put(id, held));
        let counted = |held: Option<Held>| held.filter(|held| held.counts).map(|held| held.agent);
        Ok(counted(known).filter(|agent| counted(now) != Some(*agent)))
    }

    fn put(&mut self, id: TaskId, held: Held) {
        *self.counts.entry(held.agent).or_default() += u16::from(held.counts);
        self.held.insert(id, held);
    }

    fn remove(&mut self, id: TaskId) {
        let Some(Held { agent, counts, .. }) = self.held.remove(&id) else { return };
        if let Some(count) = self.counts.get_mut(&agent) {
            *count -= u16::from(counts);
            if *count == 0 {
                self.counts.remove(&agent);
            }
        }
    }
}
