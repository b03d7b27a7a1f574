//! Preview dialing: a free agent is shown a lead, has it dialed, and is connected with whoever answers; or skips it.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_testkit::{Client, Serving, wait_for};

use super::switch::Switch;
use super::{agent, campaign, mutate, serve};

/// The offer that an agent has after an earlier one, once there is one. The tokens of an agent's offers grow.
async fn offered(client: &Client, agent: &str, earlier: Option<&Value>) -> Result<Value> {
    let known = earlier.and_then(|offer| offer["token"].as_u64()).unwrap_or(0);
    let query = "query($id: ID!) { agent(id: $id) { presence id: reservationId token lead { id } } }";
    wait_for("a lead that is offered", async || {
        let offer = client.run(query, json!({ "id": agent })).await?["agent"].take();
        let is_new = offer["token"].as_u64().is_some_and(|token| token > known);
        let stands = offer["presence"] == "RESERVED" && offer["lead"]["id"].is_string();
        Ok(Some(offer).filter(|_| is_new && stands))
    })
    .await
}

async fn refused(client: &Client, mutation: &str, offer: &Value) -> Result<Value> {
    let query = format!(
        "mutation($input: ReservationTokenInput!) {{ done: {mutation}(input: $input) {{ userErrors {{ code }} }} }}"
    );
    let input = json!({ "id": offer["id"], "token": offer["token"] });
    let done = client.run(&query, json!({ "input": input })).await?;
    done["done"]["userErrors"].get(0).map(|error| error["code"].clone()).context("it was not refused")
}

async fn with(client: &Client, mutation: &str, offer: &Value) -> Result<()> {
    let input = json!({ "id": offer["id"], "token": offer["token"] });
    mutate(client, mutation, "ReservationTokenInput", input).await.map(drop)
}

async fn lead(client: &Client, offer: &Value) -> Result<Value> {
    let query = "query($id: ID!) { lead(id: $id) { state attempts holdUntil } }";
    Ok(client.run(query, json!({ "id": offer["lead"]["id"] })).await?["lead"].take())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_a_lead_before_it_is_dialed_and_may_skip_it() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let switch = Switch::start().await?;
    switch.ring_on();
    let Serving { process, client } = serve(folder.path(), &switch).await?;
    let agent = agent(&client, 1001).await?;
    let campaign = campaign(&client, None).await?;
    let attempts = json!({ "attemptsMax": 1, "attemptsPerDayMax": 9, "retryAfterMs": 600_000 });
    let input = json!({ "id": campaign, "mode": "PREVIEW", "attempts": attempts });
    mutate(&client, "changeCampaignPolicy", "ChangeCampaignPolicyInput", input).await?;
    mutate(&client, "makeAvailable", "AgentInput", json!({ "id": agent })).await?;

    let first = offered(&client, &agent, None).await?;
    ensure!(refused(&client, "dialPreview", &first).await? == "RESERVATION_NOT_ACCEPTED", "not yet accepted");
    with(&client, "acceptReservation", &first).await?;
    ensure!(switch.fates().is_empty(), "nothing is dialed before the agent wants it");
    with(&client, "skipPreview", &first).await?;
    ensure!(refused(&client, "dialPreview", &first).await? == "RESERVATION_NOT_ACCEPTED", "it was skipped");

    let second = offered(&client, &agent, Some(&first)).await?;
    ensure!(second["lead"]["id"] != first["lead"]["id"], "whoever was skipped rests: {second}");
    with(&client, "acceptReservation", &second).await?;
    // A server that is started anew knows who looks at what.
    process.kill().await?;
    let Serving { process, client } = serve(folder.path(), &switch).await?;
    with(&client, "dialPreview", &second).await?;
    let call = wait_for("a call that is ordered", async || Ok(switch.fates().into_keys().next())).await?;
    let query = "query($id: ID!) { call(id: $id) { state cause agent { id } campaign { id } } }";
    let told = async || -> Result<Value> {
        Ok(client.run(query, json!({ "id": format!("call:{call}") })).await?["call"].take())
    };
    let rings = async || Ok(Some(told().await?).filter(|call: &Value| call["state"] == "RINGING"));
    let known = wait_for("a call that rings", rings).await?;
    ensure!(
        known["agent"]["id"] == agent.as_str() && known["campaign"]["id"] == campaign.as_str(),
        "{known}"
    );
    switch.answer(&call);
    let over = async || Ok(Some(told().await?["cause"].take()).filter(Value::is_string));
    let cause = wait_for("the call's end", over).await.with_context(|| switch.report())?;
    ensure!(cause == "CUSTOMER_HANGUP", "{cause}");
    ensure!(switch.connected_with() == ["1001".to_owned()].into(), "{:?}", switch.connected_with());
    ensure!(lead(&client, &first).await?["attempts"] == 0, "skipping is no attempt");

    // The agent is shown the next one, and a campaign that is paused dials nobody.
    let third = offered(&client, &agent, Some(&second)).await?;
    with(&client, "acceptReservation", &third).await?;
    mutate(&client, "pauseCampaign", "CampaignReasonInput", json!({ "id": campaign })).await?;
    ensure!(refused(&client, "dialPreview", &third).await? == "CAMPAIGN_NOT_RUNNING", "it is paused");
    with(&client, "skipPreview", &third).await?;
    ensure!(switch.fates().len() == 1, "{}", switch.report());
    switch.has_told_everything().await?;
    assert!(process.stop().await?.success());
    switch.found_nothing_wrong()
}
