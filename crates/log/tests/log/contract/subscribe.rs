//! Following.

use std::sync::Arc;
use std::time::Duration;

use trunkline_kernel::{Position, Recorded, Version};
use trunkline_log::{Expect, Feed, FeedLimits, Filter, LogError, Subscription};
use trunkline_testkit::wait_for;

use super::Place;
use crate::support::{Room, assert_gapless, write};

/// Pages small enough that every scenario crosses several.
fn limits() -> FeedLimits {
    FeedLimits { page: 7, reread: Duration::from_millis(50), ..FeedLimits::default() }
}

/// Takes events until the one at `last` has been delivered, and checks each batch's own position.
async fn take(subscription: &mut Subscription, last: Position) -> Vec<Arc<Recorded>> {
    let mut events = Vec::new();
    while subscription.position() < last {
        let before = subscription.position();
        let batch = subscription.next().await.unwrap();
        assert!(!batch.events.is_empty());
        assert!(batch.events.iter().all(|event| event.position > before && event.position <= batch.position));
        assert_eq!(subscription.position(), batch.position);
        events.extend(batch.events);
    }
    events
}

fn whole(events: &[Arc<Recorded>]) -> Vec<Recorded> {
    events.iter().map(|event| Recorded::clone(event)).collect()
}

async fn add_many(room: &Room, count: usize) {
    for n in 0..count {
        room.add(["call-a", "lead-a", "agent-a"][n % 3]).await;
    }
}

pub(crate) async fn it_catches_up_and_turns_live_without_missing_or_repeating(place: Box<dyn Place>) {
    let room = Arc::new(Room::new(place).await);
    add_many(&room, 40).await;
    let feed = Feed::start(Arc::clone(&room.log), limits());
    let early = feed.subscribe(Filter::default(), Position::START);
    let writer = tokio::spawn({
        let room = Arc::clone(&room);
        async move { add_many(&room, 120).await }
    });
    let mut late = feed.subscribe(Filter::default(), Position::START);
    for mut subscription in [early, feed.subscribe(Filter::default(), Position::START)] {
        let events = take(&mut subscription, Position(160)).await;
        assert_eq!(events.len(), 160);
        assert_gapless(&whole(&events));
    }
    writer.await.unwrap();
    assert_gapless(&whole(&take(&mut late, Position(160)).await));
}

pub(crate) async fn it_starts_anywhere(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    add_many(&room, 30).await;
    let feed = Feed::start(Arc::clone(&room.log), limits());
    for after in [0, 1, 13, 29] {
        let mut subscription = feed.subscribe(Filter::default(), Position(after));
        let events = take(&mut subscription, Position(30)).await;
        let positions: Vec<_> = events.iter().map(|event| event.position.0).collect();
        assert_eq!(positions, (after + 1..=30).collect::<Vec<_>>());
    }
    let mut at_end = feed.subscribe(Filter::default(), Position(30));
    let (batch, _) = tokio::join!(at_end.next(), room.add("call-a"));
    assert_eq!(batch.unwrap().position, Position(31));
}

pub(crate) async fn it_delivers_only_what_its_filter_admits(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    add_many(&room, 30).await;
    let feed = Feed::start(Arc::clone(&room.log), limits());
    let filter = Filter { category: Some("lead".to_owned()), ..Filter::default() };
    let mut subscription = feed.subscribe(filter, Position::START);
    let mut events = Vec::new();
    while events.len() < 10 {
        events.extend(subscription.next().await.unwrap().events);
    }
    add_many(&room, 30).await;
    while events.len() < 20 {
        events.extend(subscription.next().await.unwrap().events);
    }
    assert!(events.iter().all(|event| event.stream.category() == "lead"));
    let versions: Vec<_> = events.iter().map(|event| event.version).collect();
    assert_eq!(versions, (1..=20).map(Version).collect::<Vec<_>>());
}

pub(crate) async fn a_slow_subscriber_reads_from_the_log_again(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let tiny = FeedLimits { tail_events_max: 5, ..limits() };
    let feed = Feed::start(Arc::clone(&room.log), tiny);
    let mut slow = feed.subscribe(Filter::default(), Position::START);
    let mut quick = feed.subscribe(Filter::default(), Position::START);
    room.add("call-a").await;
    assert_eq!(slow.next().await.unwrap().position, Position(1));
    for _ in 0..4 {
        add_many(&room, 12).await;
        let head = room.log.head().await.unwrap();
        take(&mut quick, head).await;
    }
    wait_for("the feed to reach the end", async || Ok((feed.head() == Position(49)).then_some(())))
        .await
        .unwrap();
    assert_eq!((slow.position(), slow.lag()), (Position(1), 48));
    let events = take(&mut slow, Position(49)).await;
    let positions: Vec<_> = events.iter().map(|event| event.position.0).collect();
    assert_eq!(positions, (2..=49).collect::<Vec<_>>());
}

pub(crate) async fn it_ends_with_the_feed(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let feed = Feed::start(Arc::clone(&room.log), limits());
    let mut waiting = feed.subscribe(Filter::default(), Position::START);
    assert_eq!(feed.subscribers(), 1);
    let waiting = tokio::spawn(async move { waiting.next().await.map(|batch| batch.position) });
    tokio::task::yield_now().await;
    drop(feed);
    assert!(matches!(waiting.await.unwrap(), Err(LogError::Closed)));
}

pub(crate) async fn giving_up_a_wait_loses_nothing(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let feed = Feed::start(Arc::clone(&room.log), limits());
    let mut subscription = feed.subscribe(Filter::default(), Position::START);
    let mut events = Vec::new();
    for _ in 0..40 {
        let event = room.make.event("call.created");
        let append = room.log.append(write("call-a", Expect::Any, [event]));
        // Whichever is first wins, and the wait that loses is dropped half-way.
        tokio::select! {
            batch = subscription.next() => events.extend(batch.unwrap().events),
            answer = append => drop(answer.unwrap()),
        }
    }
    // An append that was dropped half-way may stand all the same.
    room.add("call-a").await;
    let head = room.log.head().await.unwrap();
    events.extend(take(&mut subscription, head).await);
    assert_eq!(events.len() as u64, head.0);
    assert_gapless(&whole(&events));
}
