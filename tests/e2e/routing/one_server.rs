//! One server with the embedded databases.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_testkit::{Client, wait_for};

use super::centre::{accept, agent, attempt, call, customer, done, routing};
use crate::place::Place;

const ROUTE: &str = "mutation Route($input: RouteWorkInput!) { routeWork(input: $input) {
    id repeated userErrors { code field }
    routing { state offers { id token agent { id name } } decision { id } }
} }";

const DECISION: &str = "query D($id: ID!) { routingDecision(id: $id) {
    model works { automated eligible setAside { reason agents } agent { id } value propensity explored
        candidates { agent { id } score reasons contributions { feature value } words: reasons(language: ZH) } }
} }";

/// Asks for an agent for a call. Gives the payload.
async fn route(client: &Client, call: &str, mut input: Value) -> Result<Value> {
    input["work"] = json!({ "callId": call });
    Ok(client.run(ROUTE, json!({ "input": input })).await?["routeWork"].take())
}

async fn presence(client: &Client, agent: &str) -> Result<String> {
    let data =
        client.run("query A($id: ID!) { agent(id: $id) { presence } }", json!({ "id": agent })).await?;
    Ok(data["agent"]["presence"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn work_goes_to_the_agent_who_fits_with_reasons_and_is_decided_again_byte_for_byte() -> Result<()> {
    let place = Place::sqlite()?;
    let serving = place.serve().await?;
    let client = &serving.client;
    agent(client, "王芳", "企业版").await?;
    let fits = agent(client, "张敏", "云客服").await?;
    let caller = customer(client).await?;
    let call = call(client, "云客服", Some(&caller)).await?;
    let payload = route(client, &call, json!({ "idempotencyKey": "once" })).await?;
    ensure!(payload["userErrors"] == json!([]), "{payload}");
    let routed = &payload["routing"];
    ensure!(routed["state"] == "OFFERED" && routed["offers"][0]["agent"]["id"] == fits, "{payload}");
    let again = route(client, &call, json!({ "idempotencyKey": "once" })).await?;
    ensure!(again["repeated"] == true && again["routing"] == *routed, "the same answer: {again}");

    let id = routed["decision"]["id"].as_str().context("the offers follow from a decision")?;
    let decision = client.run(DECISION, json!({ "id": id })).await?["routingDecision"].take();
    let work = &decision["works"][0];
    ensure!(work["agent"]["id"] == fits && work["eligible"] == 2 && work["propensity"] == 1.0, "{decision}");
    let best = &work["candidates"][0];
    ensure!(best["contributions"][0]["feature"] == "product=云客服", "{decision}");
    let said = |list: &str| best[list][0].as_str().unwrap_or_default().to_owned();
    ensure!(said("reasons").contains("speaks for") && said("words").contains("有利于"), "{decision}");

    let said = place.run(&["routing", "replay", id]).await?.success()?;
    ensure!(said.contains("the same, byte for byte"), "{said}");

    ensure!(accept(client, &routed["offers"][0]).await?["userErrors"] == json!([]), "it is accepted");
    let assigned = routing(client, &call).await?;
    ensure!(assigned["state"] == "ASSIGNED" && assigned["assignment"]["agent"]["id"] == fits, "{assigned}");
    done(client, "bridgeCall", json!({ "id": call, "agentId": fits })).await?;
    done(client, "endCall", json!({ "id": call, "cause": "COMPLETED" })).await?;
    assert_eq!(routing(client, &call).await?["state"], "ENDED");
    let none = route(client, &call, json!({})).await?;
    assert_eq!(none["userErrors"][0]["code"], "ROUTING_NOTHING_TO_DO");
    Ok(())
}

#[tokio::test]
async fn of_several_offers_the_first_acceptance_wins_and_the_others_are_free_again() -> Result<()> {
    let place = Place::sqlite()?;
    let serving = place.serve().await?;
    let client = &serving.client;
    let mut agents = Vec::new();
    for number in 0..4 {
        agents.push(agent(client, &format!("坐席{number}"), "云客服").await?);
    }
    let call = call(client, "云客服", None).await?;
    let payload = route(client, &call, json!({ "offers": 4 })).await?;
    let offers = payload["routing"]["offers"].as_array().context("offers")?.clone();
    ensure!(offers.len() == 4, "{payload}");
    let answers = futures::future::try_join_all(offers.iter().map(|offer| accept(client, offer))).await?;
    let won = answers.iter().filter(|answer| answer["userErrors"] == json!([])).count();
    ensure!(won == 1, "exactly one acceptance wins: {answers:?}");
    let holder = routing(client, &call).await?["assignment"]["agent"]["id"].clone();
    for agent in agents.iter().filter(|agent| holder != **agent) {
        wait_for("a loser who is free again", async || {
            Ok((presence(client, agent).await? == "AVAILABLE").then_some(()))
        })
        .await?;
    }
    Ok(())
}

#[tokio::test]
async fn work_waits_for_an_agent_and_comes_back_when_an_offer_is_turned_down_or_the_agent_is_gone()
-> Result<()> {
    let place = Place::sqlite()?.with("TRUNKLINE_POLICY_HEARTBEAT_SECONDS", "1");
    let serving = place.serve().await?;
    let client = &serving.client;
    let call = call(client, "云客服", None).await?;
    let payload = route(client, &call, json!({ "skills": [{ "name": "云客服", "level": 3 }] })).await?;
    ensure!(payload["routing"]["state"] == "WAITING", "nobody is there: {payload}");
    agent(client, "王芳", "企业版").await?;
    let first = agent(client, "张敏", "云客服").await?;
    let offered = async |other_than: &Value| {
        wait_for("an offer", async || {
            let offer = routing(client, &call).await?["offers"][0].clone();
            Ok((offer["id"].is_string() && offer["id"] != *other_than).then_some(offer))
        })
        .await
    };
    let offer = offered(&Value::Null).await?;
    ensure!(offer["agent"]["id"] == first, "only one has the skill: {offer}");
    let input = json!({ "id": offer["id"], "token": offer["token"], "reason": "BUSY" });
    done(client, "rejectReservation", input).await?;
    // The only one who can is asked again; her program then falls silent.
    let offer = offered(&offer["id"]).await?;
    done(client, "heartbeat", json!({ "agentId": first })).await?;
    wait_for("an agent who is gone", async || {
        Ok((presence(client, &first).await? == "OFFLINE").then_some(()))
    })
    .await?;
    let second = agent(client, "刘洋", "云客服").await?;
    let next = offered(&offer["id"]).await?;
    ensure!(next["agent"]["id"] == second, "{next}");
    let late = accept(client, &offer).await?;
    assert_eq!(late["userErrors"][0]["code"], "RESERVATION_NOT_PENDING");
    done(client, "endCall", json!({ "id": call, "cause": "CUSTOMER_HANGUP" })).await?;
    assert_eq!(
        attempt(client, "acceptReservation", json!({ "id": next["id"], "token": next["token"] })).await?["userErrors"]
            [0]["code"],
        "RESERVATION_NOT_PENDING"
    );
    assert_eq!(routing(client, &call).await?["state"], "ENDED");
    Ok(())
}

#[tokio::test]
async fn nothing_about_a_customer_who_refused_automated_decisions_is_scored() -> Result<()> {
    let place = Place::sqlite()?;
    let serving = place.serve().await?;
    let client = &serving.client;
    agent(client, "王芳", "企业版").await?;
    agent(client, "张敏", "云客服").await?;
    let caller = customer(client).await?;
    let asked = json!({ "customerId": caller, "right": "AUTOMATED_DECISION_OPT_OUT" });
    let request = done(client, "receiveRightsRequest", asked).await?;
    done(client, "verifyRightsRequest", json!({ "id": request, "evidence": "call 3" })).await?;
    done(client, "executeRightsRequest", json!({ "id": request })).await?;
    let call = call(client, "云客服", Some(&caller)).await?;
    let payload = route(client, &call, json!({})).await?;
    let id = payload["routing"]["decision"]["id"].clone();
    let decision = client.run(DECISION, json!({ "id": id })).await?["routingDecision"].take();
    let work = &decision["works"][0];
    ensure!(work["automated"] == false && work["eligible"] == 2, "{decision}");
    for candidate in work["candidates"].as_array().context("candidates")? {
        ensure!(candidate["score"].is_null() && candidate["reasons"] == json!([]), "{decision}");
    }
    Ok(())
}

#[tokio::test]
async fn the_pool_tells_how_it_stands() -> Result<()> {
    let place = Place::sqlite()?;
    let serving = place.serve().await?;
    let client = &serving.client;
    agent(client, "张敏", "云客服").await?;
    let pool = "{ agentPool { agents available waiting shared degraded degradedSince } }";
    wait_for("a pool with one agent", async || {
        let standing = client.run(pool, Value::Null).await?["agentPool"].take();
        let expected = json!({ "agents": 1, "available": 1, "waiting": 0, "shared": false,
            "degraded": false, "degradedSince": null });
        Ok((standing == expected).then_some(()))
    })
    .await?;
    let metrics = client.page("/metrics").await?;
    ensure!(metrics.contains("trunkline_pool_degraded 0"), "{metrics}");
    ensure!(client.page("/readyz").await?.contains("\"degradedSince\":null"), "health tells of the pool");
    Ok(())
}
