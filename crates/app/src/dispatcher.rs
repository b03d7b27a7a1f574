//! The one path from a request to the log.

use std::num::NonZeroUsize;
use std::sync::Arc;

use tokio::sync::{Mutex, MutexGuard};
use trunkline_domain::command::{self, KeyedCommand};
use trunkline_kernel::{
    Actor, Aggregate, Cause, Clock, CommandId, CorrelationId, Id as _, Ids, Position, StreamId, Timestamp,
    Version,
};
use trunkline_log::{AppendError, Log, LogError};
use trunkline_vault::Vault;

use crate::cache::Cache;
use crate::idempotency::{Idempotency, Keyed, StoredAnswer};
use crate::work::Trust;
use crate::{Action, ActionError, CommandError, Outcome, Request, Work};

/// What bounds the dispatcher. All of it can be set under `[commands]` in the configuration.
#[derive(Clone, Copy, Debug)]
pub struct DispatchLimits {
    /// How often an action is tried when other writers get in first. Default 8.
    pub attempts_max: u32,
    /// How many folded aggregates are kept. Default 50,000, about 1 KiB each.
    pub cached_aggregates_max: NonZeroUsize,
    /// How many events of a stream are read at once. Default 500.
    pub stream_page: usize,
}

impl Default for DispatchLimits {
    fn default() -> Self {
        Self {
            attempts_max: 8,
            cached_aggregates_max: NonZeroUsize::MIN.saturating_add(49_999),
            stream_page: 500,
        }
    }
}

/// How many locks the streams share. Two streams that share one wait for each other needlessly, which costs time
/// and nothing else.
const LANES: usize = 4_096;

/// Runs actions: load, decide, append, and again from the start when another writer got in first.
pub struct Dispatcher {
    log: Arc<dyn Log>,
    vault: Arc<Vault>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    limits: DispatchLimits,
    cache: Cache,
    lanes: Vec<Mutex<()>>,
}

impl Dispatcher {
    /// A dispatcher on this log, which seals personal values with the keys of this vault.
    pub fn new(
        log: Arc<dyn Log>,
        vault: Arc<Vault>,
        clock: Arc<dyn Clock>,
        ids: Arc<dyn Ids>,
        limits: DispatchLimits,
    ) -> Self {
        let lanes = (0..LANES).map(|_| Mutex::new(())).collect();
        Self { log, vault, clock, ids, limits, cache: Cache::new(limits.cached_aggregates_max), lanes }
    }

    /// Carries out an action, or gives the stored answer when the same request was carried out before.
    ///
    /// # Errors
    /// See [`CommandError`].
    pub async fn execute<A: Action>(
        &self,
        request: Request,
        action: &A,
    ) -> Result<Outcome<A::Answer>, CommandError> {
        let keyed = request.idempotency.map(|given| given.under(self.vault.index(), &request.actor));
        let command = keyed.as_ref().map_or_else(|| self.ids.next(), |keyed| keyed.command);
        let now = request.occurred_at.unwrap_or_else(|| self.clock.now());
        let cause = Cause {
            actor: request.actor,
            command,
            correlation: request.correlation.unwrap_or_else(|| CorrelationId::from_uuid(command.uuid())),
            causation: request.causation,
            trace: request.trace,
        };
        let _lane = match action.contends_on() {
            Some(stream) => Some(self.lane(&stream).await),
            None => None,
        };
        let (mut contended, mut trust) = (None, Trust::Kept);
        for _ in 0..self.limits.attempts_max {
            match self.attempt(&cause, now, keyed.as_ref(), action, trust).await? {
                Attempt::Settled(outcome) => return outcome,
                Attempt::Contended { stream } => (contended, trust) = (Some(stream), Trust::LogAlone),
            }
        }
        let stream = contended.map(|stream| stream.to_string()).unwrap_or_default();
        Err(CommandError::Contended { attempts: self.limits.attempts_max, stream })
    }

    async fn attempt<A: Action>(
        &self,
        cause: &Cause,
        now: Timestamp,
        idempotency: Option<&Keyed>,
        action: &A,
        trust: Trust,
    ) -> Result<Attempt<A::Answer>, CommandError> {
        if let Some(idempotency) = idempotency
            && let Some(outcome) = self.repeated(cause.command, idempotency).await?
        {
            return Ok(Attempt::Settled(outcome));
        }
        let unit = |trust| Work::new(self, cause.clone(), now, trust);
        let mut work = unit(trust);
        let mut performed = action.perform(&mut work).await;
        if !work.is_settled(performed.is_err()) {
            work = unit(Trust::LogAlone);
            performed = action.perform(&mut work).await;
        }
        let (answer, mut work) = match performed {
            Ok(answer) => (Ok(answer), work),
            // Nothing of a refused action is appended, but with a key its refusal is.
            Err(ActionError::Refused(refused)) => (Err(refused), unit(Trust::LogAlone)),
            Err(error) => return Err(error.into()),
        };
        let events = work.event_ids();
        if let Some(idempotency) = idempotency {
            let stored = match &answer {
                Ok(answer) => {
                    StoredAnswer::Done { answer: serde_json::to_value(answer)?, events: events.clone() }
                }
                Err(refused) => StoredAnswer::Refused(refused.clone()),
            };
            let answered = command::Answered {
                fingerprint: idempotency.fingerprint.clone(),
                answer: serde_json::to_value(stored)?,
            };
            work.add(StreamId::of(cause.command), &command::Event::from(answered))?;
        }
        work.seal().await?;
        let append = work.append();
        if append.writes.is_empty() {
            return Ok(Attempt::Settled(match answer {
                Ok(answer) => {
                    Ok(Outcome { answer, position: self.log.head().await?, events, repeated: false })
                }
                Err(refused) => Err(CommandError::Refused(refused)),
            }));
        }
        match self.log.append(append).await {
            Ok(appended) => {
                work.remember();
                let position = appended.last;
                Ok(Attempt::Settled(
                    answer
                        .map(|answer| Outcome { answer, position, events, repeated: false })
                        .map_err(CommandError::Refused),
                ))
            }
            Err(AppendError::Conflict { stream, .. }) => {
                self.cache.forget(&stream);
                Ok(Attempt::Contended { stream })
            }
            Err(AppendError::Reused { event }) => {
                Err(CommandError::Invalid { reason: format!("event id {event} was used before") })
            }
            Err(AppendError::Invalid { reason }) => Err(CommandError::Invalid { reason }),
            Err(AppendError::Log(source)) => Err(CommandError::Log(source)),
        }
    }

    /// The answer that was given under this key before, when there is one.
    async fn repeated<T: serde::de::DeserializeOwned>(
        &self,
        command: CommandId,
        idempotency: &Keyed,
    ) -> Result<Option<Result<Outcome<T>, CommandError>>, CommandError> {
        let stored = self.log.read_stream(&StreamId::of(command), Version::EMPTY, 1).await?;
        let Some(recorded) = stored.into_iter().next() else { return Ok(None) };
        let mut keyed = KeyedCommand::default();
        for event in trunkline_domain::decode_as(&recorded)? {
            keyed.evolve(recorded.event.occurred_at, &event);
        }
        let answer = match keyed.first_answer(&idempotency.fingerprint) {
            Ok(Some(answer)) => answer.clone(),
            Ok(None) => return Ok(None),
            Err(refusal) => return Ok(Some(Err(CommandError::Refused(refusal.into())))),
        };
        Ok(Some(match serde_json::from_value(answer)? {
            StoredAnswer::Done { answer, events } => Ok(Outcome {
                answer: serde_json::from_value(answer)?,
                position: recorded.position,
                events,
                repeated: true,
            }),
            StoredAnswer::Refused(refused) => Err(CommandError::Refused(refused)),
        }))
    }

    /// Folds what the log has of a stream beyond `after` onto `state`.
    pub(crate) async fn fold<A: Aggregate>(
        &self,
        stream: &StreamId,
        after: Version,
        mut state: A,
    ) -> Result<(Version, A), ActionError> {
        let mut version = after;
        loop {
            let page = self.log.read_stream(stream, version, self.limits.stream_page).await?;
            for recorded in &page {
                for event in trunkline_domain::decode_as::<A::Event>(recorded)? {
                    state.evolve(recorded.event.occurred_at, &event);
                }
                version = recorded.version;
            }
            if page.len() < self.limits.stream_page {
                return Ok((version, state));
            }
        }
    }

    /// Whether a request was answered: carried out, refused or passed over.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn was_answered(&self, actor: &Actor, request: &Idempotency) -> Result<bool, LogError> {
        let command = request.under(self.vault.index(), actor).command;
        Ok(!self.log.read_stream(&StreamId::of(command), Version::EMPTY, 1).await?.is_empty())
    }

    /// The newest state of an aggregate, to look at and not to decide on: it can be another one a moment later.
    ///
    /// # Errors
    /// When the log fails or holds an event that this build cannot read.
    pub async fn newest<A: Aggregate>(&self, id: A::Id) -> Result<A, ActionError> {
        let stream = StreamId::of(id);
        let (version, state) = self.cache.get::<A>(&stream);
        Ok(self.fold(&stream, version, state).await?.1)
    }

    /// The state of an aggregate as this process last knew it; the log is read when it is not kept. Others can have changed
    /// it since, so it is for what an append checks in the end.
    ///
    /// # Errors
    /// As [`Dispatcher::newest`].
    pub async fn kept<A: Aggregate>(&self, id: A::Id) -> Result<A, ActionError> {
        match self.cache.get::<A>(&StreamId::of(id)) {
            (Version::EMPTY, _) => self.newest(id).await,
            (_, state) => Ok(state),
        }
    }

    /// The position of the last event: what a reader that has just been told something passes on.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn head(&self) -> Result<Position, LogError> {
        self.log.head().await
    }

    /// The keys that personal values are sealed with.
    pub fn vault(&self) -> &Arc<Vault> {
        &self.vault
    }

    pub(crate) fn log(&self) -> &dyn Log {
        &*self.log
    }

    pub(crate) fn ids(&self) -> &dyn Ids {
        &*self.ids
    }

    pub(crate) fn cache(&self) -> &Cache {
        &self.cache
    }

    async fn lane(&self, stream: &StreamId) -> MutexGuard<'_, ()> {
        use std::hash::{BuildHasher as _, BuildHasherDefault, DefaultHasher};
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(stream);
        let lane = usize::try_from(hash % LANES as u64).unwrap_or_default();
        self.lanes[lane].lock().await
    }
}

enum Attempt<T> {
    Settled(Result<Outcome<T>, CommandError>),
    Contended { stream: StreamId },
}
