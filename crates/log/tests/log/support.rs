//! What the tests are written in: events in one line, appends in one line.

use std::sync::Arc;

use serde_json::{Value, json};
use trunkline_kernel::{
    Actor, Cause, Digest, EventType, FixedClock, Ids, NewEvent, Payload, Position, Recorded, SchemaVersion,
    SeededIds, StreamId, Timestamp, Version,
};
use trunkline_log::{Append, Appended, Direction, Expect, Filter, Log, LogLimits, Query, StreamWrite};
use trunkline_testkit::{clock, wait_for};

use crate::contract::Place;

/// A log that a scenario works with, opened anew on a place of its own.
pub(crate) struct Room {
    pub(crate) place: Box<dyn Place>,
    pub(crate) log: Arc<dyn Log>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) make: Make,
}

impl Room {
    pub(crate) async fn new(place: Box<dyn Place>) -> Self {
        Self::with_limits(place, LogLimits::default()).await
    }

    pub(crate) async fn with_limits(place: Box<dyn Place>, limits: LogLimits) -> Self {
        let clock = clock();
        let log = place.open(clock.clone(), limits).await;
        Self { place, log, clock, make: Make::default() }
    }

    /// Appends one event to a stream, whatever its version.
    pub(crate) async fn add(&self, stream: &str) -> Appended {
        let event = self.make.event("call.created");
        self.log.append(write(stream, Expect::Any, [event])).await.unwrap()
    }

    /// Everything in the log, other processes' appends included: a replica may still be on its way to them.
    pub(crate) async fn all(&self) -> Vec<Recorded> {
        let head = self.log.head().await.unwrap();
        let page = wait_for("the log to be read up to its head", async || {
            let page = self.log.read(&all()).await?;
            Ok((page.head >= head).then_some(page))
        });
        page.await.unwrap().events
    }
}

/// Makes events, each with an id of its own.
pub(crate) struct Make(Box<dyn Ids>);

impl Default for Make {
    fn default() -> Self {
        Self(Box::new(SeededIds::new(7)))
    }
}

impl Make {
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(Box::new(SeededIds::new(seed)))
    }

    pub(crate) fn event(&self, event_type: &'static str) -> NewEvent {
        self.tagged(event_type, &[])
    }

    pub(crate) fn tagged(&self, event_type: &'static str, tags: &[&str]) -> NewEvent {
        NewEvent {
            id: self.0.next(),
            event_type: EventType::known(event_type),
            schema_version: SchemaVersion::FIRST,
            tags: tags.iter().map(|tag| tag.parse().unwrap()).collect(),
            payload: payload(&json!({ "text": "hello" })),
            cause: Cause {
                actor: Actor::system("test"),
                command: self.0.next(),
                correlation: self.0.next(),
                causation: None,
                trace: None,
            },
            occurred_at: Timestamp::from_millis(1_772_442_000_000),
        }
    }
}

pub(crate) fn payload(value: &Value) -> Payload {
    Payload::of(value).unwrap()
}

pub(crate) fn stream(name: &str) -> StreamId {
    name.parse().unwrap()
}

pub(crate) fn write<const N: usize>(name: &str, expect: Expect, events: [NewEvent; N]) -> Append {
    Append { writes: vec![stream_write(name, expect, events)], checks: Vec::new() }
}

pub(crate) fn stream_write<const N: usize>(name: &str, expect: Expect, events: [NewEvent; N]) -> StreamWrite {
    StreamWrite { stream: stream(name), expect, events: events.into() }
}

pub(crate) fn exactly(version: u64) -> Expect {
    Expect::Exactly(Version(version))
}

/// A query for everything from the start.
pub(crate) fn all() -> Query {
    Query {
        filter: Filter::default(),
        direction: Direction::Forwards,
        from: None,
        until: None,
        limit: 10_000,
    }
}

/// What tells two logs apart: every event with its place and what is stored of it.
pub(crate) fn essence(events: &[Recorded]) -> Vec<(Position, StreamId, Version, Timestamp, Digest)> {
    let one = |event: &Recorded| {
        (event.position, event.stream.clone(), event.version, event.recorded_at, event.digest)
    };
    events.iter().map(one).collect()
}

pub(crate) fn assert_gapless(events: &[Recorded]) {
    for (at, event) in events.iter().enumerate() {
        assert_eq!(event.position, Position(at as u64 + 1), "a gap or a repetition in the order");
        assert!(event.is_intact(), "event {} is not what its digest says", event.position);
    }
}
