//! What was acknowledged is there afterwards on either database, and its keys are known.

use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Result, ensure};
use serde_json::Value;
use tokio::task::JoinSet;
use trunkline_testkit::{Client, wait_for};

use crate::place::{Place, gapless, register, whole_log, written};

/// How many clients write at once.
const WRITERS: usize = 8;
/// After how many answers the server is ended under them.
const ANSWERS: usize = 100;

#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    Kill,
    Stop,
}

/// Writes until the server is gone and gives the key and payload of every answer.
async fn write(client: Client, writer: usize, count: Arc<AtomicUsize>) -> Vec<(String, Value)> {
    let mut answers = Vec::new();
    for number in 0.. {
        let key = format!("writer {writer} customer {number}");
        let Ok(payload) = register(&client, &key).await else { break };
        count.fetch_add(1, Ordering::SeqCst);
        answers.push((key, payload));
    }
    answers
}

async fn nothing_acknowledged_is_lost(place: Place, end: End) -> Result<()> {
    let serving = place.serve().await?;
    let count = Arc::new(AtomicUsize::new(0));
    let mut writers = JoinSet::new();
    for writer in 0..WRITERS {
        writers.spawn(write(serving.client.clone(), writer, Arc::clone(&count)));
    }
    wait_for("enough answers", async || Ok((count.load(Ordering::SeqCst) >= ANSWERS).then_some(()))).await?;
    match end {
        End::Kill => serving.process.kill().await?,
        End::Stop => {
            let status = serving.process.stop().await?;
            ensure!(status.success(), "a server that is asked to stop ends well, not with {status}");
        }
    }
    let answers: Vec<(String, Value)> = writers.join_all().await.into_iter().flatten().collect();
    ensure!(answers.len() >= ANSWERS, "the writers saw their answers");

    let serving = place.serve().await?;
    let log = whole_log(&serving.client).await?;
    ensure!(gapless(&log), "the log has a gap: {log:?}");
    let ids: HashSet<&str> = log.iter().map(|(_, id)| id.as_str()).collect();
    ensure!(ids.len() == log.len(), "an event is in the log twice");
    for (key, payload) in &answers {
        let events = payload["eventIds"].as_array().into_iter().flatten().filter_map(Value::as_str);
        let missing: Vec<&str> = events.filter(|id| !ids.contains(id)).collect();
        ensure!(missing.is_empty(), "{key} was acknowledged, and its events {missing:?} are lost");
    }
    let before = written(&serving.client).await?;
    let (key, first) = &answers[answers.len() / 2];
    let again = register(&serving.client, key).await?;
    ensure!(again["repeated"] == true, "the key {key} is known");
    assert_eq!((&again["id"], &again["eventIds"]), (&first["id"], &first["eventIds"]));
    assert_eq!(written(&serving.client).await?, before, "a repeated command writes nothing");
    serving.process.stop().await?;
    Ok(())
}

#[tokio::test]
async fn a_killed_server_on_sqlite_has_what_it_acknowledged() -> Result<()> {
    nothing_acknowledged_is_lost(Place::sqlite()?, End::Kill).await
}

#[tokio::test]
async fn a_killed_server_on_postgresql_has_what_it_acknowledged() -> Result<()> {
    nothing_acknowledged_is_lost(Place::postgres()?, End::Kill).await
}

#[tokio::test]
async fn a_stopped_server_on_postgresql_has_what_it_acknowledged() -> Result<()> {
    nothing_acknowledged_is_lost(Place::postgres()?, End::Stop).await
}
