//! The record of reads over logs that take it, are slow, and fail.

use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use tokio::sync::{Semaphore, watch};
use trunkline_access::{EntryRefusal, Identity};
use trunkline_domain::access;
use trunkline_kernel::{
    Actor, ActorKind, FixedClock, Id as _, Position, RandomIds, Recorded, RecordingId, StreamId, Timestamp,
    Version,
};
use trunkline_log::{
    Append, AppendError, Appended, Direction, Filter, LogError, LogLimits, MemoryLog, Page, Query,
};

use super::*;

/// A log whose appends wait for a permit, and fail while it is down.
struct Gated {
    log: MemoryLog,
    permits: Semaphore,
    down: AtomicBool,
}

#[async_trait]
impl Log for Gated {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        let Ok(permit) = self.permits.acquire().await else { return Err(LogError::Closed.into()) };
        permit.forget();
        if self.down.load(Ordering::SeqCst) {
            return Err(LogError::Closed.into());
        }
        self.log.append(append).await
    }

    async fn read(&self, query: &Query) -> Result<Page, LogError> {
        self.log.read(query).await
    }

    async fn read_stream(
        &self,
        stream: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, LogError> {
        self.log.read_stream(stream, after, limit).await
    }

    async fn head(&self) -> Result<Position, LogError> {
        self.log.head().await
    }

    async fn position_at(&self, time: Timestamp) -> Result<Position, LogError> {
        self.log.position_at(time).await
    }

    fn hint(&self) -> watch::Receiver<Position> {
        self.log.hint()
    }

    async fn close(&self) {
        self.log.close().await;
    }
}

struct House {
    log: Arc<Gated>,
    recorder: Arc<Recorder>,
}

fn house(limits: RecorderLimits) -> House {
    let clock: Arc<dyn Clock> = Arc::new(FixedClock::at(Timestamp::from_millis(1_769_850_000_000)));
    let log = MemoryLog::with_limits(Arc::clone(&clock), LogLimits::default());
    let log = Arc::new(Gated { log, permits: Semaphore::new(0), down: AtomicBool::new(false) });
    let recorder = Recorder::start(Arc::clone(&log) as Arc<dyn Log>, clock, Arc::new(RandomIds), limits);
    House { log, recorder }
}

impl House {
    fn open(&self) {
        self.log.permits.add_permits(1_000);
    }

    /// The entries of each event of the log.
    async fn events(&self) -> Vec<Vec<Entry>> {
        let query = Query {
            filter: Filter::default(),
            direction: Direction::Forwards,
            from: None,
            until: None,
            limit: 1_000,
        };
        let events = self.log.read(&query).await.unwrap().events;
        let entries = |recorded: &Recorded| {
            let access::Event::Recorded(recorded) =
                trunkline_domain::decode_as(recorded).unwrap().pop().unwrap();
            recorded.entries
        };
        events.iter().map(entries).collect()
    }
}

fn heard(n: u128) -> Sight {
    Sight::Played {
        identity: Identity::unrestricted(Actor::new(ActorKind::User, "li.wei").unwrap()),
        refused: None,
        recording: RecordingId::from_uuid(uuid::Uuid::from_u128(n)),
        customer: None,
        reason: "a complaint".to_owned(),
        download: false,
        bytes: (0, 9),
    }
}

fn turned_away(address: &str) -> Sight {
    Sight::Refused { address: Some(address.parse().unwrap()), because: EntryRefusal::Expired, subject: None }
}

#[tokio::test]
async fn what_comes_while_a_batch_is_written_shares_the_next_event() {
    let house = house(RecorderLimits::default());
    let first = house.recorder.noted(heard(0));
    // The first is under way once nothing waits any more.
    while house.recorder.stats().waiting() > 0 {
        tokio::task::yield_now().await;
    }
    let others: Vec<_> = (1..=50).map(|n| house.recorder.noted(heard(n))).collect();
    house.recorder.saw(heard(51));
    house.open();
    assert_eq!(first.await, Ok(()));
    for other in others {
        assert_eq!(other.await, Ok(()));
    }
    house.recorder.close().await;
    let sizes: Vec<usize> = house.events().await.iter().map(Vec::len).collect();
    assert_eq!(sizes, [1, 51]);
    assert_eq!((house.recorder.stats().written(), house.recorder.stats().events()), (52, 2));
}

#[tokio::test]
async fn what_cannot_be_recorded_is_refused_and_what_shows_nothing_goes_on() {
    let house = house(RecorderLimits { queue_max: 2, ..RecorderLimits::default() });
    house.log.down.store(true, Ordering::SeqCst);
    let first = house.recorder.noted(heard(0));
    while house.recorder.stats().waiting() > 0 {
        tokio::task::yield_now().await;
    }
    house.recorder.saw(heard(1));
    house.recorder.saw(heard(2));
    assert_eq!(house.recorder.noted(heard(3)).await, Err(Unrecorded), "the queue is full");
    house.recorder.saw(heard(4));
    house.log.permits.add_permits(1);
    assert_eq!(first.await, Err(Unrecorded), "the log is down");
    assert_eq!((house.recorder.stats().refusals(), house.recorder.stats().losses()), (2, 1));
    house.log.down.store(false, Ordering::SeqCst);
    house.open();
    house.recorder.close().await;
    let entries: Vec<Entry> = house.events().await.concat();
    let refused: Vec<_> = entries.iter().filter_map(|entry| entry.code.as_deref()).collect();
    assert_eq!((entries.len(), refused), (3, vec!["AUDIT_UNAVAILABLE"]));
    let withheld = entries.iter().find(|entry| entry.code.is_some()).unwrap();
    assert_eq!((withheld.outcome, withheld.clear.len()), (access::Outcome::Failed, 0));
}

#[tokio::test]
async fn an_answer_waits_only_so_long() {
    let house = house(RecorderLimits { wait_max: Duration::from_millis(10), ..RecorderLimits::default() });
    assert_eq!(house.recorder.noted(heard(0)).await, Err(Unrecorded));
    assert_eq!(house.recorder.stats().refusals(), 1);
}

#[tokio::test]
async fn whoever_knocks_again_and_again_is_counted() {
    let house = house(RecorderLimits::default());
    house.open();
    for _ in 0..1_000 {
        house.recorder.saw(turned_away("192.0.2.1"));
    }
    house.recorder.saw(turned_away("192.0.2.2"));
    // What was counted is written when its while is over, or when everything ends.
    house.recorder.close().await;
    let times: Vec<_> = house.events().await.concat().iter().map(|entry| entry.times).collect();
    assert_eq!(times, [1, 1, 999]);
}
