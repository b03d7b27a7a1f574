//! How events become the task board.

use trunkline_database::TableRow;
use trunkline_domain::Event;
use trunkline_domain::task::{self, TaskState};
use trunkline_kernel::{AgentId, Id, Personal, Recorded, State, TaskId, Timestamp, Version};
use uuid::Uuid;

use super::{TaskCountRow, TaskRow, TransitionRow};
use crate::fold::{Fold, Keyed, Put, Store, Totals, Unfoldable};
use crate::words::As;

/// Where tasks without a due time stand in a queue: 9999-12-31.
pub(super) const NEVER: Timestamp = Timestamp::from_micros(253_402_214_400_000_000);

type Place = (String, AgentId, TaskState);

/// The rows in memory.
pub struct TaskBoard {
    tasks: Keyed<TaskId, TaskRow>,
    transitions: Put<(TaskId, Version), TransitionRow>,
    counts: Totals<Place, (i64, i64)>,
}

impl Default for TaskBoard {
    fn default() -> Self {
        let counts = Totals::new(TaskCountRow::TABLE, |(team, agent_id, state): &Place, &(tasks, stuck)| {
            TaskCountRow { team: team.clone(), agent_id: *agent_id, state: As(*state), tasks, stuck }.values()
        });
        Self { tasks: Keyed::default(), transitions: Put::default(), counts }
    }
}

impl Fold for TaskBoard {
    fn want(&mut self, recorded: &Recorded, event: &Event) {
        if let Event::Task(_) = event
            && let Some(id) = recorded.stream.id()
        {
            if recorded.version.0 == 1 { self.tasks.want_new(id) } else { self.tasks.want(id) }
        }
    }

    fn apply(&mut self, recorded: &Recorded, event: &Event) -> Result<(), Unfoldable> {
        let Event::Task(event) = event else { return Ok(()) };
        let id: TaskId = recorded.stream.id().ok_or(Unfoldable::Stream { what: "task" })?;
        let from = self.tasks.get(id).map(|row| row.state);
        let before = self.tasks.get(id).map(place);
        if let task::Event::Opened(opened) = event {
            self.tasks.insert(id, fresh(id, opened, recorded));
        } else {
            let row = self.tasks.expect(id)?;
            let to = TaskState::MACHINE.step(row.state.0, event.verb())?;
            change(row, event, to, recorded);
        }
        let row = self.tasks.expect(id)?;
        let step = TransitionRow {
            task_id: id,
            version: recorded.version,
            event: event.verb().to_owned(),
            from_state: from,
            to_state: row.state,
            agent_id: row.agent_id,
            detail: detail(event),
            actor: recorded.event.cause.actor.to_string(),
            occurred_at: recorded.event.occurred_at,
            recorded_at: recorded.recorded_at,
            position: recorded.position,
        };
        let after = place(row);
        self.transitions.put((id, recorded.version), step);
        if before.as_ref() != Some(&after) {
            if let Some((place, stuck)) = before {
                let count = self.counts.of(place);
                *count = (count.0 - 1, count.1 - i64::from(stuck));
            }
            let count = self.counts.of(after.0);
            *count = (count.0 + 1, count.1 + i64::from(after.1));
        }
        Ok(())
    }

    fn stores(&mut self) -> Vec<&mut dyn Store> {
        vec![&mut self.tasks, &mut self.transitions, &mut self.counts]
    }
}

/// Where a task is counted, and whether as stuck.
fn place(row: &TaskRow) -> (Place, bool) {
    let agent = row.agent_id.unwrap_or_else(|| AgentId::from_uuid(Uuid::nil()));
    ((row.team.clone().unwrap_or_default(), agent, row.state.0), row.stuck)
}

fn fresh(id: TaskId, opened: &task::Opened, recorded: &Recorded) -> TaskRow {
    let at = recorded.event.occurred_at;
    TaskRow {
        task_id: id,
        kind: As(opened.kind),
        title: Some(opened.title.clone()),
        state: As(TaskState::default()),
        state_since: at,
        customer_id: opened.customer,
        call_id: opened.call,
        lead_id: opened.lead,
        agent_id: opened.owner,
        team: opened.team.clone(),
        reservation_id: None,
        due_at: opened.due_at,
        due_order: opened.due_at.unwrap_or(NEVER),
        priority: opened.priority.into(),
        attempts: 0,
        last_error: None,
        retry_at: None,
        blocked_reason: None,
        result: None,
        stuck: false,
        stuck_at: None,
        opened_at: at,
        closed_at: None,
        version: recorded.version,
        position: recorded.position,
    }
}

fn change(row: &mut TaskRow, event: &task::Event, to: TaskState, recorded: &Recorded) {
    use task::Event as E;
    let at = recorded.event.occurred_at;
    if to != row.state.0 {
        (row.state, row.state_since) = (As(to), at);
        row.blocked_reason = None;
    }
    (row.version, row.position) = (recorded.version, recorded.position);
    match event {
        E::Opened(_) | E::Started(_) | E::Unblocked(_) => {}
        E::Reserved(reserved) => {
            (row.agent_id, row.reservation_id) = (Some(reserved.agent), Some(reserved.reservation));
        }
        E::Released(_) => (row.agent_id, row.reservation_id) = (None, None),
        E::Assigned(assigned) => (row.agent_id, row.reservation_id) = (Some(assigned.agent), None),
        E::Blocked(blocked) => row.blocked_reason = Some(blocked.reason.clone()),
        E::AttemptFailed(failed) => {
            row.attempts = failed.attempt.into();
            row.last_error = Some(failed.error.clone());
            row.retry_at = Some(failed.retry_at);
        }
        E::Completed(completed) => {
            row.result = completed.result.clone();
            close(row, at);
        }
        E::Cancelled(_) => close(row, at),
        E::Died(died) => {
            row.attempts = died.attempts.into();
            row.last_error = Some(died.error.clone());
            close(row, at);
        }
        E::FlaggedStuck(_) => (row.stuck, row.stuck_at) = (true, Some(at)),
        E::Unflagged(_) => (row.stuck, row.stuck_at) = (false, None),
        E::Rescheduled(rescheduled) => {
            (row.due_at, row.due_order) = (Some(rescheduled.due_at), rescheduled.due_at);
        }
    }
}

fn close(row: &mut TaskRow, at: Timestamp) {
    row.closed_at = Some(at);
    (row.stuck, row.stuck_at) = (false, None);
    (row.reservation_id, row.retry_at) = (None, None);
}

/// The reason or error that came with a step.
fn detail(event: &task::Event) -> Option<Personal<String>> {
    use task::Event as E;
    match event {
        E::Blocked(blocked) => Some(blocked.reason.clone()),
        E::AttemptFailed(failed) => Some(failed.error.clone()),
        E::Completed(completed) => completed.result.clone(),
        E::Cancelled(cancelled) => cancelled.reason.clone(),
        E::Died(died) => Some(died.error.clone()),
        E::FlaggedStuck(stuck) => Some(Personal::Open(stuck.state.name().to_owned())),
        E::Rescheduled(rescheduled) => Some(Personal::Open(rescheduled.due_at.to_string())),
        E::Opened(_)
        | E::Reserved(_)
        | E::Released(_)
        | E::Assigned(_)
        | E::Started(_)
        | E::Unblocked(_)
        | E::Unflagged(_) => None,
    }
}
