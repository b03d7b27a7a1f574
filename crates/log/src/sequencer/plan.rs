//! What becomes of each append of a batch: pure, so that every case can be tested without a database.

use std::collections::HashMap;

use trunkline_kernel::{EventId, Position, Recorded, StreamId, Timestamp, Version};

use super::known::Known;
use crate::prepare::Prepared;
use crate::repeat::{Found, FoundEvents, first_result};
use crate::{AppendError, Appended, Expect};

/// What becomes of one append.
#[derive(Debug)]
pub(super) enum Verdict {
    /// Its events are in the plan; this is the answer once they are durable.
    Accepted(Appended),
    /// Its events are already in the log, or earlier in the same plan.
    Repeated(Appended),
    /// It is refused; `settled` when nothing in this plan has to become durable first.
    Refused { error: AppendError, settled: bool },
}

/// A batch, decided.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// One for each append, in order.
    pub(super) verdicts: Vec<Verdict>,
    /// What to commit.
    pub(super) events: Vec<Recorded>,
    /// Some append believes in a version later than the one known: another process may have written.
    pub(super) unsure: bool,
}

/// The decisions so far.
struct Planner<'a> {
    known: &'a Known,
    recorded_at: Timestamp,
    plan: Plan,
    /// Versions that the plan's own events lead to.
    ahead: HashMap<StreamId, Version>,
    /// The plan's own events.
    taken: HashMap<EventId, Found>,
}

/// Decides a batch. `found` has those of its events that are known to be in the log already.
pub(super) fn plan<'a>(
    appends: impl IntoIterator<Item = &'a Prepared>,
    known: &Known,
    found: &FoundEvents,
    recorded_at: Timestamp,
) -> Plan {
    let mut planner =
        Planner { known, recorded_at, plan: Plan::default(), ahead: HashMap::new(), taken: HashMap::new() };
    for append in appends {
        let verdict = planner.decide(append, found);
        planner.plan.verdicts.push(verdict);
    }
    planner.plan
}

impl Planner<'_> {
    fn decide(&mut self, append: &Prepared, found: &FoundEvents) -> Verdict {
        match first_result(append, |id| self.taken.get(&id).or_else(|| found.get(&id))) {
            Ok(None) => {}
            Ok(Some(first)) => return Verdict::Repeated(first),
            Err(error) => {
                let settled = !append.iter().any(|(_, event, _)| self.taken.contains_key(&event.id));
                return Verdict::Refused { error, settled };
            }
        }
        match self.conflict(append) {
            None => Verdict::Accepted(self.accept(append)),
            Some(refused) => refused,
        }
    }

    /// The first belief that does not hold.
    fn conflict(&mut self, append: &Prepared) -> Option<Verdict> {
        let writes = append.writes.iter().map(|write| (&write.stream, write.expect));
        let checks = append.checks.iter().map(|check| (&check.stream, Expect::Exactly(check.version)));
        for (stream, expect) in writes.chain(checks) {
            let Some(expected) = expect.version() else { continue };
            // A stream that is not known is believed to be as expected: a write to it that is wrong breaks the
            // uniqueness of (stream, version) or was looked up beforehand.
            let actual = self.version(stream).unwrap_or(expected);
            if actual == expected {
                continue;
            }
            // Versions only grow: a belief in the past stays wrong, one in the future may be news.
            self.plan.unsure |= actual < expected;
            let settled = !self.ahead.contains_key(stream);
            let error = AppendError::Conflict { stream: stream.clone(), expected, actual };
            return Some(Verdict::Refused { error, settled });
        }
        None
    }

    fn version(&self, stream: &StreamId) -> Option<Version> {
        self.ahead.get(stream).copied().or_else(|| self.known.version(stream))
    }

    fn accept(&mut self, append: &Prepared) -> Appended {
        let first = self.next_position();
        let mut versions = Vec::with_capacity(append.writes.len());
        for write in &append.writes {
            let mut version = self.version(&write.stream).unwrap_or_default();
            for (event, digest) in &write.events {
                version = version.plus(1);
                let position = self.next_position();
                let found = Found { position, version, recorded_at: self.recorded_at, digest: *digest };
                self.taken.insert(event.id, found);
                self.plan.events.push(Recorded {
                    position,
                    stream: write.stream.clone(),
                    version,
                    recorded_at: self.recorded_at,
                    digest: *digest,
                    event: event.clone(),
                });
            }
            self.ahead.insert(write.stream.clone(), version);
            versions.push((write.stream.clone(), version));
        }
        let last = Position(first.0 + append.events as u64 - 1);
        Appended { first, last, recorded_at: self.recorded_at, versions, repeated: false }
    }

    fn next_position(&self) -> Position {
        self.known.head.plus(self.plan.events.len() as u64 + 1)
    }
}
