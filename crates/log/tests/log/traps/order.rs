//! t05 and t07: one order, by construction without gaps.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio::time::timeout;
use trunkline_kernel::{EventId, Position, StreamId, Version};
use trunkline_log::{AppendError, Expect, Feed, FeedLimits, Filter, LogLimits};

use super::trap;
use crate::contract::Place;
use crate::support::{Make, Room, assert_gapless, exactly, write};

async fn t05_conflicts_are_judged_in_the_order_that_readers_use(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let logs = [Arc::clone(&room.log), room.place.open(room.clock.clone(), LogLimits::default()).await];
    // Every writer says what version it believes in; the winner of version n must be the n-th that readers see.
    let writers = (0..6_u64).map(|writer| {
        let log = Arc::clone(&logs[usize::from(writer % 2 == 0)]);
        tokio::spawn(async move {
            let make = Make::seeded(900 + writer);
            let mut won: Vec<(EventId, Version, Position)> = Vec::new();
            let mut version = 0;
            while won.len() < 15 {
                let event = make.event("agent.paused");
                let id = event.id;
                match log.append(write("agent-hot", exactly(version), [event])).await {
                    Ok(appended) => {
                        assert_eq!(appended.versions[0].1, Version(version + 1));
                        won.push((id, Version(version + 1), appended.first));
                        version += 1;
                    }
                    Err(AppendError::Conflict { actual, .. }) => version = actual.0,
                    Err(error) => panic!("{error}"),
                }
            }
            won
        })
    });
    let won: Vec<_> = join_all(writers).await.into_iter().flat_map(Result::unwrap).collect();
    let events = room.all().await;
    assert_gapless(&events);
    assert!(events.is_sorted_by_key(|event| event.version), "positions and versions order a stream alike");
    let seen: HashMap<_, _> =
        events.iter().map(|event| (event.event.id, (event.version, event.position))).collect();
    assert_eq!(seen.len(), won.len());
    for (id, version, position) in won {
        assert_eq!(seen[&id], (version, position));
    }
}
trap!(t05_conflicts_are_judged_in_the_order_that_readers_use: memory, sqlite, postgres, kurrent);

async fn t07_a_refused_append_leaves_no_gap_and_stalls_no_reader(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let feed = Feed::start(Arc::clone(&room.log), FeedLimits::default());
    let mut subscription = feed.subscribe(Filter::default(), Position::START);
    for position in 1..=20 {
        let refused = write("call-a", exactly(999), [room.make.event("call.rang")]);
        let taken = write("call-a", Expect::Any, [room.make.event("call.rang")]);
        let (refused, taken) = tokio::join!(room.log.append(refused), room.log.append(taken));
        assert!(matches!(refused, Err(AppendError::Conflict { .. })));
        assert_eq!(taken.unwrap().first, Position(position));
        let batch = timeout(Duration::from_secs(10), subscription.next()).await.expect("a reader stalls");
        assert_eq!(batch.unwrap().position, Position(position));
    }
    let streams: Vec<StreamId> = room.all().await.into_iter().map(|event| event.stream).collect();
    assert_eq!(streams.len(), 20);
}
trap!(t07_a_refused_append_leaves_no_gap_and_stalls_no_reader: memory, sqlite, postgres, kurrent);
