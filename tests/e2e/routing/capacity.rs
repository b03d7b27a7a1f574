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
    wait_for("the task in the read model", async || {
        let search = client.run(ROUTING, json!({ "work": { "taskId": task } })).await?["routing"].take();
        Ok(Some(search).filter(Value::is_object))
    })
    .await
}

/// Takes the offer of a task, once there is one. Gives whose it was.
async fn taken(client: &Client, task: &str) -> Result<Value> {
    let offered = async || {
        let offer = search(client, task).await?["offers"].get(0).cloned();
        Ok(offer)
    };
    let offer = wait_for("an offer", offered).await?;
    assert_eq!(accept(client, &offer).await?["userErrors"], json!([]), "{offer}");
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
        let (task, _) = routed(client, title).await?;
        let agent = taken(client, &task).await?;
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
    assert_eq!(taken(client, &fourth).await?, one.as_str());
    Ok(())
}
