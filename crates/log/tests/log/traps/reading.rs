//! t01 and t02: what a reader has passed, it has been given.

use std::sync::Arc;

use futures::future::join_all;
use trunkline_kernel::{Position, Recorded};
use trunkline_log::{Expect, Filter, Log, LogLimits, Query};

use super::trap;
use crate::contract::Place;
use crate::support::{Make, Room, all, assert_gapless, write};

const WRITERS: u64 = 6;
const ROUNDS: u64 = 25;

/// Reads pages until every event is there, moving on as a follower does: to the last event of a full page, and
/// to the head of the page's own snapshot otherwise.
async fn follow(log: Arc<dyn Log>, filter: Filter, wanted: usize) -> Vec<Recorded> {
    let mut events: Vec<Recorded> = Vec::new();
    let mut query = Query { filter, limit: 5, ..all() };
    while events.len() < wanted {
        let page = log.read(&query).await.unwrap();
        let last = page.events.last().map(|event| event.position);
        let reached = if page.events.len() == query.limit { last } else { Some(page.head) };
        assert!(reached >= last, "the head of a page is not behind its events");
        query.from = reached.max(query.from);
        events.extend(page.events);
        tokio::task::yield_now().await;
    }
    events
}

/// Several writers over two logs of one place, and readers that never wait for them.
async fn read_while_writing(place: Box<dyn Place>, filter: Filter, wanted: u64) -> Vec<Vec<Recorded>> {
    let room = Room::new(place).await;
    let logs = [Arc::clone(&room.log), room.place.open(room.clock.clone(), LogLimits::default()).await];
    let wanted = usize::try_from(wanted).unwrap();
    let readers = logs.clone().map(|log| tokio::spawn(follow(log, filter.clone(), wanted)));
    let writers = (0..WRITERS).map(|writer| {
        let log = Arc::clone(&logs[usize::from(writer % 2 == 0)]);
        tokio::spawn(async move {
            let make = Make::seeded(500 + writer);
            for round in 0..ROUNDS {
                let name = if (round + writer) % 5 == 0 { "lead-l" } else { "call-c" };
                let events = [make.event("call.rang"), make.event("call.ended")];
                log.append(write(name, Expect::Any, events)).await.unwrap();
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    join_all(readers).await.into_iter().map(Result::unwrap).collect()
}

async fn t01_no_page_passes_an_event_that_it_has_not_delivered(place: Box<dyn Place>) {
    for events in read_while_writing(place, Filter::default(), WRITERS * ROUNDS * 2).await {
        assert_gapless(&events);
    }
}
trap!(t01_no_page_passes_an_event_that_it_has_not_delivered: memory, sqlite, postgres, kurrent);

async fn t02_head_and_rows_come_from_one_snapshot(place: Box<dyn Place>) {
    // With a filter the reader moves to the head itself: were the head newer than the rows, it would miss some.
    let filter = Filter { category: Some("lead".to_owned()), ..Filter::default() };
    for events in read_while_writing(place, filter, WRITERS * ROUNDS * 2 / 5).await {
        let versions: Vec<_> = events.iter().map(|event| event.version.0).collect();
        assert_eq!(versions, (1..=WRITERS * ROUNDS * 2 / 5).collect::<Vec<_>>());
        assert!(events.first().unwrap().position > Position::START);
    }
}
trap!(t02_head_and_rows_come_from_one_snapshot: memory, sqlite, postgres, kurrent);
