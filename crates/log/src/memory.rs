//! The log in memory, for tests and tools. It is written without the sequencer, so that it can serve as the
//! model that the others are compared with.

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;
use parking_lot::Mutex;
use tokio::sync::watch;
use trunkline_kernel::{Clock, EventId, Position, Recorded, StreamId, Timestamp, Version};

use crate::prepare::{Prepared, recorded_at};
use crate::repeat::{Found, FoundEvents, first_result};
use crate::{
    Append, AppendError, Appended, Direction, Filter, Log, LogError, LogLimits, Page, Query, StreamCheck,
};

/// A log that lives as long as the process.
pub struct MemoryLog {
    clock: Arc<dyn Clock>,
    limits: LogLimits,
    state: Mutex<State>,
    hint: watch::Sender<Position>,
}

#[derive(Default)]
struct State {
    events: Vec<Recorded>,
    /// The places in `events` of each stream's events.
    streams: HashMap<StreamId, Vec<usize>>,
    ids: HashMap<EventId, usize>,
    closed: bool,
}

impl MemoryLog {
    /// An empty log that takes its times from `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self::with_limits(clock, LogLimits::default())
    }

    /// An empty log with limits of its own.
    pub fn with_limits(clock: Arc<dyn Clock>, limits: LogLimits) -> Self {
        Self { clock, limits, state: Mutex::default(), hint: watch::Sender::new(Position::START) }
    }
}

impl State {
    fn head(&self) -> Position {
        Position(self.events.len() as u64)
    }

    fn version(&self, stream: &StreamId) -> Version {
        Version(self.streams.get(stream).map_or(0, |places| places.len() as u64))
    }

    fn found(&self, append: &Prepared) -> FoundEvents {
        let found = append.iter().filter_map(|(_, event, _)| {
            let stored = self.events.get(*self.ids.get(&event.id)?)?;
            let found = Found {
                position: stored.position,
                version: stored.version,
                recorded_at: stored.recorded_at,
                digest: stored.digest,
            };
            Some((event.id, found))
        });
        found.collect()
    }

    fn check(&self, append: &Prepared) -> Result<(), AppendError> {
        for write in &append.writes {
            let actual = self.version(&write.stream);
            if let Some(expected) = write.expect.version().filter(|expected| *expected != actual) {
                return Err(AppendError::Conflict { stream: write.stream.clone(), expected, actual });
            }
        }
        for StreamCheck { stream, version } in &append.checks {
            let actual = self.version(stream);
            if actual != *version {
                return Err(AppendError::Conflict { stream: stream.clone(), expected: *version, actual });
            }
        }
        Ok(())
    }

    fn take(&mut self, append: Prepared, now: Timestamp) -> Appended {
        let recorded_at = recorded_at(now, self.events.last().map_or(now, |last| last.recorded_at));
        let first = self.head().plus(1);
        let mut versions = Vec::with_capacity(append.writes.len());
        for write in append.writes {
            for (event, digest) in write.events {
                let version = self.version(&write.stream).plus(1);
                let position = self.head().plus(1);
                self.streams.entry(write.stream.clone()).or_default().push(self.events.len());
                self.ids.insert(event.id, self.events.len());
                let stream = write.stream.clone();
                self.events.push(Recorded { position, stream, version, recorded_at, digest, event });
            }
            versions.push((write.stream.clone(), self.version(&write.stream)));
        }
        Appended { first, last: self.head(), recorded_at, versions, repeated: false }
    }

    fn select(&self, query: &Query) -> Vec<Recorded> {
        let admits = |filter: &Filter, event: &&Recorded| filter.admits(event);
        let after = query.from.map(|position| position.0);
        let until = query.until.map(|position| position.0);
        let events = self.events.iter();
        match query.direction {
            Direction::Forwards => events
                .skip(usize::try_from(after.unwrap_or(0)).unwrap_or(usize::MAX))
                .take_while(|event| until.is_none_or(|until| event.position.0 <= until))
                .filter(|event| admits(&query.filter, event))
                .take(query.limit)
                .cloned()
                .collect(),
            Direction::Backwards => events
                .rev()
                .skip_while(|event| after.is_some_and(|before| event.position.0 >= before))
                .take_while(|event| until.is_none_or(|until| event.position.0 >= until))
                .filter(|event| admits(&query.filter, event))
                .take(query.limit)
                .cloned()
                .collect(),
        }
    }
}

#[async_trait]
impl Log for MemoryLog {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let append = Prepared::new(append, &self.limits)?;
        let mut state = self.state.lock();
        if state.closed {
            return Err(LogError::Closed.into());
        }
        let found = state.found(&append);
        if let Some(first) = first_result(&append, |id| found.get(&id))? {
            return Ok(first);
        }
        state.check(&append)?;
        let appended = state.take(append, self.clock.now());
        // Sent under the lock, so that hints never run backwards.
        self.hint.send_replace(appended.last);
        Ok(appended)
    }

    async fn read(&self, query: &Query) -> Result<Page, LogError> {
        self.limits.admit(query)?;
        let state = self.state.lock();
        Ok(Page { events: state.select(query), head: state.head() })
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, LogError> {
        self.limits.admit_page(limit)?;
        let state = self.state.lock();
        let places = state.streams.get(stream).map_or(&[][..], Vec::as_slice);
        let after = usize::try_from(after.0).unwrap_or(usize::MAX);
        let places = places.iter().skip(after).take(limit);
        Ok(places.filter_map(|place| state.events.get(*place).cloned()).collect())
    }

    async fn head(&self) -> Result<Position, LogError> {
        Ok(self.state.lock().head())
    }

    async fn position_at(&self, time: Timestamp) -> Result<Position, LogError> {
        let state = self.state.lock();
        Ok(Position(state.events.partition_point(|event| event.recorded_at <= time) as u64))
    }

    fn hint(&self) -> watch::Receiver<Position> {
        self.hint.subscribe()
    }

    async fn close(&self) {
        self.state.lock().closed = true;
    }
}
