//! The state as it was: the events of one thing are folded into a database in memory, and the same queries ask it.

use std::sync::Arc;

use trunkline_database::Database;
use trunkline_kernel::{AgentId, CallId, CustomerId, Position, Tag, TaskId, Timestamp};
use trunkline_log::{Direction, Filter, Log, Query};

use super::{Reached, ReadError, ReadModels};
use crate::fold::Decoded;
use crate::runtime::Scratch;

/// The most events that one past state is made of.
pub const AS_OF_EVENTS_MAX: usize = 20_000;
const PAGE: usize = 1_000;

/// A moment in the log's own order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AsOf {
    /// When the log ended here.
    Position(Position),
    /// As it was known at this time: everything recorded until then.
    Time(Timestamp),
}

/// What is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A customer with timeline, calls, interactions and tasks.
    Customer(CustomerId),
    /// An agent.
    Agent(AgentId),
    /// A task.
    Task(TaskId),
    /// A call.
    Call(CallId),
}

impl Subject {
    fn tag(self) -> Tag {
        match self {
            Self::Customer(id) => Tag::of(id),
            Self::Agent(id) => Tag::of(id),
            Self::Task(id) => Tag::of(id),
            Self::Call(id) => Tag::of(id),
        }
    }
}

impl AsOf {
    /// The position that is meant.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn position(self, log: &dyn Log) -> Result<Position, ReadError> {
        Ok(match self {
            Self::Position(position) => position,
            Self::Time(time) => log.position_at(time).await?,
        })
    }
}

impl ReadModels {
    /// The read models of one thing as they were. What is about other things is only there as far as their events
    /// concern this one. Of what is not in the scope now nothing is there.
    ///
    /// # Errors
    /// [`ReadError::Limit`] when the thing has more than [`AS_OF_EVENTS_MAX`] events, and when the log fails.
    pub async fn as_of(&self, log: &dyn Log, subject: Subject, as_of: AsOf) -> Result<Self, ReadError> {
        let until = as_of.position(log).await?;
        let mut scratch = Scratch::in_memory().await?;
        let filter = Filter { tags: vec![subject.tag()], ..Filter::default() };
        let (mut from, mut count) = (Position::START, 0);
        while from < until {
            let query = Query {
                filter: filter.clone(),
                direction: Direction::Forwards,
                from: Some(from),
                until: Some(until),
                limit: PAGE,
            };
            let page = log.read(&query).await?;
            count += page.events.len();
            if count > AS_OF_EVENTS_MAX {
                return Err(ReadError::Limit { what: "events of a past state", limit: AS_OF_EVENTS_MAX });
            }
            let Some(last) = page.events.last() else { break };
            from = last.position;
            let full = page.events.len() == PAGE;
            let events: Vec<Decoded> = page.events.into_iter().map(Decoded::new).collect();
            scratch.fold(events).await?;
            if !full {
                break;
            }
        }
        let past = scratch.finish();
        self.prune(&past).await?;
        Ok(Self { tally: self.tally.clone(), ..Self::of_scratch(past) })
    }

    pub(crate) fn of_scratch(database: Database) -> Self {
        Self::new(database, Arc::new(Reached::default()), Self::WAIT_MAX)
    }
}
