//! Two campaigns have the same agents: whoever is free is dialed for once, and both campaigns have their turn.

use anyhow::{Context as _, Result};
use serde_json::json;
use trunkline_testkit::{Client, Serving, wait_for};

use super::switch::Switch;
use super::{LEADS, agent, campaign_of, mutate, serve};

/// Free agents, calls that ring, and calls that were to be dialed, as the dialer saw a campaign last.
async fn pacing(client: &Client, campaign: &str) -> Result<Option<[u64; 3]>> {
    let query = "query($id: ID!) { campaign(id: $id) { pacing { freeAgents ringing dialing } } }";
    let found = client.run(query, json!({ "id": campaign })).await?;
    let pacing = &found["campaign"]["pacing"];
    let count = |name: &str| pacing[name].as_u64();
    Ok(count("freeAgents")
        .zip(count("ringing"))
        .zip(count("dialing"))
        .map(|((free, ringing), dial)| [free, ringing, dial]))
}

/// The calls of campaigns that ring, by the ids that the switch knows.
async fn ringing(client: &Client, campaigns: &[&str]) -> Result<Vec<String>> {
    let query = "query($campaigns: [ID!]) {
        calls(first: 50, filter: { states: [RINGING], only: { campaignIds: $campaigns } }) { nodes { id } } }";
    let found = client.run(query, json!({ "campaigns": campaigns })).await?;
    let nodes = found["calls"]["nodes"].as_array().context("calls")?;
    let id = |node: &serde_json::Value| node["id"].as_str()?.strip_prefix("call:").map(str::to_owned);
    Ok(nodes.iter().filter_map(id).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn campaigns_with_the_same_agents_dial_for_each_once_and_in_turns() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let switch = Switch::start().await?;
    switch.ring_on();
    let Serving { process, client } = serve(folder.path(), &switch).await?;
    for number in [1001, 1002] {
        let agent = agent(&client, number).await?;
        mutate(&client, "makeAvailable", "AgentInput", json!({ "id": agent })).await?;
    }
    let first = campaign_of(&client, None, 0).await?;
    let two = async || Ok(Some(ringing(&client, &[&first]).await?).filter(|calls| calls.len() == 2));
    let calls = wait_for("two calls that ring", two).await?;
    let other = campaign_of(&client, None, LEADS).await?;
    wait_for("a look at the other campaign", async || {
        Ok(pacing(&client, &other).await?.filter(|pacing| *pacing == [0, 0, 0]))
    })
    .await?;
    assert_eq!(switch.fates().len(), 2, "both agents are dialed for already");

    // The agents are free again: whichever campaign has the first turn, the other one has its own.
    calls.iter().for_each(|call| switch.answer(call));
    wait_for("a turn of the other campaign", async || {
        let (all, others) = (ringing(&client, &[&first, &other]).await?, ringing(&client, &[&other]).await?);
        Ok((all.len() == 2 && !others.is_empty()).then_some(()))
    })
    .await?;
    assert_eq!(switch.fates().len(), 4);
    switch.has_told_everything().await?;
    assert!(process.stop().await?.success());
    switch.found_nothing_wrong()
}
