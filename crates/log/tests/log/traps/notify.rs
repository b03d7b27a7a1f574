//! t04: live delivery does not depend on a notification.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use tokio::sync::watch;
use tokio::time::timeout;
use trunkline_kernel::{Position, Recorded, StreamId, Timestamp, Version};
use trunkline_log::{
    Append, AppendError, Appended, Feed, FeedLimits, Filter, Log, LogError, Page, Query, Subscription,
};

use super::trap;
use crate::adapters::Database;
use crate::contract::Place;
use crate::support::Room;

/// A log whose hints are what the test says.
struct Hinted {
    log: Arc<dyn Log>,
    hint: watch::Sender<Position>,
}

#[async_trait]
impl Log for Hinted {
    async fn append(&self, append: Append) -> Result<Appended, AppendError> {
        self.log.append(append).await
    }

    async fn read(&self, query: &Query) -> Result<Page, LogError> {
        self.log.read(query).await
    }

    async fn read_stream(
        &self,
        s: &StreamId,
        after: Version,
        limit: usize,
    ) -> Result<Vec<Recorded>, LogError> {
        self.log.read_stream(s, after, limit).await
    }

    async fn head(&self) -> Result<Position, LogError> {
        self.log.head().await
    }

    async fn position_at(&self, time: Timestamp) -> Result<Position, LogError> {
        self.log.position_at(time).await
    }

    fn hint(&self) -> watch::Receiver<Position> {
        self.hint.subscribe()
    }

    async fn close(&self) {
        self.log.close().await;
    }
}

/// The position of the next batch, which must come without any further help.
async fn next(subscription: &mut Subscription) -> Position {
    let batch = timeout(Duration::from_secs(10), subscription.next()).await;
    batch.expect("the subscriber sleeps for ever").unwrap().position
}

async fn t04_a_lost_or_early_notification_does_not_stop_a_subscriber(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let hint = watch::Sender::new(Position::START);
    let log = Arc::new(Hinted { log: Arc::clone(&room.log), hint: hint.clone() });
    let limits = FeedLimits { reread: Duration::from_millis(50), ..FeedLimits::default() };
    let feed = Feed::start(log, limits);
    let mut subscription = feed.subscribe(Filter::default(), Position::START);
    // Lost: the events come and nobody is told.
    room.add("call-a").await;
    assert_eq!(next(&mut subscription).await, Position(1));
    room.add("call-a").await;
    assert_eq!(next(&mut subscription).await, Position(2));
    // Early: everybody is told of an event that cannot be read yet, and not again when it can.
    hint.send_replace(Position(3));
    assert!(timeout(Duration::from_millis(120), subscription.next()).await.is_err());
    room.add("call-a").await;
    assert_eq!(next(&mut subscription).await, Position(3));
    // And nobody will ever tell anything again.
    drop(hint);
    room.add("call-a").await;
    assert_eq!(next(&mut subscription).await, Position(4));
}
trap!(t04_a_lost_or_early_notification_does_not_stop_a_subscriber: memory, sqlite, postgres, kurrent);

#[tokio::test(flavor = "multi_thread")]
async fn t04_a_notification_of_the_database_can_be_early() {
    let database = Database::fresh();
    let room = Room::new(Box::new(database.clone())).await;
    let mut hint = room.log.hint();
    // Again and again, until the log listens.
    let told = async {
        loop {
            database.execute("NOTIFY trunkline_log, '900'").unwrap();
            if timeout(Duration::from_millis(100), hint.wait_for(|position| position.0 == 900)).await.is_ok()
            {
                break;
            }
        }
    };
    timeout(Duration::from_secs(20), told).await.expect("the log does not listen");
    let feed = Feed::start(Arc::clone(&room.log), FeedLimits::default());
    let mut subscription = feed.subscribe(Filter::default(), Position::START);
    for position in 1..4 {
        room.add("call-a").await;
        assert_eq!(next(&mut subscription).await, Position(position));
    }
}
