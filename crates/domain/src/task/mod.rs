//! Work to be done by a person by a time.

mod decide;
mod events;
mod refusal;
#[cfg(test)]
mod tests;

use trunkline_kernel::{AgentId, CommandId, CustomerId, Personal, State as _, Tag, Timestamp};

use crate::policy::Policy;

pub use events::*;
pub use refusal::Refusal;

machine! {
    /// How far a task has come.
    TaskState of "task" starts Pending {
        /// Waits for an agent.
        Pending = "PENDING" {
            "reserved" => Reserved,
            "assigned" => Assigned,
            "cancelled" => Cancelled,
            "rescheduled" => Pending,
            "flagged_stuck" => Pending,
            "unflagged" => Pending,
        }
        /// Offered to an agent.
        Reserved = "RESERVED" {
            "assigned" => Assigned,
            "released" => Pending,
            "cancelled" => Cancelled,
            "rescheduled" => Reserved,
            "flagged_stuck" => Reserved,
            "unflagged" => Reserved,
        }
        /// An agent has it and has not begun, or waits to try again.
        Assigned = "ASSIGNED" {
            "started" => InProgress,
            "assigned" => Assigned,
            "released" => Pending,
            "blocked" => Blocked,
            "completed" => Completed,
            "cancelled" => Cancelled,
            "rescheduled" => Assigned,
            "flagged_stuck" => Assigned,
            "unflagged" => Assigned,
        }
        /// The agent works on it.
        InProgress = "IN_PROGRESS" {
            "completed" => Completed,
            "attempt_failed" => Assigned,
            "died" => Dead,
            "assigned" => Assigned,
            "released" => Pending,
            "blocked" => Blocked,
            "cancelled" => Cancelled,
            "rescheduled" => InProgress,
            "flagged_stuck" => InProgress,
            "unflagged" => InProgress,
        }
        /// Waits for something outside.
        Blocked = "BLOCKED" {
            "unblocked" => Assigned,
            "cancelled" => Cancelled,
            "rescheduled" => Blocked,
        }
        /// Done.
        Completed = "COMPLETED" {}
        /// Not needed any more.
        Cancelled = "CANCELLED" {}
        /// Every attempt failed; somebody has to look at it.
        Dead = "DEAD" {}
    }
}

/// What can be asked of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// There is something to do; with an owner it is assigned at once.
    Open(Opened),
    /// Offer it to an agent.
    Reserve(Reserved),
    /// Give it back, or end the offer.
    Release,
    /// Give it to an agent.
    Assign {
        /// Who.
        agent: AgentId,
        /// The token of the offer, when it was offered; whoever assigns without an offer gives none.
        token: Option<u64>,
    },
    /// Begin.
    Start,
    /// Wait for something outside.
    Block(Blocked),
    /// Go on.
    Unblock,
    /// The attempt failed: it is tried again later, or dies after the last retry.
    FailAttempt {
        /// What went wrong.
        error: Personal<String>,
        /// Whose id spreads the retries over time.
        command: CommandId,
        /// How often and how soon to retry.
        policy: Policy,
    },
    /// It is done.
    Complete(Completed),
    /// It is not needed any more.
    Cancel(Cancelled),
    /// Nothing has moved for too long.
    FlagStuck {
        /// How long is too long.
        policy: Policy,
    },
    /// Change when it is due.
    Reschedule(Rescheduled),
}

/// Work to be done by a person by a time.
#[derive(Clone, Debug, Default)]
pub struct Task {
    exists: bool,
    state: TaskState,
    since: Timestamp,
    about: Vec<Tag>,
    agent: Option<AgentId>,
    /// Who had it before the last change of hands; that event concerns them too.
    former: Option<AgentId>,
    offer: Option<(trunkline_kernel::ReservationId, u64)>,
    due_at: Option<Timestamp>,
    retry_at: Option<Timestamp>,
    failures: u16,
    stuck: bool,
}

impl Task {
    /// How far it has come.
    pub fn state(&self) -> TaskState {
        self.state
    }

    /// Whether it was opened at all.
    pub fn exists(&self) -> bool {
        self.exists
    }

    /// The customer whom it is about.
    pub fn customer(&self) -> Option<CustomerId> {
        self.about.iter().find_map(Tag::id)
    }

    /// Since when it has been in its state.
    pub fn since(&self) -> Timestamp {
        self.since
    }

    /// Who has it, or to whom it is offered.
    pub fn agent(&self) -> Option<AgentId> {
        self.agent
    }

    /// How many attempts have failed.
    pub fn failures(&self) -> u16 {
        self.failures
    }

    /// Whether it is flagged as stuck.
    pub fn is_stuck(&self) -> bool {
        self.stuck
    }

    /// When it counts as stuck unless it moves before; never while it waits for something outside or is over.
    ///
    /// A task that is pending or assigned waits until it is due or may be retried, and its time runs from then.
    pub fn stuck_at(&self, policy: &Policy) -> Option<Timestamp> {
        let begun = match self.state {
            TaskState::Reserved | TaskState::InProgress => self.since,
            TaskState::Pending | TaskState::Assigned => {
                [self.due_at, self.retry_at].into_iter().flatten().fold(self.since, Timestamp::max)
            }
            TaskState::Blocked | TaskState::Completed | TaskState::Cancelled | TaskState::Dead => {
                return None;
            }
        };
        Some(begun.plus(policy.stuck_after))
    }

    fn apply(&mut self, at: Timestamp, event: &Event) {
        match event {
            Event::Opened(opened) => {
                self.exists = true;
                self.since = at;
                self.due_at = opened.due_at;
                let about =
                    [opened.customer.map(Tag::of), opened.call.map(Tag::of), opened.lead.map(Tag::of)];
                self.about = about.into_iter().flatten().collect();
            }
            Event::Reserved(reserved) => {
                self.hand_over(Some(reserved.agent));
                self.offer = Some((reserved.reservation, reserved.token));
            }
            Event::Assigned(assigned) => self.hand_over(Some(assigned.agent)),
            Event::Released(_) => self.hand_over(None),
            Event::AttemptFailed(failed) => {
                self.failures = failed.attempt;
                self.retry_at = Some(failed.retry_at);
            }
            Event::Died(died) => self.failures = died.attempts,
            Event::FlaggedStuck(_) => self.stuck = true,
            Event::Unflagged(_) => self.stuck = false,
            Event::Rescheduled(rescheduled) => self.due_at = Some(rescheduled.due_at),
            Event::Started(_) => self.retry_at = None,
            Event::Blocked(_) | Event::Unblocked(_) | Event::Completed(_) | Event::Cancelled(_) => {}
        }
        let next = TaskState::MACHINE.step(self.state, event.verb()).unwrap_or(self.state);
        let handed_on = matches!(event, Event::Assigned(_));
        if next != self.state || handed_on {
            self.state = next;
            self.since = at;
        }
    }

    fn hand_over(&mut self, agent: Option<AgentId>) {
        self.former = self.agent;
        self.agent = agent;
        self.offer = None;
    }

    fn parties(&self, event: &Event) -> Vec<Tag> {
        let former = match event {
            Event::Assigned(_) | Event::Released(_) => self.former,
            Event::Opened(Opened { owner, .. }) => *owner,
            Event::Reserved(_)
            | Event::Started(_)
            | Event::Blocked(_)
            | Event::Unblocked(_)
            | Event::AttemptFailed(_)
            | Event::Completed(_)
            | Event::Cancelled(_)
            | Event::Died(_)
            | Event::FlaggedStuck(_)
            | Event::Unflagged(_)
            | Event::Rescheduled(_) => None,
        };
        let agents = [self.agent, former].into_iter().flatten().map(Tag::of);
        let offer = self.offer.map(|(reservation, _)| Tag::of(reservation));
        self.about.iter().cloned().chain(agents).chain(offer).collect()
    }
}
