//! What only PostgreSQL can do to a log: lose its connections.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use trunkline_kernel::{Millis, Position};
use trunkline_log::{
    AppendError, Expect, Feed, FeedLimits, Filter, Log, LogError, PostgresLog, PostgresOptions,
};
use trunkline_testkit::{Cable, Postgres, clock};

use crate::adapters::Database;
use crate::support::{Make, Room, assert_gapless, exactly, write};

#[tokio::test(flavor = "multi_thread")]
async fn terminated_connections_lose_nothing() {
    let database = Database::fresh();
    let room = Arc::new(Room::new(Box::new(database.clone())).await);
    let feed = Feed::start(Arc::clone(&room.log), FeedLimits::default());
    let mut subscription = feed.subscribe(Filter::default(), Position::START);
    let writer = tokio::spawn({
        let room = Arc::clone(&room);
        async move {
            for version in 0..150 {
                let append = write("call-a", exactly(version), [room.make.event("call.rang")]);
                let appended = room.log.append(append).await.unwrap();
                assert!(!appended.repeated, "an append is new although its first answer was lost");
            }
        }
    });
    let killer = tokio::task::spawn_blocking(move || {
        let mut killed = 0;
        while killed < 12 {
            let sql = format!(
                "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity \
                 WHERE datname = '{}' AND pid <> pg_backend_pid()",
                database.name()
            );
            killed += database.execute(&sql).unwrap().parse::<u32>().unwrap();
        }
    });
    let mut events = Vec::new();
    while events.len() < 150 {
        events.extend(subscription.next().await.unwrap().events.iter().map(|event| event.as_ref().clone()));
    }
    writer.await.unwrap();
    killer.await.unwrap();
    assert_gapless(&events);
    assert!(events == room.all().await);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cut_cable_never_writes_twice() {
    let database = Database::fresh();
    let cable = Cable::to(([127, 0, 0, 1], Postgres::shared().unwrap().port()).into()).await.unwrap();
    let url = format!("postgres://postgres@127.0.0.1:{}/{}", cable.port(), database.name());
    let log = PostgresLog::open(&url, PostgresOptions::default(), clock()).await.unwrap();
    let log = Arc::new(log);
    let writers: Vec<_> = (0..4_u64)
        .map(|writer| {
            let log = Arc::clone(&log);
            tokio::spawn(async move {
                let make = Make::seeded(writer);
                let mut ids = HashSet::new();
                for _ in 0..40 {
                    let event = make.event("call.rang");
                    ids.insert(event.id);
                    let append = write(&format!("call-{writer}"), Expect::Any, [event]);
                    // A fault is answered only after the log itself has tried; the same ids make it safe.
                    while let Err(error) = log.append(append.clone()).await {
                        assert!(matches!(error, AppendError::Log(LogError::Store(_))), "{error:?}");
                    }
                }
                ids
            })
        })
        .collect();
    for _ in 0..6 {
        let head = log.hint();
        let before = *head.borrow();
        // Cut in the midst of work, whatever it is.
        let _ = tokio::time::timeout(Duration::from_secs(1), head.clone().wait_for(|p| *p > before)).await;
        cable.cut();
        tokio::task::yield_now().await;
        cable.mend();
    }
    let mut ids = HashSet::new();
    for writer in writers {
        ids.extend(writer.await.unwrap());
    }
    let direct = Room::new(Box::new(database)).await;
    let events = direct.all().await;
    assert_gapless(&events);
    assert_eq!(events.len(), 160);
    assert_eq!(events.iter().map(|event| event.event.id).collect::<HashSet<_>>(), ids);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_newer_log_is_not_opened() {
    let database = Database::fresh();
    let room = Room::new(Box::new(database.clone())).await;
    room.clock.advance(Millis(1));
    room.log.close().await;
    database.execute("INSERT INTO log_schema VALUES (99)").unwrap();
    let refused = PostgresLog::open(&database.0, PostgresOptions::default(), clock()).await;
    let Err(LogError::Invalid { reason }) = refused else { panic!("a newer log was opened") };
    assert!(reason.contains("99"), "{reason}");
}
