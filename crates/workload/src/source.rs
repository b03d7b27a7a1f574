//! Where ids, times and chances come from, and how events are put together.

use rand::rngs::SmallRng;
use rand::{Rng, SeedableRng};
use trunkline_domain::Event;
use trunkline_kernel::{
    Actor, Cause, EventType, Id, Millis, NewEvent, SchemaVersion, StreamId, Tag, Tags, Timestamp,
};
use trunkline_log::{Append, Expect, StreamWrite};
use uuid::Uuid;

/// Seeded chance, and a clock that moves on with every event.
#[derive(Debug)]
pub(crate) struct Source {
    random: SmallRng,
    /// When the present story began.
    began: Timestamp,
    now: Timestamp,
}

/// Events that happen together, with the cause that they share.
#[derive(Debug)]
pub(crate) struct Story {
    cause: Cause,
    writes: Vec<StreamWrite>,
}

impl Source {
    pub(crate) fn new(seed: u64, now: Timestamp) -> Self {
        Self { random: SmallRng::seed_from_u64(seed), began: now, now }
    }

    /// Whether something happens that happens `percent` times of 100.
    pub(crate) fn chance(&mut self, percent: u32) -> bool {
        self.random.random_ratio(percent.min(100), 100)
    }

    /// A number below `end`, which is not 0.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        self.random.random_range(0..end)
    }

    /// One of several.
    pub(crate) fn one_of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }

    /// A length of time from `least` to `most` seconds.
    pub(crate) fn seconds(&mut self, least: i64, most: i64) -> Millis {
        Millis(self.random.random_range(least * 1_000..=most * 1_000))
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.now
    }

    /// Lets time pass.
    pub(crate) fn wait(&mut self, least: i64, most: i64) {
        let length = self.seconds(least, most);
        self.now = self.now.plus(length);
    }

    /// Back to when the last story began, and a moment on: stories happen beside each other.
    pub(crate) fn pause(&mut self) {
        self.began = self.began.plus(Millis(self.random.random_range(400..2_000)));
        self.now = self.began;
    }

    pub(crate) fn id<I: Id>(&mut self) -> I {
        I::from_uuid(self.uuid())
    }

    fn uuid(&mut self) -> Uuid {
        let millis = u64::try_from(self.now.micros() / 1_000).unwrap_or(0);
        let random: [u8; 10] = self.random.random();
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    pub(crate) fn story(&mut self) -> Story {
        let cause = Cause {
            actor: Actor::system("workload"),
            command: self.id(),
            correlation: self.id(),
            causation: None,
            trace: None,
        };
        Story { cause, writes: Vec::new() }
    }

    /// Adds an event to a story: to the stream of `id`, with the tags of everybody concerned.
    pub(crate) fn tell<I: Id>(&mut self, story: &mut Story, id: I, others: &[Tag], event: impl Into<Event>) {
        let tags: Tags = others.iter().cloned().chain([Tag::of(id)]).collect();
        self.tell_stream(story, StreamId::of(id), tags, &event.into());
    }

    fn tell_stream(&mut self, story: &mut Story, stream: StreamId, tags: Tags, event: &Event) {
        let Ok(payload) = event.payload() else { return };
        let new = NewEvent {
            id: self.id(),
            event_type: EventType::known(event.name()),
            schema_version: SchemaVersion::FIRST,
            tags,
            payload,
            cause: story.cause.clone(),
            occurred_at: self.now,
        };
        match story.writes.iter_mut().find(|write| write.stream == stream) {
            Some(write) => write.events.push(new),
            None => story.writes.push(StreamWrite { stream, expect: Expect::Any, events: vec![new] }),
        }
    }
}

impl Story {
    pub(crate) fn append(self) -> Append {
        Append { writes: self.writes, checks: Vec::new() }
    }
}
