//! The read models: pages, look-ups by id, the past, figures.

use anyhow::{Context as _, Result};
use serde_json::json;

use super::House;

#[tokio::test(flavor = "multi_thread")]
async fn lists_are_paged_forwards_and_backwards_with_cursors_that_hold_still() -> Result<()> {
    let house = House::new().await?;
    let mut last = String::new();
    for n in 0..5 {
        last = house.customer(&format!("客户 {n}")).await?.1;
    }
    let query = "query($at: Position, $first: Int, $after: String, $last: Int, $before: String) {
        customers(minPosition: $at, first: $first, after: $after, last: $last, before: $before) {
            nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }";
    let names = |data: &serde_json::Value| {
        let nodes = data["customers"]["nodes"].as_array().cloned().unwrap_or_default();
        nodes.iter().filter_map(|node| node["name"].as_str().map(str::to_owned)).collect::<Vec<_>>()
    };
    let first = house.client.run(query, json!({ "at": last, "first": 2 })).await?;
    assert_eq!(names(&first), ["客户 0", "客户 1"]);
    let (_, position) = house.customer("客户 5").await?;
    let cursor = &first["customers"]["pageInfo"]["endCursor"];
    let next = house.client.run(query, json!({ "at": position, "first": 2, "after": cursor })).await?;
    assert_eq!(names(&next), ["客户 2", "客户 3"]);
    let start = &next["customers"]["pageInfo"]["startCursor"];
    let back = house.client.run(query, json!({ "last": 5, "before": start })).await?;
    assert_eq!(names(&back), ["客户 0", "客户 1"]);
    let end = house.client.run(query, json!({ "last": 1 })).await?;
    assert_eq!(names(&end), ["客户 5"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn anything_is_found_by_its_id() -> Result<()> {
    let house = House::new().await?;
    let (customer, _) = house.customer("王小明").await?;
    let (agent, _) = house.agent("李伟").await?;
    let (task, position) = house.task("回访", &customer).await?;
    let unknown = "task:0190b5f4-0000-7000-8000-000000000000";
    let query = "query($ids: [ID!]!, $at: Position) { nodes(ids: $ids, minPosition: $at) {
        __typename id ... on Customer { name } ... on Agent { name } ... on Task { title } } }";
    let data =
        house.client.run(query, json!({ "ids": [task, unknown, customer, agent], "at": position })).await?;
    let expected = json!([
        { "__typename": "Task", "id": task, "title": "回访" },
        null,
        { "__typename": "Customer", "id": customer, "name": "王小明" },
        { "__typename": "Agent", "id": agent, "name": "李伟" },
    ]);
    assert_eq!(data["nodes"], expected);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answer_as_it_was() -> Result<()> {
    let house = House::new().await?;
    let (customer, then) = house.customer("王小明").await?;
    let change = json!({ "id": customer, "changes": { "name": "王大明" } });
    let now = house.mutate("changeCustomerProfile", change).await?["position"].clone();
    let (task, opened) = house.task("回访", &customer).await?;
    let done = house.mutate("cancelTask", json!({ "id": task })).await?["position"].clone();
    let query = "query($customer: ID!, $task: ID!, $then: Position, $opened: Position, $done: Position) {
        then: customer(id: $customer, asOf: { position: $then }) { name counts { tasks } }
        now: customer(id: $customer, minPosition: $done) { name counts { tasks } }
        before: task(id: $task, asOf: { position: $then }) { state }
        open: task(id: $task, asOf: { position: $opened }) { state }
        over: task(id: $task, asOf: { position: $done }) { state } }";
    let variables =
        json!({ "customer": customer, "task": task, "then": then, "opened": opened, "done": done });
    let data = house.client.run(query, variables).await?;
    assert_eq!(data["then"], json!({ "name": "王小明", "counts": { "tasks": 0 } }));
    assert_eq!(data["now"], json!({ "name": "王大明", "counts": { "tasks": 1 } }), "after {now}");
    assert_eq!((&data["before"], &data["open"]["state"]), (&json!(null), &json!("PENDING")));
    assert_eq!(data["over"]["state"], "CANCELLED");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn figures_name_their_parts_and_lead_to_their_calls() -> Result<()> {
    let house = House::new().await?;
    let mut position = json!(null);
    for cause in ["COMPLETED", "CUSTOMER_HANGUP"] {
        let call = json!({ "direction": "INBOUND", "queue": "service" });
        let call = house.mutate("createCall", call).await?["id"].clone();
        house.mutate("queueCall", json!({ "id": call, "queue": "service" })).await?;
        if cause == "COMPLETED" {
            house.mutate("bridgeCall", json!({ "id": call, "waitedMs": 5_000 })).await?;
        }
        let end = json!({ "id": call, "cause": cause, "waitedMs": if cause == "COMPLETED" { None } else { Some(30_000) } });
        position = house.mutate("endCall", end).await?["position"].clone();
    }
    let query = "query($at: Position) {
        kpis(from: \"2000-01-01T00:00:00Z\", until: \"2100-01-01T00:00:00Z\", by: [QUEUE], minPosition: $at) {
            queue
            level: figure(kpi: SERVICE_LEVEL) { numerator denominator value unit calls { nodes { cause } } }
            unnamed: figure(kpi: ANSWERED_UNNAMED) { numerator calls { nodes { cause waitedMs } } } } }";
    let data = house.client.run(query, json!({ "at": position })).await?;
    let row = data["kpis"].get(0).context("a row")?;
    assert_eq!(row["queue"], "service");
    let level = &row["level"];
    assert_eq!(
        (&level["numerator"], &level["denominator"], &level["value"]),
        (&json!(1), &json!(2), &json!(0.5))
    );
    assert_eq!(level["calls"]["nodes"].as_array().map(Vec::len), Some(2));
    assert_eq!(row["unnamed"]["numerator"], 1);
    assert_eq!(row["unnamed"]["calls"]["nodes"], json!([{ "cause": "COMPLETED", "waitedMs": 5_000 }]));
    Ok(())
}
