//! How many tasks an agent has at once is bounded by the agent's capacity; calls come beside them.

use anyhow::Result;
use serde_json::{Value, json};
use trunkline_testkit::{Client, wait_for};

use super::centre::{ROUTING, accept, agent, call, done, routing};
use crate::place::Place;

/// A task that an agent is looked for. Gives it with the search as it stands once it was tried.
async fn routed(client: &Client, title: &str) -> Result<(String, Value)> {
    let task = done(client, "openTask", json!({ "kind": "FOLLOW_UP", "title": title })).await?;
    done(client, "routeWork", json!({ "work": { "taskId": task } })).await?;
    let search = search(client, &task).await?;
    Ok((task, search))
}

async fn search(client: &Client, task: &str) -> Result<Value> {
    Ok(client.run(ROUTING, json!({ "work": { "taskId": task } })).await?["routing"].take())
}

/// Takes the offer of a task. Gives whose it was.
async fn taken(client: &Client, search: &Value) -> Result<Value> {
    let offer = &search["offers"][0];
    assert_eq!(accept(client, offer).await?["userErrors"], json!([]), "{search}");
    Ok(offer["agent"]["id"].clone())
}

#[tokio::test]
async fn an_agent_has_as_many_tasks_at_once_as_the_capacity_says() -> Result<()> {
    let place = Place::sqlite()?;
    let serving = place.serve().await?;
    let client = &serving.client;
    let (one, two) = (agent(client, "王芳", "贷款").await?, agent(client, "张敏", "贷款").await?);
    done(client, "changeAgentProfile", json!({ "id": two, "capacity": 2 })).await?;

    let (mut had, mut first) = (Vec::new(), None);
    for title in ["寄合同", "回访", "复核"] {
        let (task, found) = routed(client, title).await?;
        let agent = taken(client, &found).await?;
        if agent == one.as_str() {
            first = Some(task);
        }
        had.push(agent);
    }
    had.sort_by_key(Value::to_string);
    let mut expected = vec![json!(one), json!(two), json!(two)];
    expected.sort_by_key(Value::to_string);
    assert_eq!(had, expected, "one has room for one, the other for two");

    let (fourth, found) = routed(client, "寄发票").await?;
    assert_eq!(
        (&found["state"], &found["offers"]),
        (&json!("WAITING"), &json!([])),
        "nobody has room: {found}"
    );
    let call = call(client, "贷款", None).await?;
    done(client, "routeWork", json!({ "work": { "callId": call } })).await?;
    let offered = routing(client, &call).await?;
    assert!(offered["offers"][0]["id"].is_string(), "a call comes beside tasks: {offered}");
    done(client, "endCall", json!({ "id": call, "cause": "ABANDONED" })).await?;

    // What waits for something outside takes no place, and neither does what is done.
    let first = first.unwrap_or_default();
    done(client, "blockTask", json!({ "id": first, "reason": "等客户回函" })).await?;
    let found = wait_for("an offer", async || {
        Ok(Some(search(client, &fourth).await?).filter(|found| found["offers"][0]["id"].is_string()))
    })
    .await?;
    assert_eq!(taken(client, &found).await?, one.as_str());
    Ok(())
}
