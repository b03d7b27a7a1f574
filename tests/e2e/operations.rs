//! What operators rely on: health, readiness, metrics, logs, and any of the stores by configuration.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use trunkline_projections::ReadModel;
use trunkline_testkit::{Postgres, TrunklineProcess, wait_for};

use crate::binary::run;

const REGISTER: &str =
    "mutation { registerCustomer(input: {kind: COMPANY}) { id position userErrors { code } } }";
const CUSTOMER: &str = "query($id: ID!, $at: Position!) { customer(id: $id, minPosition: $at) { id } }";

/// Writes and reads back through the API.
async fn writes_and_reads(client: &trunkline_testkit::Client) -> Result<()> {
    let done = client.run(REGISTER, json!({})).await?;
    let (id, position) = (&done["registerCustomer"]["id"], &done["registerCustomer"]["position"]);
    let read = client.run(CUSTOMER, json!({"id": id, "at": position})).await?;
    assert_eq!(read["customer"]["id"], *id);
    Ok(())
}

fn counter(metrics: &str, name: &str) -> Result<u64> {
    let line = metrics.lines().find_map(|line| line.strip_prefix(&format!("trunkline_{name}_total ")));
    Ok(line.with_context(|| format!("no {name} in {metrics}"))?.parse()?)
}

#[tokio::test]
async fn health_readiness_metrics_and_logs_tell_how_the_server_is() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let arguments = ["--log-format", "json", "serve", "--listen", "127.0.0.1:0"];
    let serving = TrunklineProcess::serve(folder.path(), &arguments).await?;
    let client = &serving.client;
    assert_eq!(client.page("/healthz").await?, "alive\n");
    writes_and_reads(client).await?;
    let ready = wait_for("readiness", async || Ok(client.page("/readyz").await.ok())).await?;
    let ready: Value = serde_json::from_str(&ready)?;
    assert_eq!((&ready["ready"], &ready["notReady"]), (&json!(true), &json!([])));
    assert_eq!(ready["projections"].as_array().map(Vec::len), Some(ReadModel::ALL.len()));
    let metrics = wait_for("what was written and what was recorded of reading", async || {
        let metrics = client.page("/metrics").await?;
        let (events, accesses) = (counter(&metrics, "log_events")?, counter(&metrics, "audit_events")?);
        Ok((events == 1 + accesses && accesses > 0).then_some(metrics))
    })
    .await?;
    for line in ["trunkline_graphql_mutations_total 1", "# EOF"] {
        assert!(metrics.lines().any(|said| said == line), "{line} is not in\n{metrics}");
    }
    let process = serving.process;
    let said = process.said();
    assert!(process.stop().await?.success());
    for line in said.lines().filter(|line| !line.starts_with("serving on ")) {
        serde_json::from_str::<Value>(line).with_context(|| format!("a log line is JSON: {line}"))?;
    }
    Ok(())
}

#[tokio::test]
async fn an_address_in_use_is_named() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let taken = std::net::TcpListener::bind("127.0.0.1:0")?;
    let address = taken.local_addr()?.to_string();
    let done = run(folder.path(), &["serve", "--listen", &address]).await?;
    assert_eq!(done.code, Some(1));
    assert!(done.err.contains(&format!("cannot listen on {address} (`server.listen`)")), "{}", done.err);
    Ok(())
}

#[tokio::test]
async fn log_and_read_models_live_in_postgresql_by_configuration() -> Result<()> {
    let url = Postgres::shared()?.fresh_database()?;
    let folder = tempfile::tempdir()?;
    let config = format!("[log]\nstore = \"postgres\"\nurl = \"{url}\"\n");
    std::fs::write(folder.path().join("c.toml"), config)?;
    let arguments = ["--config", "c.toml", "serve", "--listen", "127.0.0.1:0"];
    let serving = TrunklineProcess::serve(folder.path(), &arguments).await?;
    writes_and_reads(&serving.client).await?;
    assert!(serving.process.stop().await?.success());
    let mut kept = Vec::new();
    for entry in std::fs::read_dir(folder.path().join("trunkline-data"))? {
        kept.push(entry?.file_name().to_string_lossy().into_owned());
    }
    kept.sort_unstable();
    assert_eq!(kept, ["master.key", "notary.key", "recording-keys", "recordings"], "beside the database");
    let exported = run(folder.path(), &["--config", "c.toml", "log", "export"]).await?.success()?;
    assert!(exported.contains("customer.registered"), "{exported}");
    let shown = run(folder.path(), &["--config", "c.toml", "config", "check"]).await?.success()?;
    assert!(shown.contains("log.store") && shown.contains("(c.toml, line 2)"), "{shown}");
    Ok(())
}
