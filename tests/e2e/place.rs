//! Where a scenario's server keeps its data, so that it can be started there again.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use trunkline_testkit::{Client, Postgres, Serving, TrunklineProcess};

use crate::binary::{Done, command, done};

/// A data directory, and the database when there is one.
pub(crate) struct Place {
    folder: TempDir,
    environment: Vec<(&'static str, String)>,
}

impl Place {
    /// The embedded databases.
    pub(crate) fn sqlite() -> Result<Self> {
        Ok(Self { folder: tempfile::tempdir()?, environment: Vec::new() })
    }

    /// A database of its own in PostgreSQL.
    pub(crate) fn postgres() -> Result<Self> {
        let url = Postgres::shared()?.fresh_database()?;
        // Several servers may share it, and then they share the master key.
        let master = "c2NlbmFyaW8gbWFzdGVyIGtleSwgMzIgYnl0ZXMgbG8=".to_owned();
        let environment = vec![
            ("TRUNKLINE_LOG_STORE", "postgres".to_owned()),
            ("TRUNKLINE_LOG_URL", url),
            ("TRUNKLINE_VAULT_MASTER_KEYS", master),
        ];
        Ok(Self { folder: tempfile::tempdir()?, environment })
    }

    /// The same with a setting of its own, as an environment variable.
    pub(crate) fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.environment.push((name, value.into()));
        self
    }

    /// Runs a command here to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Result<Done> {
        let arguments = [arguments, &["--data-dir", "data"]].concat();
        let mut command = command(self.folder.path(), &arguments)?;
        done(command.envs(self.environment.iter().map(|(name, value)| (name, value))).output().await?)
    }

    /// Starts a server here.
    pub(crate) async fn serve(&self) -> Result<Serving> {
        let environment: Vec<(&str, &str)> =
            self.environment.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let arguments = ["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"];
        TrunklineProcess::serve_with(self.folder.path(), &arguments, &environment).await
    }
}

/// Registers a customer under an idempotency key and gives the payload.
pub(crate) async fn register(client: &Client, key: &str) -> Result<Value> {
    let mutation = "mutation Register($input: RegisterCustomerInput!) {
        registerCustomer(input: $input) { id position eventIds repeated userErrors { code message } }
    }";
    let input = json!({ "kind": "PERSON", "profile": { "name": key }, "idempotencyKey": key });
    let mut data = client.run(mutation, json!({ "input": input })).await?;
    let payload = data["registerCustomer"].take();
    ensure!(payload["userErrors"] == json!([]), "{key} was refused: {payload}");
    Ok(payload)
}

/// The whole log, position and event id, oldest first, read in pages.
pub(crate) async fn whole_log(client: &Client) -> Result<Vec<(u64, String)>> {
    log_of(client, |_| true).await
}

/// What commands have written: that somebody reads is an event as well, and is not among them.
pub(crate) async fn written(client: &Client) -> Result<Vec<(u64, String)>> {
    log_of(client, |event_type| event_type != "access.recorded").await
}

async fn log_of(client: &Client, keeps: impl Fn(&str) -> bool) -> Result<Vec<(u64, String)>> {
    let query = "query Log($after: String) {
        events(first: 100, after: $after) { nodes { position id type } pageInfo { hasNextPage endCursor } }
    }";
    let mut log = Vec::new();
    let mut after = Value::Null;
    loop {
        let data = client.run(query, json!({ "after": after })).await?;
        let page = &data["events"];
        for event in page["nodes"].as_array().context("a page has nodes")? {
            if !keeps(event["type"].as_str().context("a type is text")?) {
                continue;
            }
            let position = event["position"].as_str().context("a position is text")?.parse()?;
            log.push((position, event["id"].as_str().context("an id is text")?.to_owned()));
        }
        if page["pageInfo"]["hasNextPage"] != true {
            return Ok(log);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

/// Whether positions count from 1 without a gap.
pub(crate) fn gapless(log: &[(u64, String)]) -> bool {
    log.iter().zip(1..).all(|((position, _), expected)| *position == expected)
}
