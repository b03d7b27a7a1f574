//! What can be checked of an append before anybody else is kept waiting, done on the caller's own task.

use std::collections::HashSet;

use trunkline_kernel::{Digest, NewEvent, StreamId, Timestamp};

use crate::{Append, AppendError, Expect, LogLimits, StreamCheck};

/// The years that every database and RFC 3339 can write: 0001 to 9999.
const OCCURRED_AT: std::ops::Range<i64> = -62_135_596_800_000_000..253_402_300_800_000_000;

/// An append within the limits, with the digests of its events.
#[derive(Clone, Debug)]
pub(crate) struct Prepared {
    pub(crate) writes: Vec<PreparedWrite>,
    pub(crate) checks: Vec<StreamCheck>,
    pub(crate) events: usize,
    pub(crate) bytes: usize,
}

#[derive(Clone, Debug)]
pub(crate) struct PreparedWrite {
    pub(crate) stream: StreamId,
    pub(crate) expect: Expect,
    pub(crate) events: Vec<(NewEvent, Digest)>,
}

impl Prepared {
    /// Checks an append against the limits.
    pub(crate) fn new(append: Append, limits: &LogLimits) -> Result<Self, AppendError> {
        within("events", append.event_count(), "events_per_append_max", limits.events_per_append_max)?;
        let streams = append.writes.len() + append.checks.len();
        within("streams", streams, "streams_per_append_max", limits.streams_per_append_max)?;
        if append.writes.is_empty() {
            return Err(invalid("it has no event".to_owned()));
        }
        let mut written = HashSet::with_capacity(append.writes.len());
        let mut ids = HashSet::with_capacity(append.event_count());
        let mut bytes = 0;
        let mut writes = Vec::with_capacity(append.writes.len());
        for write in append.writes {
            let stream = write.stream;
            if write.events.is_empty() {
                return Err(invalid(format!("it writes no event to stream {stream}")));
            }
            let mut events = Vec::with_capacity(write.events.len());
            for event in write.events {
                if !ids.insert(event.id) {
                    return Err(invalid(format!("event {} is in it twice", event.id)));
                }
                bytes += event.payload.as_str().len();
                let digest = check_event(&stream, &event, limits)?;
                events.push((event, digest));
            }
            if !written.insert(stream.clone()) {
                return Err(invalid(format!("stream {stream} is written twice")));
            }
            writes.push(PreparedWrite { stream, expect: write.expect, events });
        }
        if let Some(check) = append.checks.iter().find(|check| written.contains(&check.stream)) {
            return Err(invalid(format!("stream {} is both written and checked", check.stream)));
        }
        // An append is never split, so what fits no batch can never be taken.
        within("bytes of payload", bytes, "batch_bytes_max", limits.batch_bytes_max)?;
        Ok(Self { writes, checks: append.checks, events: ids.len(), bytes })
    }

    /// All events in the order in which they will stand in the log.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (&StreamId, &NewEvent, Digest)> {
        self.writes
            .iter()
            .flat_map(|write| write.events.iter().map(|(event, digest)| (&write.stream, event, *digest)))
    }
}

fn check_event(stream: &StreamId, event: &NewEvent, limits: &LogLimits) -> Result<Digest, AppendError> {
    within("bytes in one event", event.payload.as_str().len(), "event_bytes_max", limits.event_bytes_max)?;
    within("tags on one event", event.tags.len(), "tags_per_event_max", limits.tags_per_event_max)?;
    if !OCCURRED_AT.contains(&event.occurred_at.micros()) {
        return Err(invalid(format!("event {} occurred outside the years 1 to 9999", event.id)));
    }
    event
        .digest(stream)
        .map_err(|error| invalid(format!("the payload of event {} is not JSON: {error}", event.id)))
}

fn within(what: &str, count: usize, name: &str, limit: usize) -> Result<(), AppendError> {
    if count > limit {
        return Err(invalid(format!("it has {count} {what}, `log.{name}` is {limit}")));
    }
    Ok(())
}

fn invalid(reason: String) -> AppendError {
    AppendError::Invalid { reason }
}

/// When the log takes events at `now`: never before the last ones, so that the order of the log and the order
/// of its times agree.
pub(crate) fn recorded_at(now: Timestamp, last: Timestamp) -> Timestamp {
    now.max(last)
}
