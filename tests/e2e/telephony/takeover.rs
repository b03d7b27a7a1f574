//! Several servers on one database: one dials, and another goes on with its calls when it dies.

use anyhow::{Context as _, Result, ensure};
use serde_json::json;
use trunkline_testkit::{Client, PATIENCE, Serving, wait_for, wait_for_within};

use super::switch::{SECRET, Switch};
use super::{LEADS, agents, campaign, settled};
use crate::place::Place;

fn place(switch: &Switch) -> Result<Place> {
    Ok(Place::postgres()?
        .with("TRUNKLINE_CTI_SECRETS", SECRET)
        .with("TRUNKLINE_CTI_URL", switch.url())
        .with("TRUNKLINE_CTI_REORDER_MS", "100")
        .with("TRUNKLINE_DIALER_LINE", "cti")
        .with("TRUNKLINE_DIALER_CALLER_LINE", "trunk-7")
        .with("TRUNKLINE_DIALER_EVERY_MS", "100")
        // Long enough for a busy machine: whoever cannot renew it in time is taken over from.
        .with("TRUNKLINE_DIALER_LEASE_MS", "5000")
        .with("TRUNKLINE_POLICY_WRAP_SECONDS", "1"))
}

/// How many times a server has begun to dial.
async fn terms(client: &Client) -> Result<usize> {
    let query = r#"{ events(first: 50, filter: {types: ["dialer.seated"]}) { nodes { id } } }"#;
    let found = client.run(query, json!({})).await?;
    Ok(found["events"]["nodes"].as_array().context("events")?.len())
}

async fn term(client: &Client, wanted: usize) -> Result<()> {
    wait_for(&format!("term {wanted}"), async || Ok((terms(client).await? >= wanted).then_some(()))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn one_server_dials_and_another_takes_over_its_calls_when_it_dies() -> Result<()> {
    let switch = Switch::start().await?;
    let place = place(&switch)?;
    let first = place.serve().await?;
    term(&first.client, 1).await?;
    let second = place.serve().await?;
    // What the switch tells need not come to the server that dials.
    switch.tell(&second.client);
    agents(&second.client).await?;
    campaign(&second.client, None).await?;
    let Serving { client, process } = second;
    let some = async || Ok((settled(&client).await? >= 4).then_some(()));
    wait_for("calls that are over", some).await.with_context(|| switch.report())?;
    assert_eq!(terms(&client).await?, 1, "the other stands by");

    first.process.kill().await?;
    term(&client, 2).await?;
    let further = async || Ok((settled(&client).await? >= 9).then_some(()));
    wait_for("further calls", further).await.with_context(|| switch.report())?;
    let third = place.serve().await?;
    switch.tell(&third.client);
    process.kill().await?;
    term(&third.client, 3).await?;
    let all = async || Ok((settled(&third.client).await? == LEADS).then_some(()));
    wait_for_within(2 * PATIENCE, "every lead settled", all).await.with_context(|| switch.report())?;
    switch.has_told_everything().await?;
    ensure!(switch.fates().len() == LEADS, "each customer was dialed by one call: {}", switch.report());
    assert_eq!(terms(&third.client).await?, 3);
    assert!(third.process.stop().await?.success());
    switch.found_nothing_wrong()
}
