//! The follower signs in time, goes on where it was, shares with others and proves what it has.

use std::sync::Arc;
use std::time::Duration;

use tokio_util::sync::CancellationToken;
use trunkline_kernel::{Ids as _, Position, RandomIds, SystemClock};
use trunkline_log::Log;
use trunkline_notary::{Proof, Trust};
use trunkline_registry::{Books, Notary, RegistryError, Settings, Stats};
use trunkline_testkit::wait_for;

use crate::support::{House, event, fill, key, notarise, notarised, scope, settings, signing, verified};

struct Running {
    stats: Stats,
    stopping: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

fn start(books: &Books, log: &Arc<dyn Log>, pem: &str, settings: Settings) -> Running {
    let clock = Arc::new(SystemClock);
    let notary = Notary::new(books.clone(), log.clone(), clock, signing(pem), settings, RandomIds.uuid());
    let (stats, stopping) = (notary.stats(), CancellationToken::new());
    Running { stats, stopping: stopping.clone(), task: tokio::spawn(notary.run(stopping)) }
}

async fn reaches(running: &Running, size: u64) {
    let what = format!("a head of size {size}");
    wait_for(&what, async || Ok((running.stats.standing().head_size == size).then_some(()))).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn events_are_signed_after_a_while_and_after_so_many() {
    for house in House::both() {
        let (log, books, pem) = (house.log().await, house.books().await, key());
        let quick = Settings { interval: Duration::from_millis(100), events_max: 1_000_000, ..settings() };
        let running = start(&books, &log, &pem, quick);
        let first = fill(&*log, 1, 10).await;
        reaches(&running, first.0).await;
        running.stopping.cancel();
        running.task.await.unwrap();
        // With an hour to go only the number of events brings a signature.
        let running = start(&books, &log, &pem, settings());
        let second = fill(&*log, 2, 300).await;
        reaches(&running, first.0 + 250).await;
        wait_for("the rest", async || Ok((running.stats.standing().size == second.0).then_some(())))
            .await
            .unwrap();
        let standing = running.stats.standing();
        assert!(standing.keeping && standing.trouble.is_none() && standing.head_at.is_some());
        running.stopping.cancel();
        running.task.await.unwrap();
        assert_eq!(books.last_head().await.unwrap().unwrap().signed.head.size, second.0);
        assert!(verified(&house, scope(&pem, &[])).await.holds());
        log.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn of_two_servers_one_keeps_the_tree_and_the_other_steps_in() {
    for house in House::both() {
        let (log, books, pem) = (house.log().await, house.books().await, key());
        let quick = Settings { interval: Duration::from_millis(50), ..settings() };
        let one = start(&books, &log, &pem, quick.clone());
        wait_for("the first to keep the tree", async || Ok(one.stats.standing().keeping.then_some(())))
            .await
            .unwrap();
        let other = start(&books, &log, &pem, quick);
        let head = fill(&*log, 3, 200).await;
        reaches(&other, head.0).await;
        assert!(!other.stats.standing().keeping);
        let stranger = start(&books, &log, &key(), settings());
        wait_for("the stranger to say that it could not take over", async || {
            Ok(stranger.stats.standing().trouble.map(drop))
        })
        .await
        .unwrap();
        stranger.stopping.cancel();
        stranger.task.await.unwrap();
        // As after a power cut: the lease is not given up and has to run out.
        one.task.abort();
        let head = fill(&*log, 4, 200).await;
        reaches(&other, head.0).await;
        assert!(other.stats.standing().keeping);
        other.stopping.cancel();
        other.task.await.unwrap();
        assert!(verified(&house, scope(&pem, &[])).await.holds());
        log.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_notary_that_is_stopped_at_any_moment_leaves_a_tree_that_holds() {
    let house = House::sqlite();
    let (log, pem) = (house.log().await, key());
    let head = fill(&*log, 6, 3_000).await;
    let hasty = Settings { events_max: 40, page_events: 13, lease: Duration::from_millis(30), ..settings() };
    for tries in 0..20_u32 {
        let books = house.books().await;
        let running = start(&books, &log, &pem, hasty.clone());
        let enough = books.size().await.unwrap() + 60 + u64::from(tries);
        wait_for("some progress", async || {
            Ok((running.stats.standing().size >= enough.min(head.0)).then_some(()))
        })
        .await
        .unwrap();
        running.task.abort();
        let _ = running.task.await;
        let size = books.size().await.unwrap();
        let last = books.last_head().await.unwrap();
        if let Some(last) = last {
            assert_eq!(books.root(last.signed.head.size).await.unwrap(), last.signed.head.root);
            assert!(last.signed.head.size <= size);
        }
        books.close().await;
    }
    notarise(&house, log.clone(), &pem).await;
    assert!(verified(&house, scope(&pem, &[])).await.holds());
    log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_event_and_every_growth_is_proven() {
    for house in House::both() {
        let pem = key();
        let head = notarised(&house, 600, &pem).await;
        let (log, books) = (house.log().await, house.books().await);
        let trust = Trust::new(signing(&pem).public());
        for position in [1, 2, 255, 256, 257, 512, head.head.size] {
            let proof = books.prove_now(&event(&*log, position).await).await.unwrap();
            Proof::Inclusion(proof).check(&trust).unwrap();
        }
        let last = books.last_head().await.unwrap().unwrap();
        for earlier in books.heads_after(0, 100).await.unwrap() {
            let proof = books.prove_growth(earlier.signed, &last).await.unwrap();
            Proof::Consistency(proof).check(&trust).unwrap();
        }
        let mut changed = event(&*log, 9).await;
        changed.version.0 += 1;
        let refused = books.prove_now(&changed).await;
        assert!(matches!(refused, Err(RegistryError::Changed(Position(9)))), "{refused:?}");
        let later = fill(&*log, 8, 5).await;
        let refused = books.prove_now(&event(&*log, later.0).await).await;
        assert!(matches!(refused, Err(RegistryError::NotYet { .. })), "{refused:?}");
        log.close().await;
        books.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_vouched_for_from_a_changed_event_on() {
    let house = House::sqlite();
    let (log, pem) = (house.log().await, key());
    fill(&*log, 9, 300).await;
    house.attack(&["UPDATE events SET actor = 'user:mallory' WHERE position = 200"]).await;
    let books = house.books().await;
    let running = start(&books, &log, &pem, settings());
    let told = wait_for("the trouble to be told", async || Ok(running.stats.standing().trouble));
    assert!(told.await.unwrap().contains("position 200"));
    running.stopping.cancel();
    running.task.await.unwrap();
    assert_eq!(books.size().await.unwrap(), 199);
    log.close().await;
}
