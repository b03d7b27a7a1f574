//! Appends that are refused, and that nothing of them is written.

use futures::future::join_all;
use serde_json::json;
use trunkline_kernel::{NewEvent, Payload, Position, Timestamp, Version};
use trunkline_log::{Append, AppendError, Expect, LogError, LogLimits, StreamCheck, StreamWrite};

use super::Place;
use crate::support::{Room, exactly, payload, stream, stream_write, write};

/// The stream, the expected and the actual version of a conflict.
fn conflict<T: std::fmt::Debug>(answer: Result<T, AppendError>) -> (String, u64, u64) {
    match answer {
        Err(AppendError::Conflict { stream, expected, actual }) => {
            (stream.as_str().to_owned(), expected.0, actual.0)
        }
        other => panic!("not a conflict: {other:?}"),
    }
}

pub(crate) async fn a_new_stream_must_be_new(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    room.add("call-a").await;
    room.add("call-a").await;
    let answer = room.log.append(write("call-a", Expect::NoStream, [room.make.event("call.created")])).await;
    assert_eq!(conflict(answer), ("call-a".to_owned(), 0, 2));
    assert_eq!(room.log.head().await.unwrap(), Position(2));
}

pub(crate) async fn an_exact_version_is_neither_older_nor_newer(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    room.add("call-a").await;
    room.add("call-a").await;
    for wrong in [0, 1, 3, 4_000] {
        let answer = room.log.append(write("call-a", exactly(wrong), [room.make.event("call.rang")])).await;
        assert_eq!(conflict(answer), ("call-a".to_owned(), wrong, 2));
    }
    let answer = room.log.append(write("call-none", exactly(1), [room.make.event("call.rang")])).await;
    assert_eq!(conflict(answer), ("call-none".to_owned(), 1, 0));
    assert_eq!(room.log.head().await.unwrap(), Position(2));
}

pub(crate) async fn one_stream_that_conflicts_stops_the_others(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    room.add("lead-l").await;
    let append = Append {
        writes: vec![
            stream_write("call-a", Expect::NoStream, [room.make.event("call.created")]),
            stream_write("lead-l", Expect::NoStream, [room.make.event("lead.called")]),
        ],
        checks: Vec::new(),
    };
    assert_eq!(conflict(room.log.append(append).await), ("lead-l".to_owned(), 0, 1));
    assert!(room.log.read_stream(&stream("call-a"), Version::EMPTY, 10).await.unwrap().is_empty());
    assert_eq!(room.log.head().await.unwrap(), Position(1));
}

pub(crate) async fn a_check_on_another_stream_must_hold(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    room.add("agent-a").await;
    let append = |call: &str, version: u64| Append {
        writes: vec![stream_write(call, Expect::NoStream, [room.make.event("call.created")])],
        checks: vec![StreamCheck { stream: stream("agent-a"), version: Version(version) }],
    };
    for wrong in [0, 2] {
        assert_eq!(
            conflict(room.log.append(append("call-a", wrong)).await),
            ("agent-a".to_owned(), wrong, 1)
        );
    }
    room.log.append(append("call-a", 1)).await.unwrap();
    room.add("agent-a").await;
    assert_eq!(conflict(room.log.append(append("call-b", 1)).await), ("agent-a".to_owned(), 1, 2));
    let empty = Append {
        writes: vec![stream_write("call-b", Expect::NoStream, [room.make.event("call.created")])],
        checks: vec![StreamCheck { stream: stream("agent-none"), version: Version::EMPTY }],
    };
    room.log.append(empty).await.unwrap();
}

pub(crate) async fn the_same_ids_with_other_content_are_refused(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let event = room.make.event("call.created");
    room.log.append(write("call-a", Expect::NoStream, [event.clone()])).await.unwrap();
    let forgeries = [
        ("call-a", NewEvent { payload: payload(&json!({ "text": "other" })), ..event.clone() }),
        ("call-a", NewEvent { occurred_at: Timestamp::from_micros(1), ..event.clone() }),
        ("call-b", event.clone()),
    ];
    for (name, forged) in forgeries {
        for expect in [Expect::Any, Expect::NoStream, exactly(1)] {
            let answer = room.log.append(write(name, expect, [forged.clone()])).await;
            assert!(
                matches!(answer, Err(AppendError::Reused { event: id }) if id == event.id),
                "{expect:?}: {answer:?}"
            );
        }
    }
    assert_eq!(room.log.head().await.unwrap(), Position(1));
}

pub(crate) async fn part_of_an_append_again_is_refused(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let (one, two) = (room.make.event("call.created"), room.make.event("call.dialed"));
    room.log.append(write("call-a", Expect::NoStream, [one.clone()])).await.unwrap();
    let answer = room.log.append(write("call-a", Expect::Any, [one.clone(), two.clone()])).await;
    assert!(matches!(answer, Err(AppendError::Reused { event }) if event == two.id), "{answer:?}");
    room.add("call-b").await;
    room.log.append(write("call-a", exactly(1), [two.clone()])).await.unwrap();
    // Both are there now, but not in one piece.
    let answer = room.log.append(write("call-a", Expect::Any, [one, two])).await;
    assert!(matches!(answer, Err(AppendError::Reused { .. })), "{answer:?}");
    assert_eq!(room.log.head().await.unwrap(), Position(3));
}

pub(crate) async fn a_refused_append_never_fails_its_neighbours(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let taken = room.make.event("call.created");
    room.log.append(write("call-old", Expect::Any, [taken.clone()])).await.unwrap();
    let forged = NewEvent { payload: payload(&json!(1)), ..taken.clone() };
    let appends = (0..60).map(|n| {
        let name = format!("call-{n}");
        let fresh = room.make.event("call.created");
        let append = match n % 6 {
            0 => write("call-old", Expect::NoStream, [fresh]),
            1 => write("call-old", exactly(9), [fresh]),
            2 => write(&name, Expect::Any, [forged.clone()]),
            3 => write("call-old", Expect::Any, [taken.clone()]),
            _ => write(&name, Expect::NoStream, [fresh]),
        };
        room.log.append(append)
    });
    for (n, answer) in join_all(appends).await.into_iter().enumerate() {
        match n % 6 {
            0 => assert_eq!(conflict(answer), ("call-old".to_owned(), 0, 1)),
            1 => assert_eq!(conflict(answer), ("call-old".to_owned(), 9, 1)),
            2 => assert!(matches!(answer, Err(AppendError::Reused { .. })), "{answer:?}"),
            3 => assert!(answer.unwrap().repeated),
            _ => assert!(!answer.unwrap().repeated),
        }
    }
    assert_eq!(room.log.head().await.unwrap(), Position(21));
}

pub(crate) async fn what_breaks_a_limit_is_refused_by_its_name(place: Box<dyn Place>) {
    let limits = LogLimits {
        event_bytes_max: 100,
        events_per_append_max: 3,
        streams_per_append_max: 2,
        tags_per_event_max: 1,
        batch_bytes_max: 150,
        ..LogLimits::default()
    };
    let room = Room::with_limits(place, limits).await;
    let event = || room.make.event("call.created");
    let of_bytes =
        |bytes: usize| NewEvent { payload: Payload::of(&"x".repeat(bytes - 2)).unwrap(), ..event() };
    let many = |count: usize| StreamWrite {
        stream: stream("call-a"),
        expect: Expect::Any,
        events: (0..count).map(|_| event()).collect(),
    };
    let wide = |count: usize| Append {
        writes: (0..count).map(|n| stream_write(&format!("call-{n}"), Expect::Any, [event()])).collect(),
        checks: Vec::new(),
    };
    let cases = [
        ("event_bytes_max", write("call-a", Expect::Any, [of_bytes(101)])),
        ("batch_bytes_max", write("call-a", Expect::Any, [of_bytes(100), of_bytes(51)])),
        ("events_per_append_max", Append { writes: vec![many(4)], checks: Vec::new() }),
        ("streams_per_append_max", wide(3)),
        (
            "tags_per_event_max",
            write("call-a", Expect::Any, [room.make.tagged("call.rang", &["a:1", "b:2"])]),
        ),
    ];
    for (name, append) in cases {
        match room.log.append(append).await {
            Err(AppendError::Invalid { reason }) => assert!(reason.contains(name), "{reason}"),
            other => panic!("{name}: {other:?}"),
        }
    }
    assert_eq!(room.log.head().await.unwrap(), Position::START);
    room.log.append(write("call-a", Expect::Any, [of_bytes(100), of_bytes(50)])).await.unwrap();
}

pub(crate) async fn a_malformed_append_is_refused(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let event = || room.make.event("call.created");
    let twice = event();
    let checked = StreamCheck { stream: stream("call-a"), version: Version::EMPTY };
    let cases = [
        Append::default(),
        write("call-a", Expect::Any, []),
        write("call-a", Expect::Any, [twice.clone(), twice]),
        Append {
            writes: vec![
                stream_write("call-a", Expect::Any, [event()]),
                stream_write("call-a", Expect::Any, [event()]),
            ],
            checks: Vec::new(),
        },
        Append { writes: vec![stream_write("call-a", Expect::Any, [event()])], checks: vec![checked] },
        write("call-a", Expect::Any, [NewEvent { payload: Payload::stored("{"), ..event() }]),
        write("call-a", Expect::Any, [NewEvent { occurred_at: Timestamp::from_micros(i64::MAX), ..event() }]),
    ];
    for append in cases {
        let answer = room.log.append(append).await;
        assert!(matches!(answer, Err(AppendError::Invalid { .. })), "{answer:?}");
    }
    assert_eq!(room.log.head().await.unwrap(), Position::START);
}

pub(crate) async fn a_closed_log_takes_nothing(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    room.add("call-a").await;
    room.log.close().await;
    let answer = room.log.append(write("call-a", Expect::Any, [room.make.event("call.rang")])).await;
    assert!(matches!(answer, Err(AppendError::Log(LogError::Closed))), "{answer:?}");
    room.log.close().await;
}
