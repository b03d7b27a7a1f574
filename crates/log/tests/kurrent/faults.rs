//! Servers that go away, connections that break in the middle, and notifications that never come.

use std::sync::Arc;
use std::time::Duration;

use anyhow::Result;
use tokio::sync::oneshot;
use tokio::time::Instant;
use trunkline_kernel::{Position, SystemClock, Version};
use trunkline_log::{AppendError, Expect, KurrentLog, Log as _, LogError};
use trunkline_testkit::PATIENCE;
use trunkline_testkit::kurrent::Fault;

use crate::support::{Ledger, append, stream, texts, until};

#[tokio::test]
async fn a_server_that_is_down_is_a_clean_error() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    ledger.server().stop().await;
    let began = Instant::now();
    let Err(error) = ledger.open("a").await else { panic!("there is nothing to open") };
    assert!(matches!(error, LogError::Store(_)), "{error:?}");
    assert!(began.elapsed() < Duration::from_secs(10));
    Ok(())
}

#[tokio::test]
async fn reads_go_on_while_the_server_is_away_and_appends_after_it() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    let mut options = ledger.options("a");
    options.limits.retries_max = 2;
    let log = KurrentLog::open(options, Arc::new(SystemClock)).await?;
    log.append(append("1", Expect::NoStream, &["before"])).await?;
    ledger.server().stop().await;
    assert_eq!(texts(&log).await?, ["before"]);
    let refused = log.append(append("1", Expect::Exactly(Version(1)), &["meanwhile"])).await;
    assert!(matches!(refused, Err(AppendError::Log(LogError::Store(_)))), "{refused:?}");
    assert!(matches!(log.head().await, Err(LogError::Store(_))));
    ledger.server().start_again().await?;
    let appended = log.append(append("1", Expect::Exactly(Version(1)), &["after"])).await?;
    assert_eq!(appended.first, Position(2));
    assert_eq!(texts(&log).await?, ["before", "after"]);
    Ok(())
}

#[tokio::test]
async fn a_server_that_comes_back_in_time_is_not_noticed() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    let log = ledger.open("a").await?;
    log.append(append("1", Expect::NoStream, &["before"])).await?;
    ledger.server().stop().await;
    ledger.server().start_again().await?;
    log.append(append("1", Expect::Exactly(Version(1)), &["after"])).await?;
    assert_eq!(texts(&log).await?, ["before", "after"]);
    Ok(())
}

#[tokio::test]
async fn an_append_whose_answer_is_lost_is_found_and_not_written_twice() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    let log = ledger.open("a").await?;
    log.append(append("1", Expect::NoStream, &["first"])).await?;
    ledger.server().on_next_append(Fault::LoseAnswer);
    let appended = log.append(append("1", Expect::Exactly(Version(1)), &["lost", "found"])).await?;
    assert!(!appended.repeated);
    assert_eq!(log.stats().retries(), 1, "the connection did break");
    assert_eq!((appended.first, appended.last), (Position(2), Position(3)));
    assert_eq!(appended.versions, [(stream("1"), Version(3))]);
    assert_eq!(*ledger.server().appends_seen().borrow(), 2, "it was looked up, not sent again");
    assert_eq!(texts(&log).await?, ["first", "lost", "found"]);
    Ok(())
}

#[tokio::test]
async fn an_append_that_is_lost_or_refused_is_sent_again() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    let log = ledger.open("a").await?;
    for (fault, text) in [(Fault::LoseRequest, "lost"), (Fault::Refuse, "refused")] {
        ledger.server().on_next_append(fault);
        let appended = log.append(append(text, Expect::NoStream, &[text])).await?;
        assert!(!appended.repeated);
    }
    assert_eq!(log.stats().retries(), 2);
    assert_eq!(texts(&log).await?, ["lost", "refused"]);
    Ok(())
}

#[tokio::test]
async fn an_append_that_fails_for_good_can_be_repeated_without_harm() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    let mut options = ledger.options("a");
    options.limits.retries_max = 0;
    let log = KurrentLog::open(options, Arc::new(SystemClock)).await?;
    let written = append("1", Expect::NoStream, &["once"]);
    ledger.server().on_next_append(Fault::LoseAnswer);
    let unknown = log.append(written.clone()).await;
    assert!(matches!(unknown, Err(AppendError::Log(_))), "{unknown:?}");
    let again = log.append(written.clone()).await?;
    assert!(again.repeated);
    assert_eq!(again.last, Position(1));
    assert_eq!(texts(&log).await?, ["once"]);
    Ok(())
}

#[tokio::test]
async fn refused_reads_do_not_fail_an_append() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    // The subscription alone can take one of the three away: the timer is slow here.
    let log = ledger.open_with_interval("a", Duration::from_hours(1)).await?;
    ledger.server().refuse_reads(3);
    let appended = log.append(append("1", Expect::NoStream, &["once"])).await?;
    assert!(log.stats().retries() > 0);
    assert_eq!(appended.last, Position(1));
    assert_eq!(texts(&log).await?, ["once"]);
    Ok(())
}

/// Trap 4: notifications get lost, and the timer finds the event.
#[tokio::test]
async fn t04_an_event_without_a_notification_is_found_by_the_timer() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    ledger.server().silence_subscriptions(true);
    let (writer, reader) = (ledger.open("writer").await?, ledger.open("reader").await?);
    writer.append(append("1", Expect::NoStream, &["unannounced"])).await?;
    until(&reader, Position(1)).await?;
    assert_eq!(texts(&reader).await?, ["unannounced"]);
    Ok(())
}

#[tokio::test]
async fn a_notification_is_enough_when_the_timer_is_slow() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    let reader = ledger.open_with_interval("reader", Duration::from_hours(1)).await?;
    let writer = ledger.open("writer").await?;
    writer.append(append("1", Expect::NoStream, &["announced"])).await?;
    until(&reader, Position(1)).await?;
    assert_eq!(texts(&reader).await?, ["announced"]);
    Ok(())
}

#[tokio::test]
async fn followers_survive_broken_connections() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    let (writer, reader) = (ledger.open("writer").await?, ledger.open("reader").await?);
    for round in 0..5 {
        ledger.server().break_connections();
        writer.append(append(&round.to_string(), Expect::NoStream, &["again"])).await?;
    }
    until(&reader, Position(5)).await?;
    assert_eq!(texts(&reader).await?, ["again"; 5]);
    Ok(())
}

#[tokio::test]
async fn an_append_whose_process_ends_before_its_answer_is_there_for_the_next_one() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    let reader = ledger.open("reader").await?;
    let (_unanswered, held) = oneshot::channel();
    ledger.server().on_next_append(Fault::HoldAnswer(held));
    let written = append("1", Expect::NoStream, &["whole", "append"]);

    let process = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let (options, same) = (ledger.options("a"), written.clone());
    process.spawn(async move {
        let log = KurrentLog::open(options, Arc::new(SystemClock)).await.unwrap();
        log.append(same).await.unwrap();
    });
    until(&reader, Position(2)).await?;
    tokio::task::spawn_blocking(move || process.shutdown_timeout(PATIENCE)).await?;

    let next = ledger.open("a").await?;
    assert_eq!(texts(&next).await?, ["whole", "append"]);
    assert!(next.append(written).await?.repeated);
    Ok(())
}

/// The limits of the log keep calls below KurrentDB's, except for tags beyond all measure.
#[tokio::test]
async fn what_the_server_finds_too_large_fails_alone() -> Result<()> {
    let ledger = Ledger::in_this_process().await?;
    let log = ledger.open("a").await?;
    let mut large = append("large", Expect::NoStream, &["x"; 400]);
    for event in &mut large.writes[0].events {
        event.tags = (0..20).map(|n| format!("tag:{n}{}", "x".repeat(150)).parse().unwrap()).collect();
    }
    let (refused, taken) =
        tokio::join!(log.append(large), log.append(append("small", Expect::NoStream, &["small"])));
    let Err(AppendError::Log(error)) = refused else { panic!("{refused:?}") };
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    let causes: Vec<String> = causes.map(ToString::to_string).collect();
    assert!(causes.iter().any(|cause| cause.contains("Maximum Append Size")), "{causes:?}");
    assert_eq!(taken?.first, Position(1));
    assert_eq!(texts(&log).await?, ["small"]);
    Ok(())
}
