//! The rules of a task.

use trunkline_kernel::{AgentId, Aggregate, Category, State as _, Tag, TaskId, Timestamp};

use super::*;
use crate::limits;

fn check_opened(opened: &Opened) -> Result<(), Refusal> {
    limits::name("title", &opened.title)?;
    Ok(limits::word_if_any("team", opened.team.as_ref())?)
}

impl Task {
    /// Emits the event when the machine permits it, after taking the stuck flag off.
    fn emit(&self, event: Event, refusal: fn(TaskState) -> Refusal) -> Result<Vec<Event>, Refusal> {
        match TaskState::MACHINE.step(self.state, event.verb()) {
            Ok(_) if self.stuck => Ok(vec![Unflagged {}.into(), event]),
            Ok(_) => Ok(vec![event]),
            Err(_) if TaskState::MACHINE.is_final(self.state) => Err(Refusal::Over(self.state)),
            Err(_) => Err(refusal(self.state)),
        }
    }

    fn open(opened: Opened) -> Result<Vec<Event>, Refusal> {
        check_opened(&opened)?;
        let assigned = opened.owner.map(|agent| Assigned { agent }.into());
        Ok([opened.into()].into_iter().chain(assigned).collect())
    }

    fn assign(&self, agent: AgentId, token: Option<u64>) -> Result<Vec<Event>, Refusal> {
        let events = self.emit(Assigned { agent }.into(), Refusal::NotAssignable)?;
        let offered = self.offer.map(|(_, token)| token);
        if token != offered || (offered.is_some() && self.agent != Some(agent)) {
            return Err(Refusal::TokenStale);
        }
        if self.state != TaskState::Reserved && self.agent == Some(agent) {
            return Err(Refusal::AlreadyAssigned);
        }
        Ok(events)
    }

    fn start(&self, now: Timestamp) -> Result<Vec<Event>, Refusal> {
        let events = self.emit(Started {}.into(), Refusal::NotAssigned)?;
        let early = self.retry_at.is_some_and(|at| now < at);
        if early { Err(Refusal::RetryTooEarly) } else { Ok(events) }
    }

    fn fail_attempt(
        &self,
        now: Timestamp,
        error: Personal<String>,
        command: CommandId,
        policy: &Policy,
    ) -> Result<Vec<Event>, Refusal> {
        limits::text("error", Some(&error))?;
        let attempt = self.failures.saturating_add(1);
        let event = if attempt > policy.retries_max {
            Event::from(Died { error, attempts: attempt })
        } else {
            let retry_at = now.plus(policy.retry_wait(attempt, command));
            AttemptFailed { error, attempt, retry_at }.into()
        };
        self.emit(event, Refusal::NotInProgress)
    }

    fn flag_stuck(&self, now: Timestamp, policy: &Policy) -> Result<Vec<Event>, Refusal> {
        if TaskState::MACHINE.is_final(self.state) {
            return Err(Refusal::Over(self.state));
        }
        if self.stuck {
            return Err(Refusal::AlreadyFlagged);
        }
        match self.stuck_at(policy) {
            Some(at) if now >= at => {
                let flag = FlaggedStuck { state: self.state, since: self.since };
                self.emit(flag.into(), Refusal::NotStuck)
            }
            Some(_) | None => Err(Refusal::NotStuck(self.state)),
        }
    }
}

impl Aggregate for Task {
    const CATEGORY: Category = Category::new("task");
    type Id = TaskId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        match (matches!(command, Command::Open(_)), self.exists) {
            (true, true) => return Err(Refusal::AlreadyExists),
            (false, false) => return Err(Refusal::Unknown),
            (true, false) | (false, true) => {}
        }
        match command {
            Command::Open(opened) => Self::open(opened),
            Command::Reserve(reserved) => self.emit(reserved.into(), Refusal::NotPending),
            Command::Release => self.emit(Released {}.into(), Refusal::NotTaken),
            Command::Assign { agent, token } => self.assign(agent, token),
            Command::Start => self.start(now),
            Command::Block(blocked) => {
                limits::text("reason", Some(&blocked.reason))?;
                self.emit(blocked.into(), Refusal::NotAssigned)
            }
            Command::Unblock => self.emit(Unblocked {}.into(), Refusal::NotBlocked),
            Command::FailAttempt { error, command, policy } => {
                self.fail_attempt(now, error, command, &policy)
            }
            Command::Complete(completed) => {
                limits::text("result", completed.result.as_ref())?;
                self.emit(completed.into(), Refusal::NotAssigned)
            }
            Command::Cancel(cancelled) => {
                limits::text("reason", cancelled.reason.as_ref())?;
                self.emit(cancelled.into(), Refusal::Over)
            }
            Command::FlagStuck { policy } => self.flag_stuck(now, &policy),
            Command::Reschedule(rescheduled) => {
                let past = rescheduled.due_at <= now;
                let events = self.emit(rescheduled.into(), Refusal::Over)?;
                if past { Err(Refusal::DuePast) } else { Ok(events) }
            }
        }
    }

    fn evolve(&mut self, at: Timestamp, event: &Event) {
        self.apply(at, event);
    }

    fn tags(&self, event: &Event) -> Vec<Tag> {
        self.parties(event)
    }
}
