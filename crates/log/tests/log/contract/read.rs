//! Reading.

use trunkline_kernel::{EventType, Millis, Position, Recorded, Tag, Timestamp, Version};
use trunkline_log::{Direction, Expect, Filter, LogError, LogLimits, Query};

use super::Place;
use crate::support::{Room, all, assert_gapless, stream, write};

/// A log of 60 events over five streams of two categories with three types and overlapping tags.
async fn filled(place: Box<dyn Place>) -> Room {
    let room = Room::new(place).await;
    for n in 0..30 {
        let tags = [format!("customer:{}", n % 3), format!("agent:{}", n % 2)];
        let tags: Vec<&str> = tags[..n % 4 % 3].iter().map(String::as_str).collect();
        let event_type = ["call.created", "call.ended", "lead.added"][n % 3];
        let stream = ["call-0", "call-1", "lead-0", "lead-1", "agent-0"][n % 5];
        let events = [room.make.tagged(event_type, &tags), room.make.tagged("call.rang", &tags)];
        room.log.append(write(stream, Expect::Any, events)).await.unwrap();
        room.clock.advance(Millis(10));
    }
    room
}

/// Reads to the end in pages.
async fn pages(room: &Room, mut query: Query) -> Vec<Recorded> {
    let mut events: Vec<Recorded> = Vec::new();
    loop {
        let page = room.log.read(&query).await.unwrap();
        assert!(page.events.len() <= query.limit);
        query.from = page.events.last().map(|event| event.position).or(query.from);
        let done = page.events.len() < query.limit;
        events.extend(page.events);
        if done {
            return events;
        }
    }
}

pub(crate) async fn pages_forwards_meet_every_event_once(place: Box<dyn Place>) {
    let room = filled(place).await;
    for limit in [1, 7, 60, 61] {
        let events = pages(&room, Query { limit, ..all() }).await;
        assert_eq!(events.len(), 60);
        assert_gapless(&events);
    }
}

pub(crate) async fn pages_backwards_meet_every_event_once(place: Box<dyn Place>) {
    let room = filled(place).await;
    for limit in [1, 7, 60, 61] {
        let mut events = pages(&room, Query { limit, direction: Direction::Backwards, ..all() }).await;
        events.reverse();
        assert_eq!(events.len(), 60);
        assert_gapless(&events);
    }
}

pub(crate) async fn every_filter_gives_what_it_admits(place: Box<dyn Place>) {
    let room = filled(place).await;
    let everything = room.all().await;
    for filter in filters() {
        for direction in [Direction::Forwards, Direction::Backwards] {
            for (from, until) in [
                (None, None),
                (Some(20), None),
                (None, Some(30)),
                (Some(15), Some(45)),
                (Some(45), Some(15)),
                (Some(0), Some(0)),
                (Some(99), Some(99)),
            ] {
                let query = Query {
                    filter: filter.clone(),
                    direction,
                    from: from.map(Position),
                    until: until.map(Position),
                    limit: 4,
                };
                let within = |event: &&Recorded| match direction {
                    Direction::Forwards => {
                        query.from.is_none_or(|from| event.position > from)
                            && query.until.is_none_or(|until| event.position <= until)
                    }
                    Direction::Backwards => {
                        query.from.is_none_or(|from| event.position < from)
                            && query.until.is_none_or(|until| event.position >= until)
                    }
                };
                let mut wanted: Vec<&Recorded> =
                    everything.iter().filter(|event| filter.admits(event)).filter(within).collect();
                if direction == Direction::Backwards {
                    wanted.reverse();
                }
                let read = pages(&room, query.clone()).await;
                assert_eq!(read.iter().collect::<Vec<_>>(), wanted, "{query:?}");
            }
        }
    }
}

/// Every kind of filter alone and with others.
fn filters() -> Vec<Filter> {
    let types = |names: &[&'static str]| names.iter().map(|name| EventType::known(name)).collect();
    let tags = |names: &[&str]| -> Vec<Tag> { names.iter().map(|name| name.parse().unwrap()).collect() };
    let none = Filter::default;
    vec![
        none(),
        Filter { stream: Some(stream("call-1")), ..none() },
        Filter { stream: Some(stream("call-none")), ..none() },
        Filter { category: Some("lead".to_owned()), ..none() },
        Filter { types: types(&["call.ended"]), ..none() },
        Filter { types: types(&["call.ended", "lead.added", "call.none"]), ..none() },
        Filter { tags: tags(&["customer:1"]), ..none() },
        Filter { tags: tags(&["customer:1", "agent:1"]), ..none() },
        Filter { tags: tags(&["customer:none"]), ..none() },
        Filter { tags: tags(&["agent:0"]), types: types(&["call.rang"]), ..none() },
        Filter { tags: tags(&["agent:0"]), category: Some("call".to_owned()), ..none() },
        Filter { types: types(&["call.rang", "call.created"]), category: Some("agent".to_owned()), ..none() },
        Filter { stream: Some(stream("lead-0")), types: types(&["call.rang"]), ..none() },
        Filter {
            stream: Some(stream("lead-0")),
            category: Some("lead".to_owned()),
            tags: tags(&["customer:2"]),
            types: types(&["call.rang", "lead.added"]),
        },
        Filter { stream: Some(stream("lead-0")), category: Some("call".to_owned()), ..none() },
    ]
}

pub(crate) async fn a_page_says_where_the_log_ends(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let query = |category: &str, limit| Query {
        filter: Filter { category: Some(category.to_owned()), ..Filter::default() },
        limit,
        ..all()
    };
    assert_eq!(room.log.read(&all()).await.unwrap().head, Position::START);
    room.add("call-a").await;
    room.add("lead-a").await;
    let empty = room.log.read(&query("agent", 10)).await.unwrap();
    assert_eq!((empty.events.len(), empty.head), (0, Position(2)));
    let short = room.log.read(&query("call", 10)).await.unwrap();
    assert_eq!((short.events.len(), short.head), (1, Position(2)));
    let nothing = room.log.read(&query("call", 0)).await.unwrap();
    assert_eq!((nothing.events.len(), nothing.head), (0, Position(2)));
}

pub(crate) async fn a_stream_is_read_after_a_version(place: Box<dyn Place>) {
    let room = filled(place).await;
    let name = stream("call-1");
    let whole = room.log.read_stream(&name, Version::EMPTY, 100).await.unwrap();
    let versions: Vec<_> = whole.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, (1..=12).collect::<Vec<_>>());
    assert!(whole.iter().all(|event| event.stream == name));
    let part = room.log.read_stream(&name, Version(4), 3).await.unwrap();
    assert_eq!(part, whole[4..7]);
    assert!(room.log.read_stream(&name, Version(12), 3).await.unwrap().is_empty());
    assert!(room.log.read_stream(&stream("call-none"), Version::EMPTY, 3).await.unwrap().is_empty());
}

pub(crate) async fn a_time_has_a_position(place: Box<dyn Place>) {
    let room = filled(place).await;
    let events = room.all().await;
    let first = events.first().unwrap().recorded_at;
    let cases = [
        (first.plus(Millis(-1)), 0),
        (first, 2),
        (first.plus(Millis(9)), 2),
        (first.plus(Millis(10)), 4),
        (first.plus(Millis(155)), 32),
        (first.plus(Millis(1_000_000)), 60),
        (Timestamp::from_micros(i64::MIN), 0),
        (Timestamp::from_micros(i64::MAX), 60),
    ];
    for (time, position) in cases {
        assert_eq!(room.log.position_at(time).await.unwrap(), Position(position), "{time}");
    }
}

pub(crate) async fn too_long_a_page_is_refused(place: Box<dyn Place>) {
    let limits = LogLimits { page_max: 5, filter_terms_max: 2, ..LogLimits::default() };
    let room = Room::with_limits(place, limits).await;
    room.add("call-a").await;
    assert_eq!(room.log.read(&Query { limit: 5, ..all() }).await.unwrap().events.len(), 1);
    let too_long = room.log.read(&Query { limit: 6, ..all() }).await;
    assert!(
        matches!(&too_long, Err(LogError::Invalid { reason }) if reason.contains("page_max")),
        "{too_long:?}"
    );
    let too_long = room.log.read_stream(&stream("call-a"), Version::EMPTY, 6).await;
    assert!(matches!(too_long, Err(LogError::Invalid { .. })));
    let types = ["a.b", "a.c", "a.d"].map(EventType::known).to_vec();
    let too_many =
        room.log.read(&Query { filter: Filter { types, ..Filter::default() }, limit: 5, ..all() }).await;
    assert!(matches!(&too_many, Err(LogError::Invalid { reason }) if reason.contains("filter_terms_max")));
}

pub(crate) async fn the_hint_follows_the_log(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let mut hint = room.log.hint();
    assert_eq!(*hint.borrow(), Position::START);
    for _ in 0..3 {
        let appended = room.add("call-a").await;
        let hinted = *hint.wait_for(|position| *position >= appended.last).await.unwrap();
        assert_eq!(hinted, appended.last);
    }
}
