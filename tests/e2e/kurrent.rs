//! The real server with its log in KurrentDB.

use anyhow::{Context as _, Result};
use serde_json::json;
use trunkline_testkit::kurrent::TestLedger;
use trunkline_testkit::{Client, Serving, TrunklineProcess};

use crate::binary::exported_with;

const REGISTER: &str = "mutation($name: String!) {
    registerCustomer(input: { kind: PERSON, profile: { name: $name } }) {
        id position customer { name } userErrors { code message } } }";

/// Registers a customer, who is shown in the same answer; gives the id and the position.
async fn register(client: &Client, name: &str) -> Result<(String, String)> {
    let data = client.run(REGISTER, json!({ "name": name })).await?;
    let done = &data["registerCustomer"];
    assert_eq!(done["customer"]["name"], name, "{done}");
    let text = |key: &str| done[key].as_str().map(str::to_owned).context("a registered customer has both");
    Ok((text("id")?, text("position")?))
}

async fn assert_named(client: &Client, (id, position): &(String, String), name: &str) -> Result<()> {
    let query = "query($id: ID!, $from: Position!) { customer(id: $id, minPosition: $from) { name } }";
    let data = client.run(query, json!({ "id": id, "from": position })).await?;
    assert_eq!(data["customer"]["name"], name);
    Ok(())
}

#[tokio::test]
async fn a_log_in_kurrentdb_outlives_the_server_that_wrote_it_and_its_local_copy() -> Result<()> {
    let ledger = TestLedger::start().await?;
    let folder = tempfile::tempdir()?;
    let environment = [
        ("TRUNKLINE_LOG_STORE", "kurrentdb"),
        ("TRUNKLINE_LOG_URL", ledger.connection.as_str()),
        ("TRUNKLINE_LOG_LEDGER", ledger.stream.as_str()),
    ];
    let serve = async || -> Result<Serving> {
        TrunklineProcess::serve_with(folder.path(), &["serve", "--listen", "127.0.0.1:0"], &environment).await
    };
    let serving = serve().await?;
    let first = register(&serving.client, "李伟").await?;
    // A power cut, and the loss of everything that can be made again.
    drop(serving);
    let data = folder.path().join("trunkline-data");
    for file in std::fs::read_dir(&data)? {
        let file = file?.path();
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        if name.starts_with("replica.db") || name.starts_with("read-models.db") {
            std::fs::remove_file(&file)?;
        }
    }

    let serving = serve().await?;
    assert_named(&serving.client, &first, "李伟").await?;
    let second = register(&serving.client, "王芳").await?;
    assert_ne!(first, second);
    assert!(serving.process.stop().await?.success());
    let events = exported_with(folder.path(), &["--type", "customer.registered"], &environment).await?;
    assert_eq!(events.len(), 2, "both are in the log, each once");
    Ok(())
}
