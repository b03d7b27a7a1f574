//! Appends that are taken.

use std::collections::HashSet;
use std::sync::Arc;

use futures::future::join_all;
use serde_json::json;
use trunkline_kernel::{
    Actor, ActorKind, Cause, Id as _, Millis, NewEvent, Payload, Position, SchemaVersion, StreamId,
    Timestamp, TraceId, Version,
};
use trunkline_log::{Append, AppendError, Expect, StreamWrite};

use super::Place;
use crate::support::{Room, assert_gapless, exactly, payload, stream, stream_write, write};

pub(crate) async fn positions_have_no_gap_and_start_at_one(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    assert_eq!(room.log.head().await.unwrap(), Position::START);
    let first = room.add("call-a").await;
    assert_eq!((first.first, first.last), (Position(1), Position(1)));
    let two = [room.make.event("call.dialed"), room.make.event("call.rang")];
    let second = room.log.append(write("call-b", Expect::NoStream, two)).await.unwrap();
    assert_eq!((second.first, second.last), (Position(2), Position(3)));
    assert_eq!(room.log.head().await.unwrap(), Position(3));
    assert_gapless(&room.all().await);
}

pub(crate) async fn versions_count_each_stream(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    for name in ["call-a", "call-b", "call-a", "call-a", "call-b"] {
        room.add(name).await;
    }
    let versions: Vec<_> = room.all().await.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, [1, 1, 2, 3, 2]);
}

pub(crate) async fn several_streams_are_written_in_one_piece(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let make = &room.make;
    room.add("lead-l").await;
    let append = Append {
        writes: vec![
            stream_write("call-a", Expect::NoStream, [make.event("call.created"), make.event("call.dialed")]),
            stream_write("lead-l", exactly(1), [make.event("lead.called")]),
        ],
        checks: Vec::new(),
    };
    let appended = room.log.append(append).await.unwrap();
    assert_eq!(appended.versions, [(stream("call-a"), Version(2)), (stream("lead-l"), Version(2))]);
    assert_eq!((appended.first, appended.last, appended.repeated), (Position(2), Position(4), false));
    let events = room.all().await;
    let names: Vec<_> = events.iter().map(|event| event.event.event_type.as_str()).collect();
    assert_eq!(names, ["call.created", "call.created", "call.dialed", "lead.called"]);
}

pub(crate) async fn any_takes_whatever_version_there_is(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    for version in 1..=3 {
        let appended = room.add("agent-a").await;
        assert_eq!(appended.versions, [(stream("agent-a"), Version(version))]);
    }
}

pub(crate) async fn an_append_can_continue_a_stream_it_expects(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    room.add("agent-a").await;
    let append =
        write("agent-a", exactly(1), [room.make.event("agent.paused"), room.make.event("agent.paused")]);
    assert_eq!(room.log.append(append).await.unwrap().versions, [(stream("agent-a"), Version(3))]);
    let empty = write("agent-b", exactly(0), [room.make.event("agent.registered")]);
    assert_eq!(room.log.append(empty).await.unwrap().versions, [(stream("agent-b"), Version(1))]);
}

pub(crate) async fn every_part_of_an_event_comes_back(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let plain = room.make.event("call.created");
    let odd = NewEvent {
        schema_version: SchemaVersion(7),
        tags: ["customer:张伟", "agent:\"quoted\"", "call:x"]
            .iter()
            .map(|tag| tag.parse().unwrap())
            .collect(),
        payload: payload(&json!({
            "name": "李雷 👋 \u{0001} \\ \" ' \u{2028}", "number": 1.5e300, "zero": "\u{0}", "list": [1, null, true], "empty": {}
        })),
        cause: Cause {
            actor: Actor::new(ActorKind::User, "li.wei").unwrap(),
            causation: Some(plain.id),
            trace: TraceId::new(0xabc),
            ..plain.cause.clone()
        },
        occurred_at: Timestamp::from_micros(-1_234_567),
        ..room.make.event("call.dispositioned")
    };
    let late = NewEvent {
        payload: Payload::of(&"x".repeat(200_000)).unwrap(),
        occurred_at: Timestamp::from_micros(253_402_300_799_999_999),
        ..room.make.event("call.ended")
    };
    let appended = room
        .log
        .append(write("call-odd-key_1", Expect::NoStream, [plain.clone(), odd.clone(), late.clone()]))
        .await
        .unwrap();
    let events = room.all().await;
    for (at, (stored, written)) in events.iter().zip([plain, odd, late]).enumerate() {
        assert_eq!(stored.event, written);
        assert_eq!(stored.event.payload.as_str(), written.payload.as_str(), "the text is kept byte for byte");
        assert_eq!(stored.digest, written.digest(&stored.stream).unwrap());
        assert_eq!(stored.stream, stream("call-odd-key_1"));
        assert_eq!(stored.version, Version(at as u64 + 1));
        assert_eq!(stored.recorded_at, appended.recorded_at);
    }
    assert_eq!(events.len(), 3);
    assert_gapless(&events);
}

pub(crate) async fn the_recorded_time_never_runs_backwards(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let first = room.add("call-a").await;
    room.clock.advance(Millis(-5_000));
    let second = room.add("call-a").await;
    assert_eq!(second.recorded_at, first.recorded_at);
    room.clock.advance(Millis(6_000));
    let third = room.add("call-a").await;
    assert_eq!(third.recorded_at, first.recorded_at.plus(Millis(1_000)));
}

pub(crate) async fn the_same_append_again_gives_the_first_result(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    let make = &room.make;
    let append = Append {
        writes: vec![
            stream_write("call-a", Expect::NoStream, [make.event("call.created"), make.event("call.dialed")]),
            stream_write("lead-l", exactly(0), [make.event("lead.called")]),
        ],
        checks: Vec::new(),
    };
    let first = room.log.append(append.clone()).await.unwrap();
    room.clock.advance(Millis(1_000));
    room.add("call-a").await;
    let again = room.log.append(append.clone()).await.unwrap();
    assert!(!first.repeated && again.repeated);
    assert_eq!(again, trunkline_log::Appended { repeated: true, ..first });
    // Also when its expectations, met the first time, were none.
    let any = write("call-a", Expect::Any, [make.event("call.ended")]);
    let first = room.log.append(any.clone()).await.unwrap();
    let again = room.log.append(any).await.unwrap();
    assert_eq!(again, trunkline_log::Appended { repeated: true, ..first });
    assert_eq!(room.log.head().await.unwrap(), Position(5));
}

pub(crate) async fn the_same_append_sent_many_times_at_once_is_taken_once(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    for expect in [Expect::Any, Expect::NoStream, exactly(0)] {
        let head = room.log.head().await.unwrap();
        let append = write(&format!("call-{}", head.0), expect, [room.make.event("call.created")]);
        let answers = join_all((0..20).map(|_| room.log.append(append.clone()))).await;
        let answers: Vec<_> = answers.into_iter().map(Result::unwrap).collect();
        assert!(answers.iter().all(|answer| answer.first == head.plus(1)));
        assert_eq!(answers.iter().filter(|answer| !answer.repeated).count(), 1);
        assert_eq!(room.log.head().await.unwrap(), head.plus(1));
    }
}

pub(crate) async fn concurrent_appends_all_stand_in_one_order(place: Box<dyn Place>) {
    let room = Arc::new(Room::new(place).await);
    let writers = (0..16_u64).map(|writer| {
        let room = Arc::clone(&room);
        tokio::spawn(async move {
            for round in 0..12_u64 {
                let event = room.make.event("call.created");
                let own = write(&format!("call-{writer}"), exactly(round), [event]);
                let shared = write("agent-shared", Expect::Any, [room.make.event("agent.paused")]);
                room.log.append(own).await.unwrap();
                room.log.append(shared).await.unwrap();
            }
        })
    });
    for writer in join_all(writers).await {
        writer.unwrap();
    }
    let events = room.all().await;
    assert_eq!(events.len(), 16 * 12 * 2);
    assert_gapless(&events);
    let ids: HashSet<_> = events.iter().map(|event| event.event.id).collect();
    assert_eq!(ids.len(), events.len());
    let shared = room.log.read_stream(&stream("agent-shared"), Version::EMPTY, 1_000).await.unwrap();
    let versions: Vec<_> = shared.iter().map(|event| event.version.0).collect();
    assert_eq!(versions, (1..=192).collect::<Vec<_>>());
}

pub(crate) async fn one_of_many_rivals_for_a_version_wins(place: Box<dyn Place>) {
    let room = Room::new(place).await;
    for version in 0..5 {
        let rivals = (0..12).map(|_| {
            let write = StreamWrite {
                stream: stream("call-a"),
                expect: exactly(version),
                events: vec![room.make.event("call.created")],
            };
            room.log.append(Append { writes: vec![write], checks: Vec::new() })
        });
        let (won, lost): (Vec<_>, Vec<_>) = join_all(rivals).await.into_iter().partition(Result::is_ok);
        assert_eq!((won.len(), lost.len()), (1, 11));
        for answer in lost {
            let Err(AppendError::Conflict { stream: at, expected, actual }) = answer else {
                panic!("not a conflict: {answer:?}");
            };
            assert_eq!((at, expected, actual), (stream("call-a"), Version(version), Version(version + 1)));
        }
    }
    let id = StreamId::of(trunkline_kernel::CallId::from_uuid(room.make.event("call.created").id.uuid()));
    assert_eq!(id.category(), "call");
}
