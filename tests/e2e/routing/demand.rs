//! A surge of one kind of customer: its specialists count for more, by an event, in the next decisions, and for a while.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_testkit::{Client, wait_for};

use super::centre::{agent, call, done, routing};
use crate::place::Place;

/// Ten calls within a moment are a surge; it is forgotten within some seconds.
const WATCH: &str = "[[watch]]\ncolumn = \"industry=零售\"\nusualPerHour = 60.0\nhalfLife = 3000\nfromRatio = 2.0\n\
                     amountMax = 0.5\n";

/// The payloads of the newest events of a type, the oldest first.
async fn happened(client: &Client, event_type: &str) -> Result<Vec<Value>> {
    let query =
        "query E($types: [String!]) { events(filter: { types: $types }, first: 100) { nodes { payload } } }";
    let data = client.run(query, json!({ "types": [event_type] })).await?;
    let nodes = data["events"]["nodes"].as_array().context("events")?;
    Ok(nodes.iter().map(|node| node["payload"].clone()).collect())
}

#[tokio::test]
async fn a_surge_raises_its_specialists_by_an_event_and_fades() -> Result<()> {
    let file = tempfile::NamedTempFile::new()?;
    std::fs::write(file.path(), WATCH)?;
    let place = Place::sqlite()?
        .with("TRUNKLINE_ROUTING_DEMAND_FILE", file.path().display().to_string())
        .with("TRUNKLINE_ROUTING_LOOK_MS", "100");
    let serving = place.serve().await?;
    let client = &serving.client;
    agent(client, "张敏", "零售").await?;
    for _ in 0..10 {
        done(client, "createCall", json!({ "direction": "INBOUND", "industry": "零售" })).await?;
    }
    let raised = wait_for("specialists who count for more", async || {
        Ok(happened(client, "demand.shifted").await?.into_iter().next())
    })
    .await?;
    ensure!(raised["column"] == "industry=零售" && raised["amount"].as_f64() > Some(0.0), "{raised}");
    ensure!(raised["perHour"].as_f64() > Some(120.0) && raised["usualPerHour"] == 60.0, "{raised}");

    let waiting = call(client, "云客服", None).await?;
    done(client, "createCall", json!({ "direction": "INBOUND", "industry": "零售" })).await?;
    let route = "mutation R($input: RouteWorkInput!) { routeWork(input: $input) { userErrors { code } } }";
    client.run(route, json!({ "input": { "work": { "callId": waiting } } })).await?;
    let id = wait_for("a decision", async || {
        Ok(routing(client, &waiting).await?["decision"]["id"].as_str().map(str::to_owned))
    })
    .await?;
    let decided = happened(client, "decision.made").await?;
    let emphasis = &decided[0]["record"]["inputs"]["policy"]["emphasis"];
    ensure!(emphasis[0]["amount"].as_f64() > Some(0.0), "the record says what counted for more: {emphasis}");
    let said = place.run(&["routing", "replay", &id]).await?.success()?;
    ensure!(said.contains("the same, byte for byte"), "{said}");

    wait_for("a demand as usual", async || {
        let last = happened(client, "demand.shifted").await?.pop();
        Ok(last.filter(|last| last["amount"] == 0.0).map(drop))
    })
    .await
}
