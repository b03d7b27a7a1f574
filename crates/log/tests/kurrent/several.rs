//! Several processes on one ledger.

use std::collections::HashSet;

use anyhow::Result;
use futures::future::try_join_all;
use trunkline_kernel::{Position, Version};
use trunkline_log::{AppendError, Expect, Log as _};

use crate::support::{Ledger, all, append, stream, texts};

#[tokio::test]
async fn a_writer_with_old_knowledge_catches_up_and_keeps_its_place_behind() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    let (slow, quick) = (ledger.open("slow").await?, ledger.open("quick").await?);
    let mut seen = ledger.server().appends_seen();
    let release = ledger.server().hold_next_append();
    let held =
        tokio::spawn(async move { (slow.append(append("1", Expect::NoStream, &["second"])).await, slow) });
    seen.wait_for(|count| *count == 1).await?;
    quick.append(append("2", Expect::NoStream, &["first"])).await?;
    drop(release);
    let (appended, slow) = held.await?;
    assert_eq!(appended?.first, Position(2));
    assert_eq!(texts(&slow).await?, ["first", "second"]);
    Ok(())
}

#[tokio::test]
async fn two_processes_keep_one_gapless_order() -> Result<()> {
    const WRITERS: usize = 40;
    let ledger = Ledger::start().await?;
    let logs = [ledger.open("a").await?, ledger.open("b").await?];
    let writes = (0..WRITERS).map(|writer| {
        let log = &logs[writer % 2];
        async move { log.append(append(&writer.to_string(), Expect::NoStream, &["one", "two"])).await }
    });
    let appended = try_join_all(writes).await?;
    let firsts: HashSet<Position> = appended.iter().map(|appended| appended.first).collect();
    assert_eq!(firsts.len(), WRITERS);
    assert!(appended.iter().all(|appended| appended.last == appended.first.plus(1) && !appended.repeated));
    for log in &logs {
        assert_eq!(log.head().await?, Position(2 * WRITERS as u64));
    }
    assert_eq!(texts(&logs[0]).await?.len(), 2 * WRITERS);
    assert_eq!(all(&logs[0]).await?, all(&logs[1]).await?);
    Ok(())
}

#[tokio::test]
async fn of_two_processes_with_the_same_belief_one_wins_each_time() -> Result<()> {
    let ledger = Ledger::start().await?;
    let (a, b) = (ledger.open("a").await?, ledger.open("b").await?);
    for round in 0..10 {
        let expect = Expect::Exactly(Version(round));
        let (first, second) =
            tokio::join!(a.append(append("hot", expect, &["a"])), b.append(append("hot", expect, &["b"])));
        let (lost, won) = if first.is_ok() { (second, first) } else { (first, second) };
        assert_eq!(won?.versions, [(stream("hot"), Version(round + 1))]);
        match lost {
            Err(AppendError::Conflict { stream: at, expected, actual }) => {
                assert_eq!((at, expected, actual), (stream("hot"), Version(round), Version(round + 1)));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(texts(&a).await?.len(), 10);
    Ok(())
}

/// KurrentDB says yes to both, because it knows the event ids.
#[tokio::test]
async fn the_same_events_through_two_processes_at_once_are_appended_once() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    let (a, b) = (ledger.open("a").await?, ledger.open("b").await?);
    let same = append("1", Expect::NoStream, &["once"]);
    let mut seen = ledger.server().appends_seen();
    let releases = [ledger.server().hold_next_append(), ledger.server().hold_next_append()];
    let both = [a, b].map(|log| {
        let same = same.clone();
        tokio::spawn(async move { (log.append(same).await, log) })
    });
    seen.wait_for(|count| *count == 2).await?;
    drop(releases);
    let [(first, a), (second, b)] = try_join_all(both).await?.try_into().ok().expect("two");
    let (first, second) = (first?, second?);
    assert_ne!(first.repeated, second.repeated);
    assert_eq!((first.last, first.recorded_at), (second.last, second.recorded_at));
    assert_eq!(all(&a).await?, all(&b).await?);
    assert_eq!(texts(&a).await?, ["once"]);
    Ok(())
}

/// As above, with other content under the same id: KurrentDB says yes again, and the log must not.
#[tokio::test]
async fn other_events_under_the_same_ids_through_two_processes_at_once_are_refused() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    let (a, b) = (ledger.open("a").await?, ledger.open("b").await?);
    let one = append("1", Expect::NoStream, &["one"]);
    let mut other = append("1", Expect::NoStream, &["other"]);
    other.writes[0].events[0].id = one.writes[0].events[0].id;
    let mut seen = ledger.server().appends_seen();
    let releases = [ledger.server().hold_next_append(), ledger.server().hold_next_append()];
    let both =
        [(a, one), (b, other)].map(|(log, append)| tokio::spawn(async move { log.append(append).await }));
    seen.wait_for(|count| *count == 2).await?;
    drop(releases);
    let answers = try_join_all(both).await?;
    assert_eq!(answers.iter().filter(|answer| answer.is_ok()).count(), 1, "{answers:?}");
    assert!(answers.iter().any(|answer| matches!(answer, Err(AppendError::Reused { .. }))), "{answers:?}");
    Ok(())
}

#[tokio::test]
async fn a_new_process_copies_the_whole_ledger_and_an_old_one_only_the_rest() -> Result<()> {
    let ledger = Ledger::start().await?;
    let log = ledger.open("a").await?;
    let texts_of_one = vec!["x"; 500];
    for batch in 0..5 {
        log.append(append(&batch.to_string(), Expect::NoStream, &texts_of_one)).await?;
    }
    log.close().await;
    let late = ledger.open("late").await?;
    assert_eq!(texts(&late).await?.len(), 2_500);
    late.append(append("6", Expect::NoStream, &["more"])).await?;
    let again = ledger.open("a").await?;
    assert_eq!(all(&again).await?, all(&late).await?);
    Ok(())
}
