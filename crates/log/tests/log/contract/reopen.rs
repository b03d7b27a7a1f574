//! A log that is opened more than once: after a stop, and by several processes at a time.

use std::sync::Arc;

use futures::future::join_all;
use trunkline_kernel::{Position, Version};
use trunkline_log::{AppendError, Expect, Log, LogLimits};
use trunkline_testkit::wait_for;

use super::Place;
use crate::support::{Make, Room, assert_gapless, essence, exactly, stream, write};

async fn again(room: &Room) -> Arc<dyn Log> {
    room.place.open(room.clock.clone(), LogLimits::default()).await
}

pub(crate) async fn a_log_opened_again_goes_on_where_it_was(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let append = write("call-a", Expect::NoStream, [room.make.event("call.created")]);
    let first = room.log.append(append.clone()).await.unwrap();
    room.add("call-a").await;
    let before = room.all().await;
    let log = again(&room).await;
    let page = log.read(&crate::support::all()).await.unwrap();
    assert_eq!(essence(&page.events), essence(&before));
    let repeated = log.append(append).await.unwrap();
    assert_eq!((repeated.first, repeated.repeated), (first.first, true));
    let next = log.append(write("call-a", exactly(2), [room.make.event("call.rang")])).await.unwrap();
    assert_eq!((next.first, next.versions), (Position(3), vec![(stream("call-a"), Version(3))]));
}

pub(crate) async fn two_logs_on_one_place_keep_one_order(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let logs = [Arc::clone(&room.log), again(&room).await];
    let writers = (0..8_u64).map(|writer| {
        let log = Arc::clone(&logs[usize::try_from(writer).unwrap() % 2]);
        tokio::spawn(async move {
            let make = Make::seeded(100 + writer);
            for round in 0..10 {
                let own = write(&format!("call-{writer}"), exactly(round), [make.event("call.rang")]);
                log.append(own).await.unwrap();
                let shared = write("agent-shared", Expect::Any, [make.event("agent.paused")]);
                log.append(shared).await.unwrap();
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    let events = room.all().await;
    assert_eq!(events.len(), 160);
    assert_gapless(&events);
    assert!(events.is_sorted_by_key(|event| event.recorded_at));
    let shared = events.iter().filter(|event| event.stream == stream("agent-shared"));
    let versions: Vec<_> = shared.map(|event| event.version.0).collect();
    assert_eq!(versions, (1..=80).collect::<Vec<_>>());
    // A log whose reads are a copy may be a moment behind another one's appends.
    let other = wait_for("the other log to know everything", async || {
        let page = logs[1].read(&crate::support::all()).await?;
        Ok((page.events.len() == events.len()).then_some(page.events))
    });
    assert!(other.await.unwrap() == events, "two logs on one place differ");
}

pub(crate) async fn what_another_log_wrote_is_known_when_expected(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let other = again(&room).await;
    room.add("call-a").await;
    let append = |version, log: &Arc<dyn Log>| {
        let log = Arc::clone(log);
        let event = room.make.event("call.rang");
        async move { log.append(write("call-a", exactly(version), [event])).await }
    };
    append(1, &other).await.unwrap();
    append(2, &room.log).await.unwrap();
    append(3, &other).await.unwrap();
    append(4, &other).await.unwrap();
    let late = append(3, &room.log).await;
    assert!(matches!(late, Err(AppendError::Conflict { .. })), "{late:?}");
    append(5, &room.log).await.unwrap();
    let fresh = write("call-a", Expect::NoStream, [room.make.event("call.created")]);
    let answer = other.append(fresh).await;
    assert!(
        matches!(answer, Err(AppendError::Conflict { actual, .. }) if actual >= Version(5)),
        "{answer:?}"
    );
    assert_gapless(&room.all().await);
}
