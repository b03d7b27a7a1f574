//! Who answers gets the best match of those who are free, and the decision can be made again.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_testkit::{Client, Serving, wait_for};

use super::switch::{SECRET, Switch};
use super::{campaign, mutate, settled};
use crate::place::Place;
use crate::routing::models::{import, standing, tree};

const RULES: &str = "[[require]]\nlicence = \"保险销售\"\nproduct = \"云客服\"\n";

/// An agent who is free for calls.
async fn agent(client: &Client, extension: &str, more: Value) -> Result<String> {
    let mut input = json!({ "name": format!("李娜 {extension}"), "extension": extension });
    input.as_object_mut().context("an object")?.extend(more.as_object().context("an object")?.clone());
    let agent = mutate(client, "registerAgent", "RegisterAgentInput", input).await?;
    mutate(client, "signIn", "AgentInput", json!({ "id": agent })).await?;
    mutate(client, "makeAvailable", "AgentInput", json!({ "id": agent })).await?;
    Ok(agent)
}

async fn decisions(client: &Client) -> Result<Vec<String>> {
    let query = r#"{ events(first: 50, filter: {types: ["decision.made"]}) { nodes { stream } } }"#;
    let found = client.run(query, json!({})).await?;
    let nodes = found["events"]["nodes"].as_array().context("events")?;
    let id = |node: &Value| Some(format!("decision:{}", node["stream"].as_str()?.strip_prefix("decision-")?));
    Ok(nodes.iter().filter_map(id).collect())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_goes_to_the_best_match_who_may_take_it_and_the_decision_is_made_again_from_its_record()
-> Result<()> {
    let folder = tempfile::tempdir()?;
    let rules = folder.path().join("licences.toml");
    std::fs::write(&rules, RULES)?;
    let switch = Switch::start().await?;
    let place = Place::sqlite()?
        .with("TRUNKLINE_ROUTING_LICENCES_FILE", rules.display().to_string())
        .with("TRUNKLINE_CTI_SECRETS", SECRET)
        .with("TRUNKLINE_CTI_URL", switch.url())
        .with("TRUNKLINE_CTI_REORDER_MS", "100")
        .with("TRUNKLINE_DIALER_LINE", "cti")
        .with("TRUNKLINE_DIALER_CALLER_LINE", "trunk-7")
        .with("TRUNKLINE_DIALER_EVERY_MS", "100")
        .with("TRUNKLINE_POLICY_WRAP_SECONDS", "1");
    let Serving { client, process } = place.serve().await?;
    switch.tell(&client);
    let shadow = import(&place, &tree("云客服", 2.0)).await?;
    place.run(&["model", "shadow", &shadow, "--reason", "promising"]).await?.success()?;
    standing(&client, "a shadow", |model| model["shadows"][0] == shadow).await?;
    // Each has been idle for longer than the next, and has less of what the calls ask for.
    let skills = |level: u8| json!([{ "name": "云客服", "level": level }]);
    let licences = json!([{ "name": "保险销售" }]);
    agent(&client, "1001", json!({ "licences": licences })).await?;
    agent(&client, "1002", json!({ "skills": skills(5) })).await?;
    agent(&client, "1003", json!({ "skills": skills(3), "licences": licences })).await?;
    campaign(&client, Some("云客服")).await?;
    wait_for(
        "an answer that was connected",
        async || Ok((!switch.connected_with().is_empty()).then_some(())),
    )
    .await?;
    let some = async || Ok((settled(&client).await? >= 4).then_some(()));
    wait_for("calls that are over", some).await.with_context(|| switch.report())?;
    ensure!(switch.connected_with() == ["1003".to_owned()].into(), "{:?}", switch.connected_with());

    let id = decisions(&client).await?.into_iter().next().context("a decision")?;
    let said = place.run(&["routing", "replay", &id]).await?.success()?;
    ensure!(said.contains("the same, byte for byte"), "{said}");
    let told = "query D($id: ID!) { routingDecision(id: $id) { works { agent { id } setAside { reason agents } } } }";
    let told = client.run(told, json!({ "id": id })).await?;
    let aside = &told["routingDecision"]["works"][0]["setAside"];
    let reasons: Vec<&str> =
        aside.as_array().context("a list")?.iter().filter_map(|one| one["reason"].as_str()).collect();
    ensure!(reasons.contains(&"licence") && reasons.contains(&"skill"), "{told}");
    let told =
        "query D($id: ID!) { routingDecision(id: $id) { works { candidates { shadowScores { model } } } } }";
    wait_for("what the model beside it said", async || {
        let told = client.run(told, json!({ "id": id })).await?;
        let said = &told["routingDecision"]["works"][0]["candidates"][0]["shadowScores"][0]["model"];
        Ok((*said == shadow).then_some(()))
    })
    .await?;
    switch.has_told_everything().await?;
    assert!(process.stop().await?.success());
    switch.found_nothing_wrong()
}
