//! The sequencer on a real store whose commits a test can hold up or make fail.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use futures::future::join_all;
use parking_lot::Mutex;
use tempfile::TempDir;
use tokio::sync::{Notify, watch};
use trunkline_kernel::{
    Actor, Cause, EventId, EventType, Ids, NewEvent, Payload, Position, Recorded, SchemaVersion, SeededIds,
    StreamId, SystemClock, Tags, Timestamp,
};

use super::Sequencer;
use crate::sqlite::SqliteStore;
use crate::store::{CommitError, Snapshot, Store};
use crate::{Append, AppendError, Expect, LogError, LogLimits, StreamWrite};

/// What happens to the next commit.
#[derive(Clone, Copy)]
enum Fault {
    /// The connection breaks before the commit.
    Before,
    /// The commit succeeds and its answer is lost.
    After,
    /// The store refuses every commit that has this type.
    Refuse(&'static str),
}

/// A store with faults, and a gate before each commit.
struct Faulty {
    store: SqliteStore,
    faults: Mutex<Vec<Fault>>,
    gate: Mutex<Option<Arc<Notify>>>,
    commits: AtomicUsize,
    looks: AtomicUsize,
    _folder: TempDir,
}

#[async_trait]
impl Store for Faulty {
    async fn look_up(&self, streams: &[StreamId], events: &[EventId]) -> Result<Snapshot, LogError> {
        self.looks.fetch_add(1, Ordering::SeqCst);
        self.store.look_up(streams, events).await
    }

    async fn hold(&self, streams: &[StreamId], events: &[EventId]) -> Result<Snapshot, LogError> {
        self.store.hold(streams, events).await
    }

    async fn release(&self) {
        self.store.release().await;
    }

    async fn commit(&self, events: &[Recorded]) -> Result<(), CommitError> {
        let gate = self.gate.lock().clone();
        if let Some(gate) = gate {
            gate.notified().await;
        }
        self.commits.fetch_add(1, Ordering::SeqCst);
        let broken = || {
            let error = LogError::Store("the connection broke".into());
            Err(CommitError::Failed { error, transient: true })
        };
        let fault = self.faults.lock().last().copied();
        match fault {
            None => self.store.commit(events).await,
            Some(Fault::Before) => {
                self.faults.lock().pop();
                self.store.release().await;
                broken()
            }
            Some(Fault::After) => {
                self.faults.lock().pop();
                self.store.commit(events).await?;
                broken()
            }
            Some(Fault::Refuse(name)) if events.iter().any(|e| e.event.event_type.as_str() == name) => {
                self.store.release().await;
                let error = LogError::Store("not this".into());
                Err(CommitError::Failed { error, transient: false })
            }
            Some(Fault::Refuse(_)) => self.store.commit(events).await,
        }
    }
}

struct Room {
    store: Arc<Faulty>,
    sequencer: Sequencer,
    ids: Box<dyn Ids>,
}

impl Room {
    async fn new(limits: LogLimits) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("log.db"), 2).await.unwrap();
        let store = Arc::new(Faulty {
            store,
            faults: Mutex::default(),
            gate: Mutex::default(),
            commits: AtomicUsize::new(0),
            looks: AtomicUsize::new(0),
            _folder: folder,
        });
        let hint = watch::Sender::new(Position::START);
        let sequencer = Sequencer::start(Arc::clone(&store), Arc::new(SystemClock), limits, hint);
        Self { sequencer: sequencer.await.unwrap(), store, ids: Box::new(SeededIds::new(5)) }
    }

    fn append(&self, stream: &str, expect: Expect, event_type: &'static str) -> Append {
        let event = NewEvent {
            id: self.ids.next(),
            event_type: EventType::known(event_type),
            schema_version: SchemaVersion::FIRST,
            tags: Tags::default(),
            payload: Payload::of(&1).unwrap(),
            cause: Cause {
                actor: Actor::system("test"),
                command: self.ids.next(),
                correlation: self.ids.next(),
                causation: None,
                trace: None,
            },
            occurred_at: Timestamp::default(),
        };
        let write = StreamWrite { stream: stream.parse().unwrap(), expect, events: vec![event] };
        Append { writes: vec![write], checks: Vec::new() }
    }

    fn commits(&self) -> usize {
        self.store.commits.load(Ordering::SeqCst)
    }
}

#[tokio::test]
async fn what_queues_up_during_a_commit_shares_the_next_one() {
    let room = Room::new(LogLimits::default()).await;
    let appends: Vec<_> =
        (0..100).map(|n| room.append(&format!("call-{n}"), Expect::NoStream, "call.rang")).collect();
    let answers = join_all(appends.into_iter().map(|append| room.sequencer.append(append))).await;
    assert!(answers.iter().all(Result::is_ok));
    assert!(room.commits() <= 2, "{} commits for 100 appends at once", room.commits());
    assert_eq!(room.sequencer.stats().appended_events(), 100);
}

#[tokio::test]
async fn a_batch_keeps_to_its_limits() {
    let limits = LogLimits { batch_events_max: 10, ..LogLimits::default() };
    let room = Room::new(limits).await;
    let appends: Vec<_> = (0..35).map(|_| room.append("call-a", Expect::Any, "call.rang")).collect();
    let answers = join_all(appends.into_iter().map(|append| room.sequencer.append(append))).await;
    let firsts: Vec<_> = answers.into_iter().map(|answer| answer.unwrap().first.0).collect();
    assert_eq!(firsts, (1..=35).collect::<Vec<_>>());
    assert_eq!(room.commits(), 4);
}

#[tokio::test]
async fn a_full_queue_answers_busy_and_recovers() {
    let room = Room::new(LogLimits { queue_max: 2, ..LogLimits::default() }).await;
    let gate = Arc::new(Notify::new());
    *room.store.gate.lock() = Some(Arc::clone(&gate));
    let waiting = [1, 2].map(|_| room.append("call-a", Expect::Any, "call.rang"));
    let waiting = join_all(waiting.map(|append| room.sequencer.append(append)));
    tokio::pin!(waiting);
    // The first poll puts both into the queue.
    assert!(futures::poll!(&mut waiting).is_pending());
    let refused = room.sequencer.append(room.append("call-a", Expect::Any, "call.rang")).await;
    assert!(matches!(refused, Err(AppendError::Log(LogError::Busy { limit: 2 }))), "{refused:?}");
    *room.store.gate.lock() = None;
    gate.notify_one();
    assert!(waiting.await.iter().all(Result::is_ok));
    room.sequencer.append(room.append("call-a", Expect::Any, "call.rang")).await.unwrap();
    assert_eq!(room.sequencer.stats().busy(), 1);
}

#[tokio::test]
async fn a_lost_answer_is_found_and_is_no_repetition() {
    for fault in [Fault::Before, Fault::After] {
        let room = Room::new(LogLimits::default()).await;
        room.sequencer.append(room.append("call-a", Expect::NoStream, "call.created")).await.unwrap();
        room.store.faults.lock().push(fault);
        let append = room.append("call-a", Expect::Exactly(trunkline_kernel::Version(1)), "call.rang");
        let appended = room.sequencer.append(append.clone()).await.unwrap();
        assert_eq!((appended.first, appended.repeated), (Position(2), false));
        let again = room.sequencer.append(append).await.unwrap();
        assert_eq!((again.first, again.repeated), (Position(2), true));
        assert_eq!(room.sequencer.stats().retries(), 1);
    }
}

#[tokio::test]
async fn what_the_store_refuses_fails_alone() {
    let room = Room::new(LogLimits::default()).await;
    room.store.faults.lock().push(Fault::Refuse("call.bad"));
    let appends: Vec<_> = (0..30)
        .map(|n| {
            room.append(&format!("call-{n}"), Expect::NoStream, if n == 7 { "call.bad" } else { "call.rang" })
        })
        .collect();
    let answers = join_all(appends.into_iter().map(|append| room.sequencer.append(append))).await;
    for (n, answer) in answers.into_iter().enumerate() {
        assert_eq!(answer.is_ok(), n != 7, "{n}: {answer:?}");
    }
    assert_eq!(room.sequencer.stats().appended_events(), 29);
}

#[tokio::test]
async fn a_store_that_stays_away_is_given_up_in_the_end() {
    let room = Room::new(LogLimits { retries_max: 2, ..LogLimits::default() }).await;
    room.store.faults.lock().extend([Fault::Before; 3]);
    let append = room.append("call-a", Expect::Any, "call.rang");
    let answer = room.sequencer.append(append.clone()).await;
    assert!(matches!(answer, Err(AppendError::Log(LogError::Store(_)))), "{answer:?}");
    assert!(!room.sequencer.append(append).await.unwrap().repeated);
}

#[tokio::test]
async fn a_known_stream_is_not_looked_up_again() {
    let room = Room::new(LogLimits::default()).await;
    let looks = || room.store.looks.load(Ordering::SeqCst);
    let before = looks();
    for version in 0..20 {
        let expect = Expect::Exactly(trunkline_kernel::Version(version));
        room.sequencer.append(room.append("call-a", expect, "call.rang")).await.unwrap();
    }
    assert_eq!(looks() - before, 1);
    // A new stream is not looked up at all.
    room.sequencer.append(room.append("call-b", Expect::NoStream, "call.rang")).await.unwrap();
    assert_eq!(looks() - before, 1);
}

#[tokio::test]
async fn a_small_cache_forgets_and_looks_again() {
    let room = Room::new(LogLimits { streams_cached_max: 2, ..LogLimits::default() }).await;
    for round in 0..3 {
        for stream in 0..5 {
            let expect = Expect::Exactly(trunkline_kernel::Version(round));
            let append = room.append(&format!("call-{stream}"), expect, "call.rang");
            room.sequencer.append(append).await.unwrap();
        }
    }
    assert_eq!(room.sequencer.stats().appended_events(), 15);
}

#[tokio::test]
async fn closing_waits_for_what_is_under_way() {
    let room = Room::new(LogLimits::default()).await;
    let append = room.append("call-a", Expect::Any, "call.rang");
    let append = room.sequencer.append(append);
    tokio::pin!(append);
    assert!(futures::poll!(&mut append).is_pending());
    let (appended, ()) = tokio::join!(append, room.sequencer.close());
    assert_eq!(appended.unwrap().first, Position(1));
    let late = room.sequencer.append(room.append("call-a", Expect::Any, "call.rang")).await;
    assert!(matches!(late, Err(AppendError::Log(LogError::Closed))));
}
