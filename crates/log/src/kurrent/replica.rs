//! The local copy of the ledger. It is fed from the ledger alone, so that what a reader sees is what KurrentDB
//! has, even when an append turns out to have been made by an earlier attempt or another process.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::{Mutex, watch};
use trunkline_kernel::{EventId, Position, Recorded, StreamId, Version};

use super::ledger::{Ledger, store};
use crate::sequencer::announce;
use crate::store::{CommitError, Snapshot, Store};
use crate::{Direction, Filter, Log as _, LogError, Query, SqliteLog};

/// The ledger and its copy, as the sequencer sees them.
pub(super) struct Replica {
    pub(super) ledger: Ledger,
    pub(super) copy: SqliteLog,
    /// The head of the copy; held while it grows.
    head: Mutex<Position>,
    hint: watch::Sender<Position>,
    listening: AtomicBool,
    /// How often other processes have been first since the last append that came through.
    races: AtomicU32,
}

/// How long an append waits for the subscription to bring its events.
const SUBSCRIPTION_PATIENCE: Duration = Duration::from_millis(100);

/// How many races for the ledger's end are lost in a row before one counts as a fault, which pauses and is
/// bounded by `log.retries_max`.
const RACES_MAX: u32 = 8;

/// The server took an append and then did not give it back.
#[derive(Debug, thiserror::Error)]
#[error("the ledger does not reach position {position} yet, which was appended")]
struct NotYet {
    position: Position,
}

/// Other processes kept being first.
#[derive(Debug, thiserror::Error)]
#[error("other processes appended first {RACES_MAX} times in a row; are too many of them on one ledger?")]
struct Contended;

impl Replica {
    /// Puts a ledger and a copy together.
    ///
    /// # Errors
    /// When the ledger cannot be reached, or the copy is of another ledger.
    pub(super) async fn new(
        ledger: Ledger,
        copy: SqliteLog,
        hint: watch::Sender<Position>,
    ) -> Result<Self, LogError> {
        let head = copy.head().await?;
        let replica = Self {
            ledger,
            copy,
            head: Mutex::new(head),
            hint,
            listening: AtomicBool::new(false),
            races: AtomicU32::new(0),
        };
        replica.check(head).await?;
        replica.catch_up(None).await?;
        Ok(replica)
    }

    /// A copy of another ledger, or of one that has lost events, would tear the order apart unnoticed.
    async fn check(&self, head: Position) -> Result<(), LogError> {
        let Some(before) = head.0.checked_sub(1).map(Position) else { return Ok(()) };
        let copied = self.copied(before, 1).await?;
        let original = self.ledger.read_one_after(before).await?;
        if original.as_ref() == copied.first() {
            return Ok(());
        }
        let reason =
            "the local replica is not a copy of this ledger; if the ledger is the right one, remove \
                      the replica's files and start again"
                .to_owned();
        Err(LogError::Damaged { position: head, reason })
    }

    /// Reads what the ledger has and the copy has not, unless the copy already reaches `enough`.
    pub(super) async fn catch_up(&self, enough: Option<Position>) -> Result<(), LogError> {
        let mut head = self.head.lock().await;
        while enough.is_none_or(|enough| *head < enough) {
            let part = self.ledger.read_after(*head).await?;
            self.copy_to(&mut head, &part.events).await?;
            if !part.more {
                break;
            }
        }
        Ok(())
    }

    /// Takes a commit that the subscription brought, unless it has been read meanwhile.
    pub(super) async fn take(&self, events: &[Recorded]) -> Result<(), LogError> {
        let mut head = self.head.lock().await;
        // Copied whole or not at all, as every commit is.
        if events.first().is_some_and(|first| first.position == head.plus(1)) {
            self.copy_to(&mut head, events).await?;
        }
        Ok(())
    }

    /// Notes whether the subscription has reached the ledger's end and goes on from there; returns what was so
    /// before.
    pub(super) fn listening(&self, listening: bool) -> bool {
        self.listening.swap(listening, Ordering::Relaxed)
    }

    /// Waits for the subscription to bring what was just appended, and reads it when that takes long: the
    /// subscription saves a call each time.
    async fn reach(&self, position: Position) -> Result<(), LogError> {
        if self.listening.load(Ordering::Relaxed) {
            let mut hint = self.hint.subscribe();
            let brought = hint.wait_for(|known| *known >= position);
            if tokio::time::timeout(SUBSCRIPTION_PATIENCE, brought).await.is_ok() {
                return Ok(());
            }
        }
        self.catch_up(Some(position)).await?;
        if self.head().await < position { Err(store(NotYet { position })) } else { Ok(()) }
    }

    async fn copy_to(&self, head: &mut Position, events: &[Recorded]) -> Result<(), LogError> {
        let Some(last) = events.last() else { return Ok(()) };
        let copied = self.copy.store().commit(events).await;
        copied.map_err(|error| not_copied(error, last.position))?;
        *head = last.position;
        announce(&self.hint, last.position);
        Ok(())
    }

    /// The head of the copy.
    pub(super) async fn head(&self) -> Position {
        *self.head.lock().await
    }

    async fn copied(&self, after: Position, limit: usize) -> Result<Vec<Recorded>, LogError> {
        let query = Query {
            filter: Filter::default(),
            direction: Direction::Forwards,
            from: Some(after),
            until: None,
            limit,
        };
        Ok(self.copy.read(&query).await?.events)
    }

    fn count_races(&self, error: CommitError) -> CommitError {
        let stale = matches!(error, CommitError::Stale);
        if stale && (self.races.fetch_add(1, Ordering::Relaxed) + 1).is_multiple_of(RACES_MAX) {
            return CommitError::Failed { error: store(Contended), transient: true };
        }
        error
    }

    /// Whether these events join on to the copy: the sequencer leaves it to its store to notice an id that is
    /// taken and a stream that is not as new as believed.
    async fn joins_on(&self, events: &[Recorded]) -> Result<bool, LogError> {
        let mut firsts: HashMap<&StreamId, Version> = HashMap::new();
        for event in events {
            firsts.entry(&event.stream).or_insert(event.version);
        }
        let streams: Vec<StreamId> = firsts.keys().copied().cloned().collect();
        let ids: Vec<EventId> = events.iter().map(|event| event.event.id).collect();
        let snapshot = self.copy.store().look_up(&streams, &ids).await?;
        let version = |stream: &StreamId| snapshot.versions.get(stream).copied().unwrap_or_default();
        Ok(events.first().is_some_and(|first| first.position == snapshot.head.plus(1))
            && snapshot.found.is_empty()
            && firsts.iter().all(|(stream, first)| version(stream).plus(1) == *first))
    }
}

#[async_trait]
impl Store for Replica {
    /// From the copy alone: should it be behind, the expected revision shows that at the commit, and then
    /// [`Store::hold`] asks the ledger.
    async fn look_up(&self, streams: &[StreamId], events: &[EventId]) -> Result<Snapshot, LogError> {
        self.copy.store().look_up(streams, events).await
    }

    /// Asks the ledger first. KurrentDB keeps nobody out; the expected revision decides.
    async fn hold(&self, streams: &[StreamId], events: &[EventId]) -> Result<Snapshot, LogError> {
        self.catch_up(None).await?;
        self.copy.store().look_up(streams, events).await
    }

    async fn release(&self) {}

    async fn commit(&self, events: &[Recorded]) -> Result<(), CommitError> {
        let (Some(first), Some(last)) = (events.first(), events.last()) else { return Ok(()) };
        let failed = |error| CommitError::Failed { error, transient: true };
        if !self.joins_on(events).await.map_err(failed)? {
            return Err(CommitError::Stale);
        }
        self.ledger.append(events).await.map_err(|error| self.count_races(error))?;
        self.races.store(0, Ordering::Relaxed);
        self.reach(last.position).await.map_err(failed)?;
        // KurrentDB also says yes to a repetition of what another attempt has written. Then the ledger has that
        // attempt's times, perhaps even other content, and the sequencer has to look at it.
        let before = Position(first.position.0.saturating_sub(1));
        let copied = self.copied(before, events.len()).await.map_err(failed)?;
        if copied == events { Ok(()) } else { Err(CommitError::Stale) }
    }
}

/// Nobody else is meant to write to the copy.
fn not_copied(error: CommitError, at: Position) -> LogError {
    match error {
        CommitError::Failed { error, .. } => error,
        CommitError::Stale => {
            let reason = "somebody else writes to the local replica; each process needs one of its own";
            LogError::Damaged { position: at, reason: reason.to_owned() }
        }
    }
}
