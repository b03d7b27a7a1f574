//! A person's data from registration to erasure, over the real binary and its files.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use tempfile::TempDir;
use trunkline_testkit::{Client, Serving, TrunklineProcess};

use crate::canary::search::Planted;

const NAME: &str = "欧阳致远";
const PHONE: &str = "+8613800138000";
const NOTE: &str = "waits for the flat in Hangzhou";

async fn serve(folder: &TempDir) -> Result<Serving> {
    TrunklineProcess::serve(folder.path(), &["serve", "--data-dir", "data", "--listen", "127.0.0.1:0"]).await
}

async fn done(client: &Client, mutation: &str, input: Value) -> Result<Value> {
    let name = mutation.split(['(', ' ']).next().unwrap_or_default();
    let type_name = format!("{}{}Input", name[..1].to_uppercase(), &name[1..]);
    let text = format!(
        "mutation Do($input: {type_name}!) {{ {name}(input: $input) {{ id position userErrors {{ code message }} }} }}"
    );
    let mut data = client.run(&text, json!({ "input": input })).await?;
    let payload = data[name].take();
    ensure!(payload["userErrors"] == json!([]), "{name} was refused: {payload}");
    Ok(payload)
}

const FIND: &str = "query Find($part: String, $at: Position) {
    customers(filter: { nameContains: $part }, minPosition: $at) { nodes { id name nameState } } }";

const WHO: &str = "query Who($id: ID!, $at: Position) { customer(id: $id, minPosition: $at) {
    name nameState erasedAt attributes { name value } identifiers { value valueState }
    timeline { nodes { subject { ... on Task { title titleState } } } } } }";

async fn register(client: &Client) -> Result<(String, Value)> {
    let profile = json!({ "name": NAME, "attributes": [{ "name": "plan", "value": NOTE }] });
    let input = json!({ "kind": "PERSON", "profile": profile, "idempotencyKey": "first",
        "identifiers": [{ "kind": "PHONE", "value": "+86 138 0013 8000" }] });
    let registered = done(client, "registerCustomer", input).await?;
    let id = registered["id"].as_str().context("a customer has an id")?.to_owned();
    let task = json!({ "kind": "FOLLOW_UP", "title": format!("call {NAME}"), "customerId": id });
    let opened = done(client, "openTask", task).await?;
    Ok((id, opened["position"].clone()))
}

async fn erase(client: &Client, customer: &str) -> Result<Value> {
    let asked = json!({ "customerId": customer, "right": "ERASURE", "source": "letter 7" });
    let id = done(client, "receiveRightsRequest", asked).await?["id"].clone();
    done(client, "verifyRightsRequest", json!({ "id": id, "evidence": "passport seen" })).await?;
    let executed = done(client, "executeRightsRequest", json!({ "id": id })).await?;
    let again = done(client, "executeRightsRequest", json!({ "id": id })).await?;
    ensure!(again["id"] == executed["id"], "executing it again changes nothing");
    let query = "query Request($id: ID!) { rightsRequest(id: $id) {
        state removed { store removal count } receipt { statement signature publicKey } } }";
    let mut data = client.run(query, json!({ "id": id })).await?;
    Ok(data["rightsRequest"].take())
}

/// Where one of the secrets stands in a file below a folder.
fn told(folder: &Path, secrets: &[&str]) -> Result<Vec<String>> {
    Planted::new(secrets)?.below(folder)
}

async fn run(folder: &TempDir, arguments: &[&str]) -> Result<(i32, String)> {
    let arguments: Vec<&str> = [&["--data-dir", "data"], arguments].concat();
    let mut process = TrunklineProcess::start(folder.path(), &arguments)?;
    let status = process.ended().await?;
    Ok((status.code().context("it was killed")?, process.said()))
}

#[tokio::test]
async fn a_person_is_found_forgotten_and_found_nowhere() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let serving = serve(&folder).await?;
    let (id, at) = register(&serving.client).await?;
    serving.process.stop().await?;
    // Nothing that is stored tells who it is, and a restarted server tells it to who asks.
    let data = folder.path().join("data");
    let secrets = [NAME, PHONE, "13800138000", NOTE];
    ensure!(told(&data, &secrets)?.is_empty(), "{:?}", told(&data, &secrets)?);
    let serving = serve(&folder).await?;
    let client = &serving.client;
    let who = client.run(WHO, json!({ "id": id, "at": at })).await?;
    assert_eq!(who["customer"]["name"], NAME);
    assert_eq!(who["customer"]["nameState"], "CLEAR");
    assert_eq!(who["customer"]["attributes"], json!([{ "name": "plan", "value": NOTE }]));
    assert_eq!(who["customer"]["identifiers"], json!([{ "value": PHONE, "valueState": "CLEAR" }]));
    assert_eq!(who["customer"]["timeline"]["nodes"][0]["subject"]["title"], format!("call {NAME}"));
    for part in ["致远", "阳", NAME] {
        let found = client.run(FIND, json!({ "part": part, "at": at })).await?;
        assert_eq!(found["customers"]["nodes"][0]["name"], NAME, "by {part}");
    }
    // A backup that was made before the erasure is where the person can still be found.
    let backup = folder.path().join("backup");
    fs::create_dir_all(&backup)?;
    serving.process.stop().await?;
    for file in ["keys.db", "log.db"] {
        fs::copy(data.join(file), backup.join(file))?;
    }
    let serving = serve(&folder).await?;
    let request = erase(&serving.client, &id).await?;
    assert_eq!(request["state"], "DONE");
    let stores: Vec<_> =
        request["removed"].as_array().context("a list")?.iter().map(|r| &r["store"]).collect();
    assert_eq!(stores.len(), 5, "{stores:?}");
    let who = serving.client.run(WHO, json!({ "id": id, "at": Value::Null })).await?;
    assert_eq!(who["customer"]["name"], Value::Null);
    assert_eq!(who["customer"]["nameState"], "ERASED");
    assert_eq!(who["customer"]["identifiers"], json!([]));
    assert_eq!(who["customer"]["attributes"], json!([]));
    let task = &who["customer"]["timeline"]["nodes"][0]["subject"];
    assert_eq!((&task["title"], &task["titleState"]), (&Value::Null, &json!("ERASED")));
    let found = serving.client.run(FIND, json!({ "part": "致远", "at": Value::Null })).await?;
    assert_eq!(found["customers"]["nodes"], json!([]));
    // The person may come back as somebody new, with the same number.
    let (again, _) = register_again(&serving.client).await?;
    ensure!(again != id, "a new customer");
    serving.process.stop().await?;
    receipts_and_backups(&folder, &id, &request).await
}

async fn register_again(client: &Client) -> Result<(String, Value)> {
    let input = json!({ "kind": "PERSON", "profile": {},
        "identifiers": [{ "kind": "PHONE", "value": PHONE }] });
    let registered = done(client, "registerCustomer", input).await?;
    Ok((registered["id"].as_str().context("an id")?.to_owned(), registered["position"].clone()))
}

async fn receipts_and_backups(folder: &TempDir, id: &str, request: &Value) -> Result<()> {
    let secrets = [NAME, PHONE, NOTE];
    let left = told(&folder.path().join("data"), &secrets)?;
    ensure!(left.is_empty(), "{left:?}");
    let receipt = &request["receipt"];
    fs::write(folder.path().join("receipt.json"), receipt.to_string())?;
    assert_eq!(run(folder, &["privacy", "receipt", "receipt.json"]).await?.0, 0);
    let mut bent = receipt.clone();
    bent["statement"] =
        json!(receipt["statement"].as_str().context("a statement")?.replace("\"count\":1", "\"count\":0"));
    fs::write(folder.path().join("bent.json"), bent.to_string())?;
    assert_eq!(run(folder, &["privacy", "receipt", "bent.json"]).await?.0, 4);
    let verify = ["privacy", "verify", id, "--value", NAME, "--value", PHONE];
    let (code, said) = run(folder, &verify).await?;
    ensure!(code == 0 && said.contains("Nothing is left"), "{said}");
    let (code, said) = run(folder, &[&verify[..], &["--backup", "backup"]].concat()).await?;
    ensure!(code == 4 && said.contains("still has the key"), "{said}");
    // With the old master key forgotten, the backup's keys cannot be unwrapped any more.
    assert_eq!(run(folder, &["keys", "rotate"]).await?.0, 0);
    assert_eq!(run(folder, &["keys", "retire"]).await?.0, 0);
    let (code, said) = run(folder, &[&verify[..], &["--backup", "backup"]].concat()).await?;
    ensure!(code == 0, "{said}");
    let export = ["privacy", "export", id, "--reason", "书面申请", "--output", "export.json"];
    assert_eq!(run(folder, &export).await?.0, 0);
    let (_, record) = run(folder, &["log", "export", "--type", "access.recorded"]).await?;
    let noted = record.lines().rfind(|line| line.contains("system:command_line"));
    ensure!(noted.is_some_and(|line| line.contains("书面申请") && line.contains(id)), "{record}");
    let exported = fs::read_to_string(folder.path().join("export.json"))?;
    ensure!(exported.contains("$erased") && !exported.contains(NAME), "{exported}");
    Ok(())
}

#[tokio::test]
async fn everything_about_a_person_is_given_to_the_person() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let serving = serve(&folder).await?;
    let (id, _) = register(&serving.client).await?;
    let scored = json!({ "id": id, "model": "uplift 3", "score": 0.7,
        "contributions": [{ "feature": "age", "value": 0.1 }, { "feature": "calls", "value": -0.4 }] });
    done(&serving.client, "scoreCustomer", scored.clone()).await?;
    let query = "query All($id: ID!) { customerData(customerId: $id)
        automatedDecisions(customerId: $id) { model score reasons { feature value } } }";
    let data = serving.client.run(query, json!({ "id": id })).await?;
    let text = data["customerData"].to_string();
    for known in [NAME, PHONE, NOTE] {
        ensure!(text.contains(known), "the export does not tell {known}: {text}");
    }
    assert_eq!(data["automatedDecisions"][0]["reasons"][0]["feature"], "calls", "the most weighty first");
    // Whoever opts out is not scored any more, and may change their mind.
    let asked = json!({ "customerId": id, "right": "AUTOMATED_DECISION_OPT_OUT" });
    let request = done(&serving.client, "receiveRightsRequest", asked).await?["id"].clone();
    done(&serving.client, "verifyRightsRequest", json!({ "id": request, "evidence": "call 3" })).await?;
    done(&serving.client, "executeRightsRequest", json!({ "id": request })).await?;
    let refused = done(&serving.client, "scoreCustomer", scored.clone()).await;
    let told = refused.map_or_else(|error| error.to_string(), |_| String::new());
    ensure!(told.contains("CUSTOMER_AUTOMATED_DECISIONS_REFUSED"), "it was scored: {told}");
    done(&serving.client, "allowAutomatedDecisions", json!({ "id": id })).await?;
    done(&serving.client, "scoreCustomer", scored).await?;
    Ok(())
}
