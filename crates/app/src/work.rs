//! One attempt at an action: the aggregates it has loaded, and the events it has decided on.

use std::any::Any;
use std::sync::Arc;

use serde::Serialize;
use trunkline_domain::command;
use trunkline_kernel::{
    Aggregate, BlindKey, Cause, EventId, Id, NewEvent, StoredEvent, StreamId, Tag, Tags, Timestamp, Version,
};
use trunkline_log::{Append, Expect, StreamCheck, StreamWrite};

use crate::idempotency::{Idempotency, StoredAnswer};
use crate::sealing::{SealError, seal};
use crate::{ActionError, Dispatcher};

struct Entry {
    stream: StreamId,
    /// The version in the log that the state was folded up to.
    loaded: Version,
    /// Whether the newest version was read from the log, rather than taken from the cache.
    fresh: bool,
    /// Whether the append must check the version although nothing is written.
    required: bool,
    state: Arc<dyn Any + Send + Sync>,
    events: Vec<NewEvent>,
}

/// Whether what is kept of an aggregate is taken for its newest state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Trust {
    /// Until the append says otherwise, which checks every version.
    Kept,
    /// Never; the log is read.
    LogAlone,
}

/// The unit of work that an [`crate::Action`] is given.
pub struct Work<'a> {
    dispatcher: &'a Dispatcher,
    cause: Cause,
    now: Timestamp,
    trust: Trust,
    entries: Vec<Entry>,
    /// Streams whose ids were made here: the log has nothing of them.
    new: Vec<StreamId>,
    /// Whether an aggregate that has to be the newest was taken as it was kept.
    trusted: bool,
}

impl<'a> Work<'a> {
    pub(crate) fn new(dispatcher: &'a Dispatcher, cause: Cause, now: Timestamp, trust: Trust) -> Self {
        Self { dispatcher, cause, now, trust, entries: Vec::new(), new: Vec::new(), trusted: false }
    }

    /// When the request happened in the world.
    pub fn now(&self) -> Timestamp {
        self.now
    }

    pub(crate) fn dispatcher(&self) -> &'a Dispatcher {
        self.dispatcher
    }

    /// A new id.
    pub fn new_id<I: Id>(&mut self) -> I {
        let id = self.dispatcher.ids().next();
        self.new.push(StreamId::of(id));
        id
    }

    /// The secret under which identifiers are looked up.
    pub fn index(&self) -> &'a BlindKey {
        self.dispatcher.vault().index()
    }

    /// The present state of an aggregate, this work's own events included.
    ///
    /// # Errors
    /// When the log fails or holds an event that this build cannot read.
    pub async fn state<A: Aggregate>(&mut self, id: A::Id) -> Result<A, ActionError> {
        let at = self.entry::<A>(StreamId::of(id)).await?;
        Ok(self.folded::<A>(at))
    }

    /// The newest state of an aggregate, which must still be the newest when the work commits, although the work
    /// may not write to it.
    ///
    /// # Errors
    /// As [`Work::state`].
    pub async fn require<A: Aggregate>(&mut self, id: A::Id) -> Result<A, ActionError> {
        let at = self.entry::<A>(StreamId::of(id)).await?;
        match self.trust {
            Trust::Kept => self.trusted |= !self.entries[at].fresh,
            Trust::LogAlone => {
                self.refresh::<A>(at).await?;
            }
        }
        self.entries[at].required = true;
        Ok(self.folded::<A>(at))
    }

    /// Runs a command now. Gives the events that it led to.
    ///
    /// # Errors
    /// The refusal, or a fault of the log.
    pub async fn run<A>(&mut self, id: A::Id, command: A::Command) -> Result<Vec<A::Event>, ActionError>
    where
        A: Aggregate,
        A::Command: Clone,
    {
        self.run_at::<A>(StreamId::of(id), self.now, command).await
    }

    /// Runs a command on a stream as of a moment of its own, for history and for claims that no typed id names.
    ///
    /// # Errors
    /// As [`Work::run`].
    pub async fn run_at<A>(
        &mut self,
        stream: StreamId,
        at: Timestamp,
        command: A::Command,
    ) -> Result<Vec<A::Event>, ActionError>
    where
        A: Aggregate,
        A::Command: Clone,
    {
        let entry = self.entry::<A>(stream).await?;
        let mut decided = self.folded::<A>(entry).decide(at, command.clone());
        // A cached state can be old. It may only lead to an append, where the version is checked; a refusal or
        // the answer that nothing is left to do is given on the newest state alone.
        let settled = decided.as_ref().is_ok_and(|events| !events.is_empty());
        if !settled && self.refresh::<A>(entry).await? {
            decided = self.folded::<A>(entry).decide(at, command);
        }
        let events = decided.map_err(ActionError::refused)?;
        self.take::<A>(entry, at, &events)?;
        Ok(events)
    }

    fn take<A: Aggregate>(
        &mut self,
        at: usize,
        time: Timestamp,
        events: &[A::Event],
    ) -> Result<(), ActionError> {
        let mut state = self.folded::<A>(at);
        let own: Option<Tag> = own_tag(&self.entries[at].stream);
        for event in events {
            state.evolve(time, event);
            let tags = state.tags(event).into_iter().chain(own.clone()).collect();
            let new = self.new_event(time, event, tags)?;
            self.entries[at].events.push(new);
        }
        self.entries[at].state = Arc::new(state);
        Ok(())
    }

    /// Adds an event that no aggregate decided on, at the end of the work: the stored answer.
    pub(crate) fn add<E: StoredEvent>(&mut self, stream: StreamId, event: &E) -> Result<(), ActionError> {
        let tags = own_tag(&stream).into_iter().collect();
        let events = vec![self.new_event(self.now, event, tags)?];
        let (loaded, fresh, required, state) = (Version::EMPTY, true, false, Arc::new(()));
        self.entries.push(Entry { stream, loaded, fresh, required, state, events });
        Ok(())
    }

    /// Answers a request that will not come any more, under its key: it was passed over. Should it come at the same
    /// moment, one of the two appends meets the other.
    pub(crate) fn pass_over<T: Serialize>(
        &mut self,
        request: &Idempotency,
        answer: &T,
    ) -> Result<(), ActionError> {
        let keyed = request.passed_over().under(self.index(), &self.cause.actor);
        let stored = StoredAnswer::Done { answer: serde_json::to_value(answer)?, events: Vec::new() };
        let answered =
            command::Answered { fingerprint: keyed.fingerprint, answer: serde_json::to_value(stored)? };
        self.add(StreamId::of(keyed.command), &command::Event::from(answered))
    }

    fn new_event<E: StoredEvent>(
        &self,
        at: Timestamp,
        event: &E,
        tags: Tags,
    ) -> Result<NewEvent, ActionError> {
        Ok(NewEvent {
            id: self.dispatcher.ids().next(),
            event_type: event.event_type(),
            schema_version: event.schema_version(),
            tags,
            payload: event.payload()?,
            cause: self.cause.clone(),
            occurred_at: at,
        })
    }

    /// Whether what came out can be believed. What nothing is appended for no append checks, so what was kept of an
    /// aggregate is not enough for it.
    pub(crate) fn is_settled(&self, refused: bool) -> bool {
        !self.trusted || (!refused && self.entries.iter().any(|entry| !entry.events.is_empty()))
    }

    /// The ids of the events decided on so far, in order.
    pub(crate) fn event_ids(&self) -> Vec<EventId> {
        self.entries.iter().flat_map(|entry| entry.events.iter().map(|event| event.id)).collect()
    }

    /// Seals the personal values of the events decided on.
    pub(crate) async fn seal(&mut self) -> Result<(), SealError> {
        let mut events = Vec::new();
        for Entry { stream, events: decided, .. } in &mut self.entries {
            events.extend(decided.iter_mut().map(|event| (&*stream, event)));
        }
        seal(self.dispatcher.vault(), events).await
    }

    /// What to append.
    pub(crate) fn append(&self) -> Append {
        let writes = self.entries.iter().filter(|entry| !entry.events.is_empty()).map(|entry| StreamWrite {
            stream: entry.stream.clone(),
            expect: if entry.loaded == Version::EMPTY {
                Expect::NoStream
            } else {
                Expect::Exactly(entry.loaded)
            },
            events: entry.events.clone(),
        });
        let checks = self
            .entries
            .iter()
            .filter(|entry| entry.required && entry.events.is_empty())
            .map(|entry| StreamCheck { stream: entry.stream.clone(), version: entry.loaded });
        Append { writes: writes.collect(), checks: checks.collect() }
    }

    /// Keeps the folded aggregates for the next command. Called after the append is durable.
    pub(crate) fn remember(self) {
        for entry in self.entries {
            let version = entry.loaded.plus(entry.events.len() as u64);
            if version > Version::EMPTY {
                self.dispatcher.cache().put(entry.stream, version, entry.state);
            }
        }
    }

    /// Where the aggregate stands among the entries, loaded when it was not there.
    async fn entry<A: Aggregate>(&mut self, stream: StreamId) -> Result<usize, ActionError> {
        if let Some(at) = self.entries.iter().position(|entry| entry.stream == stream) {
            return Ok(at);
        }
        let (loaded, state) = self.dispatcher.cache().get::<A>(&stream);
        let fresh = self.new.contains(&stream);
        self.entries.push(Entry {
            stream,
            loaded,
            fresh,
            required: false,
            state: Arc::new(state),
            events: Vec::new(),
        });
        let at = self.entries.len() - 1;
        if loaded == Version::EMPTY {
            self.refresh::<A>(at).await?;
        }
        Ok(at)
    }

    /// Reads what the log has beyond the loaded version; says whether there was anything. Once this work has
    /// decided on events of its own there is nothing to refresh: the append will tell.
    async fn refresh<A: Aggregate>(&mut self, at: usize) -> Result<bool, ActionError> {
        let entry = &self.entries[at];
        if entry.fresh || !entry.events.is_empty() {
            return Ok(false);
        }
        let (stream, before) = (entry.stream.clone(), entry.loaded);
        let (version, state) = self.dispatcher.fold::<A>(&stream, before, self.folded::<A>(at)).await?;
        let entry = &mut self.entries[at];
        (entry.loaded, entry.state, entry.fresh) = (version, Arc::new(state), true);
        Ok(version > before)
    }

    /// The state of an entry. An entry is always asked for as the type it was loaded as: streams of different
    /// aggregates have different categories.
    fn folded<A: Aggregate>(&self, at: usize) -> A {
        self.entries[at].state.downcast_ref::<A>().cloned().unwrap_or_default()
    }
}

/// The tag of the stream itself, so that one read by tag finds a thing's own events and all that name it.
fn own_tag(stream: &StreamId) -> Option<Tag> {
    format!("{}:{}", stream.category(), stream.key()).parse().ok()
}
