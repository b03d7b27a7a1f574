//! The log itself: filters, both directions, cursors that hold still.

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::House;

fn positions(data: &Value) -> Vec<String> {
    let edges = data["events"]["edges"].as_array().cloned().unwrap_or_default();
    edges.iter().filter_map(|edge| edge["node"]["position"].as_str().map(str::to_owned)).collect()
}

const PAGE: &str = "query($filter: EventFilter, $order: Order, $first: Int, $after: String, $last: Int, $before: String) {
    events(filter: $filter, order: $order, first: $first, after: $after, last: $last, before: $before) {
        edges { cursor node { position type } } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";

async fn pages(house: House) -> Result<()> {
    let (customer, _) = house.customer("王小明").await?;
    for n in 0..6 {
        house.task(&format!("任务 {n}"), &customer).await?;
    }
    let client = &house.client;
    let first = client.run(PAGE, json!({ "first": 3 })).await?;
    assert_eq!(positions(&first), ["1", "2", "3"]);
    assert_eq!(first["events"]["pageInfo"]["hasNextPage"], true);
    let cursor = &first["events"]["pageInfo"]["endCursor"];
    // A cursor holds still while the log grows.
    house.task("新任务", &customer).await?;
    let second = client.run(PAGE, json!({ "first": 3, "after": cursor })).await?;
    assert_eq!(positions(&second), ["4", "5", "6"]);
    let back = client.run(PAGE, json!({ "last": 2, "before": "6" })).await?;
    assert_eq!(
        (positions(&back), &back["events"]["pageInfo"]["hasPreviousPage"]),
        (vec!["4".into(), "5".into()], &json!(true))
    );
    let newest = client.run(PAGE, json!({ "first": 2, "order": "NEWEST_FIRST" })).await?;
    assert_eq!(positions(&newest), ["8", "7"]);
    let older = client.run(PAGE, json!({ "first": 2, "order": "NEWEST_FIRST", "after": "7" })).await?;
    assert_eq!(positions(&older), ["6", "5"]);
    let oldest = client.run(PAGE, json!({ "last": 2, "order": "NEWEST_FIRST" })).await?;
    assert_eq!(positions(&oldest), ["2", "1"]);
    let tagged =
        json!({ "first": 2, "filter": { "tags": [customer], "category": "task", "types": ["task.opened"] } });
    assert_eq!(positions(&client.run(PAGE, tagged).await?), ["2", "3"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn auditors_page_through_the_log_on_sqlite() -> Result<()> {
    pages(House::new().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn auditors_page_through_the_log_on_postgres() -> Result<()> {
    pages(House::postgres().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_says_who_when_and_why_and_that_it_is_intact() -> Result<()> {
    let house = House::new().await?;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let client = house.client.clone().with_header("x-trunkline-actor", "user:li.wei");
    let client = client.with_header("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"));
    client.run("mutation { registerAgent(input: { name: \"李伟\" }) { id } }", json!({})).await?;
    let query = "{ events(first: 1) { nodes { type actor traceId intact payload stream version schemaVersion tags } } logHead }";
    let data = client.run(query, json!({})).await?;
    let event = &data["events"]["nodes"][0];
    assert_eq!((&event["actor"], &event["traceId"]), (&json!("user:li.wei"), &json!(trace)));
    assert_eq!((&event["type"], &event["intact"]), (&json!("agent.registered"), &json!(true)));
    let name = event["payload"]["name"]["$sealed"].as_str().context("a name is sealed in the log")?;
    assert!(name.starts_with("tl1."), "{name}");
    let stream = event["stream"].as_str().context("a stream")?;
    assert_eq!(event["tags"][0].as_str(), Some(stream.replacen('-', ":", 1).as_str()));
    let wrong =
        client.answer("{ events(filter: { tags: [\"nonsense\"] }) { nodes { type } } }", json!({})).await?;
    assert_eq!(wrong.code(), Some("BAD_USER_INPUT"));
    assert_eq!(wrong.body["errors"][0]["extensions"]["field"], "filter.tags");
    Ok(())
}
