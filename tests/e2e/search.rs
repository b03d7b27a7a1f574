//! The log at a search service, sent by the real server that is killed on the way, to a receiver that fails now and then.

use std::collections::BTreeSet;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_testkit::opensearch::{Manners, Mood, Receiver};
use trunkline_testkit::{Serving, TrunklineProcess, wait_for};

use crate::binary::{exported, run};
use crate::place::register;

const SERVE: [&str; 3] = ["serve", "--listen", "127.0.0.1:0"];
const KEY: &str = "c2VjcmV0OmtleQ==";

/// Small batches and short times, so that everything that can go wrong does so within seconds.
async fn serve(folder: &std::path::Path, url: &str) -> Result<Serving> {
    let settings = [
        ("TRUNKLINE_OPENSEARCH_URL", url),
        ("TRUNKLINE_OPENSEARCH_API_KEY", KEY),
        ("TRUNKLINE_OPENSEARCH_BATCH_ROWS_MAX", "3"),
        ("TRUNKLINE_OPENSEARCH_TIMEOUT_MS", "300"),
        ("TRUNKLINE_OPENSEARCH_BACKOFF_FIRST_MS", "5"),
        ("TRUNKLINE_OPENSEARCH_BACKOFF_MAX_MS", "50"),
        ("TRUNKLINE_OPENSEARCH_LEASE_MS", "1000"),
    ];
    TrunklineProcess::serve_with(folder, &SERVE, &settings).await
}

async fn health(serving: &Serving) -> Result<Value> {
    let page: Value = serde_json::from_str(&serving.client.page("/readyz").await?)?;
    Ok(page["search"].clone())
}

/// Waits until everything that is in the log has arrived.
async fn arrived(serving: &Serving) -> Result<()> {
    wait_for("everything to arrive at the search service", async || {
        let now = health(serving).await?;
        let head: Value = serde_json::from_str(&serving.client.page("/readyz").await?)?;
        Ok((now["shipping"] == true && now["position"] == head["log"]["position"]).then_some(()))
    })
    .await
}

/// The ids that the documents of the whole log have.
async fn expected(folder: &std::path::Path) -> Result<BTreeSet<String>> {
    let mut ids = BTreeSet::new();
    for event in exported(folder, &[]).await? {
        let id = event["id"].as_str().context("an event has an id")?.to_owned();
        match event["payload"]["entries"].as_array().filter(|_| event["type"] == "access.recorded") {
            Some(entries) => ids.extend((0..entries.len()).map(|number| format!("{id}-{number}"))),
            None => {
                ids.insert(id);
            }
        }
    }
    Ok(ids)
}

#[tokio::test]
async fn every_event_arrives_once_in_the_end_although_everybody_dies_on_the_way() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let moods = [
        Mood::Take,
        Mood::Refuse(429),
        Mood::Half(503),
        Mood::BreakOff,
        Mood::Take,
        Mood::Refuse(503),
        Mood::Stall,
        Mood::Half(429),
    ];
    let authorization = Some(format!("ApiKey {KEY}"));
    let manners = Manners { moods: moods.to_vec(), authorization, ..Manners::default() };
    let receiver = Receiver::start(manners.clone()).await?;
    for round in 0..3 {
        let serving = serve(folder.path(), receiver.url()).await?;
        let before = receiver.requests();
        for number in 0..8 {
            register(&serving.client, &format!("欧阳致远 {round} {number}")).await?;
            serving.client.run("{ customers(first: 3) { nodes { name } } }", json!({})).await?;
        }
        wait_for("some of it to be sent", async || Ok((receiver.requests() > before + 3).then_some(())))
            .await?;
        serving.process.kill().await?;
    }
    // Nobody asks this one for anything, so that the log stands still.
    let serving = serve(folder.path(), receiver.url()).await?;
    arrived(&serving).await?;
    let metrics = serving.client.page("/metrics").await?;
    for line in ["trunkline_search_lag 0", "trunkline_search_rejected_total 0", "trunkline_search_shipping 1"]
    {
        ensure!(metrics.lines().any(|found| found == line), "{line}\n{metrics}");
    }
    assert!(serving.process.stop().await?.success());
    receiver.check()?;
    let documents = receiver.documents();
    let sent: BTreeSet<String> = documents.keys().cloned().collect();
    assert_eq!(sent, expected(folder.path()).await?);
    ensure!(receiver.arrivals() > documents.len(), "at least once, and some of it more often");
    let text = serde_json::to_string(&documents)?;
    ensure!(!text.contains("欧阳致远"), "a name is at the search service");
    ensure!(text.contains("customer.registered") && text.contains("\"customers\""), "{text}");
    // Whoever asks how it is configured is not told the key.
    let check = ["config", "check", "--config", "search.toml"];
    let settings = format!("[opensearch]\nurl = \"{}\"\napi_key = \"{KEY}\"\n", receiver.url());
    std::fs::write(folder.path().join("search.toml"), settings)?;
    let told = run(folder.path(), &check).await?.success()?;
    ensure!(told.contains("opensearch.api_key") && !told.contains(KEY), "{told}");
    Ok(())
}

#[tokio::test]
async fn a_service_that_is_not_there_keeps_nobody_from_working_and_gets_everything_later() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let authorization = Some(format!("ApiKey {KEY}"));
    let manners = Manners { authorization, ..Manners::default() };
    let gone = Receiver::start(manners.clone()).await?;
    let url = gone.url().to_owned();
    drop(gone);
    let serving = serve(folder.path(), &url).await?;
    register(&serving.client, "somebody").await?;
    wait_for("the registration to be in the record", async || {
        let recorded = exported(folder.path(), &["--type", "access.recorded"]).await?;
        Ok((!recorded.is_empty()).then_some(()))
    })
    .await?;
    wait_for("the trouble to be told", async || {
        let now = health(&serving).await?;
        Ok(now["trouble"].as_str().filter(|trouble| trouble.contains("cannot be reached")).map(str::to_owned))
    })
    .await?;
    let receiver = Receiver::start_at(url.trim_start_matches("http://"), manners).await?;
    arrived(&serving).await?;
    assert_eq!(health(&serving).await?["trouble"], Value::Null);
    assert!(serving.process.stop().await?.success());
    receiver.check()?;
    assert_eq!(receiver.documents().len(), expected(folder.path()).await?.len());
    Ok(())
}

#[tokio::test]
async fn settings_that_cannot_work_are_refused_with_what_to_do() -> Result<()> {
    let folder = tempfile::tempdir()?;
    for (settings, told) in [
        ("url = \"http://search.example:9200\"", "takes https; plain http is for a service on this machine"),
        ("url = \"https://me:secret@search.example\"", "they go into `opensearch.user`"),
        ("url = \"https://search.example\"\nindex = \"Trunkline\"", "takes up to 200 of a-z"),
        ("url = \"https://search.example\"\nuser = \"a\"\napi_key = \"b\"", "one of them is enough"),
    ] {
        std::fs::write(folder.path().join("search.toml"), format!("[opensearch]\n{settings}\n"))?;
        let done = run(folder.path(), &["config", "check", "--config", "search.toml"]).await?;
        ensure!(done.code == Some(2) && done.err.contains(told), "{done:?}");
        ensure!(!done.err.contains("secret"), "{done:?}");
    }
    Ok(())
}
