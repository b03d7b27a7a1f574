//! Whatever was acknowledged is there after a graceful shutdown; `acknowledged` tells of kills and of PostgreSQL.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use anyhow::{Context as _, Result};
use futures::future::join_all;
use serde_json::{Value, json};
use trunkline_testkit::{Client, TrunklineProcess, wait_for};

use crate::binary::exported;

/// How many clients write at once.
const WRITERS: usize = 16;

/// How many commands are acknowledged before the server is ended.
const BEFORE_THE_END: usize = 200;

const REGISTER: &str = "mutation($input: RegisterCustomerInput!) {
    registerCustomer(input: $input) { userErrors { code } eventIds } }";

/// Writes until the server does not answer any more; gives the ids of the acknowledged events.
async fn write(client: Client, acknowledged: Arc<AtomicUsize>) -> Vec<String> {
    let mut events = Vec::new();
    loop {
        let Ok(data) = client.run(REGISTER, json!({"input": {"kind": "PERSON"}})).await else {
            return events;
        };
        let ids = data["registerCustomer"]["eventIds"].as_array().cloned().unwrap_or_default();
        events.extend(ids.iter().filter_map(Value::as_str).map(str::to_owned));
        acknowledged.fetch_add(1, Ordering::SeqCst);
    }
}

/// Serves `folder` under load, ends the server with `end` in the middle of it, and gives the acknowledged events.
async fn under_load<E: AsyncFnOnce(TrunklineProcess) -> Result<()>>(
    folder: &Path,
    end: E,
) -> Result<Vec<String>> {
    let serving = TrunklineProcess::serve(folder, &["serve", "--listen", "127.0.0.1:0"]).await?;
    let acknowledged = Arc::new(AtomicUsize::new(0));
    let writers: Vec<_> = (0..WRITERS)
        .map(|_| tokio::spawn(write(serving.client.clone(), Arc::clone(&acknowledged))))
        .collect();
    wait_for("enough acknowledged commands", async || {
        Ok((acknowledged.load(Ordering::SeqCst) >= BEFORE_THE_END).then_some(()))
    })
    .await?;
    end(serving.process).await?;
    let mut events = Vec::new();
    for written in join_all(writers).await {
        events.extend(written.context("a writer ended well")?);
    }
    Ok(events)
}

async fn assert_all_are_there(folder: &Path, acknowledged: &[String]) -> Result<()> {
    assert!(acknowledged.len() >= BEFORE_THE_END, "only {} were acknowledged", acknowledged.len());
    let events = exported(folder, &[]).await?;
    let there: BTreeSet<String> =
        events.iter().filter_map(|event| event["id"].as_str()).map(|id| format!("event:{id}")).collect();
    let lost: Vec<&String> = acknowledged.iter().filter(|id| !there.contains(*id)).collect();
    assert!(lost.is_empty(), "{} of {} acknowledged events are lost", lost.len(), acknowledged.len());
    let positions: Vec<u64> = events.iter().filter_map(|event| event["position"].as_u64()).collect();
    assert_eq!(positions, (1..=events.len() as u64).collect::<Vec<_>>(), "positions have no gap");
    Ok(())
}

#[tokio::test]
async fn a_graceful_shutdown_under_load_loses_no_acknowledged_command() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let acknowledged = under_load(folder.path(), async |process| {
        let status = process.stop().await?;
        assert!(status.success(), "{status}");
        Ok(())
    });
    assert_all_are_there(folder.path(), &acknowledged.await?).await
}
