//! A campaign is interrupted while its calls ring: whoever answers is served as before, and nobody else is dialed.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use trunkline_testkit::{Client, Serving, wait_for};

use super::switch::Switch;
use super::{agent, campaign, mutate, serve};

/// The calls in these states, by the ids that the switch knows.
async fn calls(client: &Client, states: &str) -> Result<Vec<String>> {
    let query = format!("{{ calls(first: 50, filter: {{states: [{states}]}}) {{ nodes {{ id }} }} }}");
    let found = client.run(&query, json!({})).await?;
    let nodes = found["calls"]["nodes"].as_array().context("calls")?;
    let id = |node: &serde_json::Value| node["id"].as_str()?.strip_prefix("call:").map(str::to_owned);
    Ok(nodes.iter().filter_map(id).collect())
}

async fn ringing(client: &Client) -> Result<String> {
    wait_for("a call that rings", async || Ok(calls(client, "RINGING").await?.into_iter().next())).await
}

async fn cause(client: &Client, call: &str) -> Result<Option<String>> {
    let query = "query($id: ID!) { call(id: $id) { cause } }";
    let found = client.run(query, json!({ "id": format!("call:{call}") })).await?;
    Ok(found["call"]["cause"].as_str().map(str::to_owned))
}

#[tokio::test(flavor = "multi_thread")]
async fn who_answers_after_the_campaign_was_interrupted_is_connected_or_given_up() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let switch = Switch::start().await?;
    switch.ring_on();
    let Serving { process, client } = serve(folder.path(), &switch).await?;
    let agent = agent(&client, 1001).await?;
    mutate(&client, "makeAvailable", "AgentInput", json!({ "id": agent })).await?;
    let campaign = campaign(&client, None).await?;

    let call = ringing(&client).await?;
    mutate(&client, "pauseCampaign", "CampaignReasonInput", json!({ "id": campaign })).await?;
    switch.answer(&call);
    let over = async || Ok(cause(&client, &call).await?);
    assert_eq!(wait_for("the connected call's end", over).await?, "customer_hangup".to_uppercase());
    assert_eq!(switch.fates().len(), 1, "nobody else is dialed");

    mutate(&client, "resumeCampaign", "CampaignInput", json!({ "id": campaign })).await?;
    let call = ringing(&client).await?;
    let input = json!({ "id": campaign, "mode": "MANUAL" });
    mutate(&client, "changeCampaignPolicy", "ChangeCampaignPolicyInput", input).await?;
    mutate(&client, "pauseAgent", "PauseAgentInput", json!({ "id": agent, "reason": "BREAK" })).await?;
    // The server that dialed the call is not the one that learns of its answer.
    process.kill().await?;
    let Serving { process, client } = serve(folder.path(), &switch).await?;
    switch.answer(&call);
    let over = async || Ok(cause(&client, &call).await?);
    assert_eq!(wait_for("the end of a call that nobody took", over).await?, "ABANDONED");
    ensure!(switch.fates().len() == 2, "people dial now: {}", switch.report());
    switch.has_told_everything().await?;
    assert!(process.stop().await?.success());
    switch.found_nothing_wrong()
}
