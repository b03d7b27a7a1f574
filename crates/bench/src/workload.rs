//! The events that are appended: 512 bytes of payload, two tags beside the stream.

use anyhow::Result;
use serde_json::json;
use trunkline_kernel::{
    Actor, AgentId, CallId, Cause, CustomerId, EventType, Ids, NewEvent, Payload, SchemaVersion, SeededIds,
    StreamId, Tag, Timestamp,
};
use trunkline_log::{Append, Expect, StreamWrite};

/// Bytes of one payload, measured as canonical JSON.
pub(crate) const PAYLOAD_BYTES: usize = 512;

/// Makes the events of one writer.
pub(crate) struct Workload {
    ids: SeededIds,
    payload: Payload,
    tags: [Tag; 2],
    occurred_at: Timestamp,
}

impl Workload {
    pub(crate) fn new(seed: u64) -> Result<Self> {
        let ids = SeededIds::new(seed);
        let empty = Payload::of(&json!({ "text": "" }))?.as_str().len();
        let payload = Payload::of(&json!({ "text": "x".repeat(PAYLOAD_BYTES - empty) }))?;
        let tags = {
            let ids: &dyn Ids = &ids;
            [Tag::of(ids.next::<CustomerId>()), Tag::of(ids.next::<AgentId>())]
        };
        Ok(Self { ids, payload, tags, occurred_at: Timestamp::from_millis(1_772_442_000_000) })
    }

    /// A stream that no other workload has.
    pub(crate) fn stream(&self) -> StreamId {
        let ids: &dyn Ids = &self.ids;
        StreamId::of(ids.next::<CallId>())
    }

    pub(crate) fn event(&self) -> NewEvent {
        let ids: &dyn Ids = &self.ids;
        NewEvent {
            id: ids.next(),
            event_type: EventType::known("call.held"),
            schema_version: SchemaVersion::FIRST,
            tags: self.tags.iter().cloned().collect(),
            payload: self.payload.clone(),
            cause: Cause {
                actor: Actor::system("bench"),
                command: ids.next(),
                correlation: ids.next(),
                causation: None,
                trace: None,
            },
            occurred_at: self.occurred_at,
        }
    }

    /// A command of one event.
    pub(crate) fn append(&self, stream: &StreamId, expect: Expect) -> Append {
        let write = StreamWrite { stream: stream.clone(), expect, events: vec![self.event()] };
        Append { writes: vec![write], checks: Vec::new() }
    }
}

/// The events of as many writers as a benchmark has, each with a stream and tags of its own, in turn: what a raw
/// insert has to write to be comparable, for rows of one stream all fall on the same pages of every index.
pub(crate) struct Crowd {
    writers: Vec<(Workload, StreamId, i64)>,
    turn: usize,
}

impl Crowd {
    /// The writers of a target.
    const WRITERS: usize = 256;

    pub(crate) fn new(seed: u64) -> Result<Self> {
        let writer = |index| {
            let workload = Workload::new(part(seed, "crowd", index))?;
            let stream = workload.stream();
            Ok((workload, stream, 0))
        };
        Ok(Self { writers: (0..Self::WRITERS).map(writer).collect::<Result<_>>()?, turn: 0 })
    }

    /// The next writer's event, its stream and version.
    pub(crate) fn next(&mut self) -> (NewEvent, StreamId, i64) {
        self.turn = (self.turn + 1) % Self::WRITERS;
        let (workload, stream, version) = &mut self.writers[self.turn];
        *version += 1;
        (workload.event(), stream.clone(), *version)
    }
}

/// A seed for one part of a run that no other part has.
pub(crate) fn part(seed: u64, part: &str, index: usize) -> u64 {
    use std::hash::{DefaultHasher, Hash as _, Hasher as _};
    let mut hasher = DefaultHasher::new();
    (seed, part, index).hash(&mut hasher);
    hasher.finish()
}
