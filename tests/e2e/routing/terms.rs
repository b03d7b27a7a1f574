//! Licences and shifts: who may not take work now is set aside, and told why in two languages.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use trunkline_kernel::{Clock as _, SystemClock};
use trunkline_testkit::{Client, wait_for};

use super::centre::{agent, attempt, call, done, routing};
use crate::place::Place;

const RULES: &str = "[[require]]\nlicence = \"保险销售\"\nproduct = \"云客服\"\n";

const DECISION: &str = "query D($id: ID!) { routingDecision(id: $id) { works {
    agent { id } setAside { reason agents words chinese: words(language: ZH) }
} } }";

/// Has an agent found for a call, and ends it. Gives who it was, and who was set aside.
async fn found(client: &Client) -> Result<(Value, Value)> {
    let call = call(client, "云客服", None).await?;
    let route = "mutation R($input: RouteWorkInput!) { routeWork(input: $input) { userErrors { code } } }";
    client.run(route, json!({ "input": { "work": { "callId": call } } })).await?;
    let decision = wait_for("an offer", async || {
        Ok(routing(client, &call).await?["decision"]["id"].as_str().map(str::to_owned))
    })
    .await?;
    let told = client.run(DECISION, json!({ "id": decision })).await?;
    done(client, "endCall", json!({ "id": call, "cause": "ABANDONED" })).await?;
    let work = &told["routingDecision"]["works"][0];
    Ok((work["agent"]["id"].clone(), work["setAside"].clone()))
}

/// The refusal of an offer by hand.
async fn by_hand(client: &Client, agent: &str) -> Result<Value> {
    let call = call(client, "云客服", None).await?;
    let input = json!({ "agentId": agent, "work": { "callId": call } });
    let refused = attempt(client, "offerWork", input).await?["userErrors"][0]["code"].take();
    done(client, "endCall", json!({ "id": call, "cause": "ABANDONED" })).await?;
    Ok(refused)
}

/// The refusal of a call that an agent begins.
async fn own_call(client: &Client, agent: &str) -> Result<Value> {
    let input = json!({ "direction": "OUTBOUND", "product": "云客服", "agentId": agent });
    let call = done(client, "createCall", input).await?;
    let mut refused = attempt(client, "dialCall", json!({ "id": call })).await?;
    Ok(refused["userErrors"][0]["code"].take())
}

fn shift(from: u64, until: u64) -> Value {
    json!({ "timeZone": "UTC", "weekdays": [1, 2, 3, 4, 5, 6, 7], "fromMinute": from, "untilMinute": until })
}

#[tokio::test]
async fn who_has_no_licence_or_is_out_of_shift_is_set_aside_and_told_so() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let rules = folder.path().join("licences.toml");
    std::fs::write(&rules, RULES)?;
    let place = Place::sqlite()?.with("TRUNKLINE_ROUTING_LICENCES_FILE", rules.display().to_string());
    let serving = place.serve().await?;
    let client = &serving.client;
    let without = agent(client, "王芳", "云客服").await?;
    let with = agent(client, "张敏", "云客服").await?;
    let change = async |id: &str, mut change: Value| {
        change["id"] = id.into();
        done(client, "changeAgentProfile", change).await.map(drop)
    };
    change(&with, json!({ "licences": [{ "name": "保险销售" }] })).await?;
    let (who, aside) = found(client).await?;
    ensure!(who == with.as_str(), "{who}: {aside}");
    let told = json!([{
        "reason": "licence", "agents": 1, "words": "has no valid licence of those that are asked for",
        "chinese": "缺少所需的有效执业资格",
    }]);
    ensure!(aside == told, "{aside}");

    // Ten hours from now at the earliest, on every day.
    let minute = u64::try_from(SystemClock.now().micros())? / 60_000_000 % 1_440;
    let from = (minute + 600) % 1_380;
    change(&with, json!({ "shifts": [shift(from, from + 60)] })).await?;
    change(&without, json!({ "licences": [{ "name": "保险销售", "from": "2026-01-01T00:00:00Z" }] })).await?;
    let (who, aside) = found(client).await?;
    ensure!(who == without.as_str() && aside[0]["reason"] == "shift", "{who}: {aside}");
    ensure!(aside[0]["chinese"] == "不在班次时间内", "{aside}");

    ensure!(by_hand(client, &with).await? == "AGENT_OFF_SHIFT", "an offer by hand is held to shifts");
    ensure!(own_call(client, &with).await? == "AGENT_OFF_SHIFT", "and so is a call of one's own");

    change(&with, json!({ "shifts": [shift(0, 1_440)] })).await?;
    change(&without, json!({ "licences": [{ "name": "保险销售", "until": "2026-01-01T00:00:00Z" }] }))
        .await?;
    ensure!(by_hand(client, &without).await? == "AGENT_UNLICENSED", "an offer by hand is held to licences");
    ensure!(own_call(client, &without).await? == "AGENT_UNLICENSED", "and so is a call of one's own");
    let (who, aside) = found(client).await?;
    ensure!(who == with.as_str() && aside[0]["reason"] == "licence", "it has run out: {who}: {aside}");
    let query = "query A($id: ID!) { agent(id: $id) {
        licences { name from until } shifts { timeZone weekdays fromMinute untilMinute }
    } }";
    let known = client.run(query, json!({ "id": with })).await?["agent"].take();
    ensure!(known["licences"] == json!([{ "name": "保险销售", "from": null, "until": null }]), "{known}");
    ensure!(known["shifts"] == json!([shift(0, 1_440)]), "{known}");
    Ok(())
}
