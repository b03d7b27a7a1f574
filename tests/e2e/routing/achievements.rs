//! What agents achieved is in their vectors soon after, and whom they spoke with counts.

use anyhow::{Result, ensure};
use serde_json::json;
use trunkline_testkit::wait_for;

use super::centre::{agent, customer, done};
use super::models::{decided, decided_for, import, spoken, standing, tree_of};
use crate::place::Place;

#[tokio::test]
async fn who_sells_is_known_to_sell_and_who_spoke_with_a_customer_gets_the_customer_again() -> Result<()> {
    let place = Place::sqlite()?.with("TRUNKLINE_ROUTING_ACHIEVEMENTS_SECONDS", "1");
    let serving = place.serve().await?;
    let client = &serving.client;
    let seller = agent(client, "王芳", "云客服").await?;
    let other = agent(client, "张敏", "云客服").await?;
    let caller = customer(client).await?;
    let (call, _, decision) = decided_for(client, &caller).await?;
    let met = decision["works"][0]["agent"]["id"].clone();
    spoken(client, &call, |_| false).await?;
    for (busy, paused) in [(&seller, &other), (&other, &seller)] {
        done(client, "pauseAgent", json!({ "id": paused, "reason": "BREAK" })).await?;
        for _ in 0..3 {
            let (call, _, decision) = decided(client).await?;
            ensure!(decision["works"][0]["agent"]["id"] == *busy, "{decision}");
            spoken(client, &call, |agent| agent == seller).await?;
        }
        done(client, "makeAvailable", json!({ "id": paused })).await?;
    }
    let model = import(&place, &tree_of("agent.conversion.product=云客服", 0.25, 2.0)).await?;
    place.run(&["model", "activate", &model, "--reason", "what they sold"]).await?.success()?;
    standing(client, "the model", |standing| standing["scoring"] == model).await?;
    let decision = wait_for("what was achieved", async || {
        let (call, id, decision) = decided(client).await?;
        done(client, "endCall", json!({ "id": call, "cause": "ABANDONED" })).await?;
        let score = |place: usize| decision["works"][0]["candidates"][place]["score"].as_f64();
        Ok((score(0) > Some(0.8) && score(1) < Some(0.5)).then_some((id, decision)))
    })
    .await?;
    let (id, decision) = decision;
    let work = &decision["works"][0];
    ensure!(work["agent"]["id"] == seller, "{decision}");
    let why = &work["candidates"][0]["contributions"][0];
    ensure!(why["feature"] == "agent.conversion.product=云客服", "{decision}");
    let said = place.run(&["routing", "replay", &id]).await?.success()?;
    ensure!(said.contains("the same, byte for byte"), "{said}");

    let achieved = "query A($id: ID!) { agent(id: $id) { achievements { calls sales conversion handleSeconds
        byProduct { name calls sales conversion } } } }";
    let achieved = client.run(achieved, json!({ "id": seller })).await?["agent"]["achievements"].take();
    ensure!(achieved["calls"].as_i64() >= Some(3) && achieved["sales"].as_i64() >= Some(3), "{achieved}");
    ensure!(achieved["handleSeconds"].is_number(), "{achieved}");
    let product = &achieved["byProduct"][0];
    ensure!(product["name"] == "云客服" && product["calls"] == achieved["calls"], "{achieved}");

    place.run(&["model", "rollback", "--reason", "enough"]).await?.success()?;
    standing(client, "no model", |standing| standing["scoring"].is_null()).await?;
    let (_, id, decision) = decided_for(client, &caller).await?;
    let candidates = decision["works"][0]["candidates"].as_array().cloned().unwrap_or_default();
    for candidate in candidates {
        let reasons = candidate["reasons"].to_string();
        let told = reasons.contains("the agent knows the customer (+0.050)");
        ensure!(told == (candidate["agent"]["id"] == met), "who spoke with the customer is told: {decision}");
    }
    let said = place.run(&["routing", "replay", &id]).await?.success()?;
    ensure!(said.contains("the same, byte for byte"), "{said}");
    Ok(())
}
