//! What the server keeps, and KurrentDB's rules for appending to it.

use std::collections::HashMap;
use std::sync::Arc;

use parking_lot::Mutex;
use tokio::sync::watch;

use super::wire::{EventPosition, Expected, ProposedMessage, ReadEvent, RecordedEvent, StreamIdentifier};

/// All streams. They outlive a stop of the server, as files would.
#[derive(Debug)]
pub(super) struct Store {
    inner: Mutex<Inner>,
    events: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct Inner {
    streams: HashMap<Vec<u8>, Vec<Arc<ReadEvent>>>,
    /// The commit position of the next event; positions are opaque and grow by more than one.
    commit: u64,
}

/// What came of an append.
#[derive(Debug)]
pub(super) enum Outcome {
    /// Written now, or found to have been written before by the same event ids.
    Done { revision: Option<u64>, commit: u64 },
    /// The stream is not as the writer believes.
    Wrong { current: Option<u64> },
}

impl Store {
    pub(super) fn new() -> Self {
        Self { inner: Mutex::default(), events: watch::Sender::new(0) }
    }

    /// Grows whenever anything is appended.
    pub(super) fn watch(&self) -> watch::Receiver<u64> {
        self.events.subscribe()
    }

    /// Appends all or nothing.
    pub(super) fn append(
        &self,
        stream: &StreamIdentifier,
        expected: Expected,
        events: Vec<(uuid::Uuid, ProposedMessage)>,
    ) -> Outcome {
        let count = u64::try_from(events.len()).unwrap_or(u64::MAX);
        let outcome = {
            let mut inner = self.inner.lock();
            let Inner { streams, commit } = &mut *inner;
            let held = streams.get(stream.stream_name.as_ref()).map_or(&[][..], Vec::as_slice);
            match judge(held, expected, &events) {
                Judgement::Write => {}
                Judgement::Written { revision } => return Outcome::Done { revision, commit: *commit },
                Judgement::Wrong => return Outcome::Wrong { current: last_revision(held) },
            }
            let held = streams.entry(stream.stream_name.to_vec()).or_default();
            for (id, message) in events {
                *commit += 100;
                let revision = held.len() as u64;
                held.push(Arc::new(record(stream, revision, *commit, id, message)));
            }
            Outcome::Done { revision: last_revision(held), commit: *commit }
        };
        self.events.send_modify(|total| *total += count);
        outcome
    }

    /// The events of a stream from a revision on, itself included; `None` when there is no such stream.
    pub(super) fn read(&self, stream: &[u8], from: u64, count: usize) -> Option<Vec<Arc<ReadEvent>>> {
        let inner = self.inner.lock();
        let events = inner.streams.get(stream)?;
        let start = usize::try_from(from).unwrap_or(usize::MAX).min(events.len());
        Some(events[start..].iter().take(count).cloned().collect())
    }

    /// The events of a stream up to a revision, newest first; `None` when there is no such stream.
    pub(super) fn read_back(&self, stream: &[u8], from: u64, count: usize) -> Option<Vec<Arc<ReadEvent>>> {
        let inner = self.inner.lock();
        let events = inner.streams.get(stream)?;
        let end = usize::try_from(from.saturating_add(1)).unwrap_or(usize::MAX).min(events.len());
        Some(events[..end].iter().rev().take(count).cloned().collect())
    }
}

enum Judgement {
    Write,
    Written { revision: Option<u64> },
    Wrong,
}

/// KurrentDB's rule: an append at the stream's end is written; one at an earlier revision has been written
/// already when exactly its event ids stand there, and is wrong otherwise. Without a revision, ids that are
/// all known count as written already.
fn judge(held: &[Arc<ReadEvent>], expected: Expected, events: &[(uuid::Uuid, ProposedMessage)]) -> Judgement {
    let known = |at: usize, id: uuid::Uuid| {
        let event = held.get(at).and_then(|event| event.event.as_ref());
        event.and_then(|event| event.id.clone()).and_then(super::wire::Uuid::read) == Some(id)
    };
    let next = match expected {
        Expected::Revision(revision) => usize::try_from(revision).unwrap_or(usize::MAX).saturating_add(1),
        Expected::NoStream(()) => 0,
        Expected::Any(()) | Expected::StreamExists(()) => {
            if held.is_empty() && matches!(expected, Expected::StreamExists(())) {
                return Judgement::Wrong;
            }
            let first = events.first().and_then(|(id, _)| (0..held.len()).find(|at| known(*at, *id)));
            match first {
                Some(first) => first,
                None => return Judgement::Write,
            }
        }
    };
    if next == held.len() {
        return Judgement::Write;
    }
    let all_known = !events.is_empty() && events.iter().zip(next..).all(|((id, _), at)| known(at, *id));
    if all_known {
        Judgement::Written { revision: Some((next + events.len() - 1) as u64) }
    } else {
        Judgement::Wrong
    }
}

fn last_revision(held: &[Arc<ReadEvent>]) -> Option<u64> {
    held.len().checked_sub(1).map(|last| last as u64)
}

fn record(
    stream: &StreamIdentifier,
    revision: u64,
    commit: u64,
    id: uuid::Uuid,
    message: ProposedMessage,
) -> ReadEvent {
    let event = RecordedEvent {
        id: Some(id.into()),
        stream: Some(stream.clone()),
        revision,
        prepare: commit,
        commit,
        metadata: message.metadata,
        custom_metadata: message.custom_metadata,
        data: message.data,
    };
    ReadEvent { event: Some(event), position: Some(EventPosition::Commit(commit)) }
}
