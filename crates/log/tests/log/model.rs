//! Any sequence of appends, in bursts that share a commit, has the same outcome on a database as on the log in
//! memory, which is written without batches and caches.

use futures::future::join_all;
use proptest::prelude::*;
use trunkline_kernel::{NewEvent, Position, Recorded, StreamId, Version};
use trunkline_log::{Append, AppendError, Appended, Expect, StreamCheck, StreamWrite};

#[cfg(feature = "kurrentdb")]
use crate::adapters::kurrent;
use crate::adapters::{memory, postgres, sqlite};
use crate::contract::Place;
use crate::support::{Make, Room, exactly, stream};

/// One write of one append.
#[derive(Clone, Debug)]
struct Write {
    stream: u8,
    /// None for any, otherwise a version.
    expect: Option<u8>,
    /// Each either new or one used in an earlier burst, counted back. Within one burst the appends are
    /// concurrent, and which of two with the same id is first is not for a caller to say.
    events: Vec<Option<u8>>,
}

#[derive(Clone, Debug)]
struct Step {
    writes: Vec<Write>,
    check: Option<(u8, u8)>,
    /// The whole append of an earlier step, counted back, in place of this one.
    again: Option<u8>,
}

fn step() -> impl Strategy<Value = Step> {
    let event = prop_oneof![8 => Just(None), 1 => (0..6_u8).prop_map(Some)];
    let write =
        (0..4_u8, prop_oneof![Just(None), (0..5_u8).prop_map(Some)], prop::collection::vec(event, 1..3))
            .prop_map(|(stream, expect, events)| Write { stream, expect, events });
    let check = prop::option::weighted(0.2, (0..4_u8, 0..4_u8));
    let again = prop::option::weighted(0.15, 0..5_u8);
    (prop::collection::vec(write, 1..3), check, again).prop_map(|(writes, check, again)| Step {
        writes,
        check,
        again,
    })
}

fn bursts() -> impl Strategy<Value = Vec<Vec<Step>>> {
    prop::collection::vec(prop::collection::vec(step(), 1..7), 1..8)
}

/// The appends of all bursts, with ids and contents that are the same each time.
fn appends(bursts: &[Vec<Step>]) -> Vec<Vec<Append>> {
    let make = Make::seeded(3);
    let mut used: Vec<NewEvent> = Vec::new();
    let mut all: Vec<Append> = Vec::new();
    let mut done = Vec::new();
    for burst in bursts {
        let first = all.len();
        for step in burst {
            let back = step.again.and_then(|back| all.len().checked_sub(usize::from(back) + 1));
            let again = back.filter(|at| *at >= first || claim(&all[*at], &mut used));
            all.push(again.map_or_else(|| append(step, &make, &mut used), |at| all[at].clone()));
        }
        let appends = all[first..].to_vec();
        let writes = appends.iter().flat_map(|append| &append.writes);
        for event in writes.flat_map(|write| &write.events) {
            if used.iter().all(|used| used.id != event.id) {
                used.push(event.clone());
            }
        }
        done.push(appends);
    }
    done
}

/// Takes the events of an append of an earlier burst out of `used`, when they are all there.
fn claim(append: &Append, used: &mut Vec<NewEvent>) -> bool {
    let ids: Vec<_> = append.writes.iter().flat_map(|write| &write.events).map(|event| event.id).collect();
    let free = ids.iter().all(|id| used.iter().any(|used| used.id == *id));
    if free {
        used.retain(|used| !ids.contains(&used.id));
    }
    free
}

/// Takes the events that it uses again out of `used`, so that no other append of the burst uses them.
fn append(step: &Step, make: &Make, used: &mut Vec<NewEvent>) -> Append {
    let writes = step.writes.iter().map(|write| {
        let events = write.events.iter().map(|back| {
            let old = back.and_then(|back| used.len().checked_sub(usize::from(back) + 1));
            old.map_or_else(|| make.event("call.created"), |old| used.remove(old))
        });
        let events = events.collect();
        let expect = write.expect.map_or(Expect::Any, |version| match version {
            0 => Expect::NoStream,
            version => exactly(u64::from(version) - 1),
        });
        StreamWrite { stream: stream(&format!("call-{}", write.stream)), expect, events }
    });
    let writes = writes.collect();
    let checks = step.check.map(|(name, version)| StreamCheck {
        stream: stream(&format!("call-{name}")),
        version: Version(u64::from(version)),
    });
    Append { writes, checks: checks.into_iter().collect() }
}

/// What a conflict says: the stream, what the writer believed, and where the stream is.
type Conflict = (StreamId, Version, Version);

/// An answer in words, and beside it what it says of a conflict. Of several beliefs that do not hold any may be named,
/// and with any version that the stream had between question and answer: an adapter learns of streams as it needs them.
fn in_words(answer: Result<Appended, AppendError>) -> (String, Option<Conflict>) {
    match answer {
        Err(AppendError::Conflict { stream, expected, actual }) => {
            ("conflict".to_owned(), Some((stream, expected, actual)))
        }
        other => (format!("{other:?}"), None),
    }
}

fn believes(append: &Append, stream: &StreamId, version: Version) -> bool {
    let written = |write: &StreamWrite| write.stream == *stream && write.expect.version() == Some(version);
    let checked = |check: &StreamCheck| check.stream == *stream && check.version == version;
    append.writes.iter().any(written) || append.checks.iter().any(checked)
}

/// An answer, and where the log was when the question was put.
type Answer = (Position, String, Option<Conflict>);

/// Each answer, and everything that is then in the log.
async fn outcome(place: Box<dyn Place>, bursts: &[Vec<Append>]) -> (Vec<Answer>, Vec<Recorded>) {
    let room = Room::new(place).await;
    let mut answers = Vec::new();
    for burst in bursts {
        let head = room.log.head().await.unwrap();
        // Polled in this order, so that they stand in the queue in this order.
        let answered = join_all(burst.iter().map(|append| room.log.append(append.clone()))).await;
        answers.extend(answered.into_iter().map(in_words).map(|(words, conflict)| (head, words, conflict)));
    }
    let events = room.all().await;
    room.log.close().await;
    (answers, events)
}

/// Where a stream was when the log was at `head`.
fn version_at(events: &[Recorded], stream: &StreamId, head: Position) -> Version {
    let last = events.iter().rfind(|event| event.stream == *stream && event.position <= head);
    last.map_or(Version(0), |last| last.version)
}

fn agree(bursts: Vec<Vec<Step>>, place: impl AsyncFnOnce() -> Box<dyn Place>) {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    runtime.block_on(async {
        let bursts = appends(&bursts);
        let model = outcome(memory::place().await, &bursts).await;
        let (answers, events) = outcome(place().await, &bursts).await;
        assert!(events == model.1, "the events do not agree");
        for (at, (append, (said, wanted))) in
            bursts.iter().flatten().zip(answers.iter().zip(&model.0)).enumerate()
        {
            let ((head, words, conflict), (_, wanted, _)) = (said, wanted);
            assert_eq!(words, wanted, "append {at}");
            let Some((stream, expected, actual)) = conflict else { continue };
            assert!(believes(append, stream, *expected) && actual != expected, "append {at}: {said:?}");
            let least = version_at(&events, stream, *head);
            let most = version_at(&events, stream, Position(u64::MAX));
            assert!((least..=most).contains(actual), "append {at}: {said:?} of {least} to {most}");
        }
    });
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn sqlite_agrees_with_the_model(bursts in bursts()) {
        agree(bursts, sqlite::place);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 15, failure_persistence: None, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn postgres_agrees_with_the_model(bursts in bursts()) {
        agree(bursts, postgres::place);
    }
}

#[cfg(feature = "kurrentdb")]
proptest! {
    #![proptest_config(ProptestConfig { cases: 10, failure_persistence: None, max_shrink_iters: 50, ..ProptestConfig::default() })]

    #[test]
    fn kurrent_agrees_with_the_model(bursts in bursts()) {
        agree(bursts, kurrent::place);
    }
}
