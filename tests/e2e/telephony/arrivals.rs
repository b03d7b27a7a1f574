//! Customers who call: each is offered to an agent at once, connected with whoever accepts, and forgotten when they hang up.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_testkit::{Client, Serving, wait_for};

use super::switch::{SECRET, Switch};
use crate::place::Place;
use crate::routing::centre::{accept, attempt, done, routing};

const QUEUES: &str = "[[queue]]\nname = \"贷款\"\nskills = { loans = 3 }\npriority = 2\n";
const CALL: &str = "019c0d2e-0000-7000-8000-0000000000";

fn place(switch: &Switch) -> Result<Place> {
    Ok(Place::sqlite()?
        .with("TRUNKLINE_CTI_SECRETS", SECRET)
        .with("TRUNKLINE_CTI_URL", switch.url())
        .with("TRUNKLINE_CTI_ATTEMPTS_MAX", "100")
        .with("TRUNKLINE_CTI_BACKOFF_MS", "50")
        .with("TRUNKLINE_CTI_BACKOFF_MAX_MS", "200")
        .with("TRUNKLINE_CTI_REORDER_MS", "100")
        .with("TRUNKLINE_DIALER_LINE", "cti")
        .with("TRUNKLINE_DIALER_EVERY_MS", "100")
        .with("TRUNKLINE_POLICY_WRAP_SECONDS", "1"))
}

/// An agent who is free.
async fn agent(client: &Client, extension: &str, skills: Value) -> Result<String> {
    let input = json!({ "name": "李娜", "extension": extension, "skills": skills });
    let agent = done(client, "registerAgent", input).await?;
    done(client, "signIn", json!({ "id": agent })).await?;
    done(client, "makeAvailable", json!({ "id": agent })).await?;
    Ok(agent)
}

/// The offer that stands for a call.
async fn offer(client: &Client, call: &str) -> Result<Value> {
    wait_for("an offer", async || {
        let offer = routing(client, call).await?["offers"][0].clone();
        Ok(offer["id"].is_string().then_some(offer))
    })
    .await
}

/// How a call ended, once it has.
async fn cause(client: &Client, call: &str) -> Result<String> {
    let query = "query($id: ID!) { call(id: $id) { cause } }";
    wait_for("the end of the call", async || {
        let found = client.run(query, json!({ "id": call })).await?;
        Ok(found["call"]["cause"].as_str().map(str::to_owned))
    })
    .await
}

async fn presence(client: &Client, agent: &str) -> Result<String> {
    let data = client.run("query($id: ID!) { agent(id: $id) { presence } }", json!({ "id": agent })).await?;
    Ok(data["agent"]["presence"].as_str().unwrap_or_default().to_owned())
}

/// How many times something of this type happened.
async fn count(client: &Client, event_type: &str) -> Result<usize> {
    let query = "query($types: [String!]) { events(first: 50, filter: {types: $types}) { nodes { id } } }";
    let found = client.run(query, json!({ "types": [event_type] })).await?;
    Ok(found["events"]["nodes"].as_array().context("events")?.len())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_calls_is_offered_to_an_agent_at_once_and_connected_when_it_is_accepted() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let queues = folder.path().join("queues.toml");
    std::fs::write(&queues, QUEUES)?;
    let mut switch = Switch::start().await?;
    let place = place(&switch)?.with("TRUNKLINE_ROUTING_QUEUES_FILE", queues.display().to_string());
    let Serving { client, process } = place.serve().await?;
    switch.tell(&client);
    agent(&client, "1001", json!([])).await?;
    let lender = agent(&client, "1002", json!([{ "name": "loans", "level": 3 }])).await?;

    // The switch tells everything twice; an agent is asked for once.
    let (uuid, call) = (format!("{CALL}01"), format!("call:{CALL}01"));
    switch.arrive(&uuid, "贷款");
    let offered = offer(&client, &call).await?;
    ensure!(offered["agent"]["id"] == lender, "the queue asks for a skill: {offered}");
    switch.has_told_everything().await?;
    ensure!(count(&client, "routing.requested").await? == 1, "an agent is asked for once");
    ensure!(switch.orders().is_empty(), "nobody is connected before somebody accepts: {:?}", switch.orders());
    ensure!(accept(&client, &offered).await?["userErrors"] == json!([]), "it is accepted");
    ensure!(cause(&client, &call).await? == "CUSTOMER_HANGUP", "they spoke: {}", switch.report());
    let order = format!("connect-{uuid}-{}", lender.trim_start_matches("agent:"));
    ensure!(switch.orders() == [order].into(), "{:?}", switch.orders());
    ensure!(switch.connected_with() == ["1002".to_owned()].into(), "{:?}", switch.connected_with());
    let query = "query($id: ID!) { call(id: $id) { direction queue agent { id } } }";
    let told = client.run(query, json!({ "id": call })).await?["call"].take();
    ensure!(told == json!({ "direction": "INBOUND", "queue": "贷款", "agent": { "id": lender } }), "{told}");
    ensure!(routing(&client, &call).await?["state"] == "ENDED", "the search is over");

    // The order is lost with the switch and the server; whoever dials next gives it again.
    let free = async || Ok((presence(&client, &lender).await? == "AVAILABLE").then_some(()));
    wait_for("an agent who is free again", free).await?;
    switch.die();
    let (uuid, call) = (format!("{CALL}02"), format!("call:{CALL}02"));
    switch.arrive(&uuid, "贷款");
    ensure!(accept(&client, &offer(&client, &call).await?).await?["userErrors"] == json!([]), "accepted");
    process.kill().await?;
    let Serving { client, process } = place.serve().await?;
    switch.tell(&client);
    switch.come_back().await?;
    ensure!(cause(&client, &call).await? == "CUSTOMER_HANGUP", "they spoke: {}", switch.report());
    switch.has_told_everything().await?;
    assert!(process.stop().await?.success());
    switch.found_nothing_wrong()
}

#[tokio::test(flavor = "multi_thread")]
async fn who_hangs_up_while_the_call_is_offered_is_not_offered_any_more() -> Result<()> {
    let switch = Switch::start().await?;
    let place = place(&switch)?;
    let Serving { client, process } = place.serve().await?;
    switch.tell(&client);
    let agent = agent(&client, "1001", json!([])).await?;
    let (uuid, call) = (format!("{CALL}03"), format!("call:{CALL}03"));
    switch.arrive(&uuid, "热线");
    let offered = offer(&client, &call).await?;
    switch.hang_up(&uuid);
    let over = async || Ok((routing(&client, &call).await?["state"] == "ENDED").then_some(()));
    wait_for("the end of the search", over).await?;
    let free = async || Ok((presence(&client, &agent).await? == "AVAILABLE").then_some(()));
    wait_for("an agent who is free again", free).await?;
    let late =
        attempt(&client, "acceptReservation", json!({ "id": offered["id"], "token": offered["token"] }));
    ensure!(late.await?["userErrors"][0]["code"] == "RESERVATION_NOT_PENDING", "it is taken back");
    ensure!(cause(&client, &call).await? == "CUSTOMER_HANGUP", "{}", switch.report());

    // Who hangs up before anybody could be asked is not looked for either.
    done(&client, "pauseAgent", json!({ "id": agent, "reason": "BREAK" })).await?;
    let (uuid, call) = (format!("{CALL}04"), format!("call:{CALL}04"));
    switch.arrive(&uuid, "热线");
    switch.hang_up(&uuid);
    wait_for("a call that is over", async || Ok(Some(cause(&client, &call).await?))).await?;
    ensure!(routing(&client, &call).await?["state"] == "ENDED", "nobody is looked for");
    switch.has_told_everything().await?;
    ensure!(switch.orders().is_empty(), "there was nobody to connect: {:?}", switch.orders());
    assert!(process.stop().await?.success());
    switch.found_nothing_wrong()
}

#[tokio::test(flavor = "multi_thread")]
async fn calls_wait_until_somebody_asks_where_that_is_configured_and_a_bad_file_is_named() -> Result<()> {
    let switch = Switch::start().await?;
    let quiet = place(&switch)?.with("TRUNKLINE_CTI_ROUTE_ARRIVALS", "false");
    let Serving { client, process } = quiet.serve().await?;
    switch.tell(&client);
    let agent = agent(&client, "1001", json!([])).await?;
    let (uuid, call) = (format!("{CALL}05"), format!("call:{CALL}05"));
    switch.arrive(&uuid, "热线");
    switch.has_told_everything().await?;
    ensure!(count(&client, "routing.requested").await? == 0, "nobody asked");
    // Whoever asks gets the whole way to the conversation all the same.
    let route = "mutation R($input: RouteWorkInput!) { routeWork(input: $input) { userErrors { code } } }";
    client.run(route, json!({ "input": { "work": { "callId": call } } })).await?;
    let offered = offer(&client, &call).await?;
    ensure!(offered["agent"]["id"] == agent, "{offered}");
    accept(&client, &offered).await?;
    ensure!(cause(&client, &call).await? == "CUSTOMER_HANGUP", "they spoke: {}", switch.report());
    switch.has_told_everything().await?;
    assert!(process.stop().await?.success());
    switch.found_nothing_wrong()?;

    let folder = tempfile::tempdir()?;
    let queues = folder.path().join("queues.toml");
    std::fs::write(&queues, format!("{QUEUES}offers = 51\n"))?;
    let broken = Place::sqlite()?.with("TRUNKLINE_ROUTING_QUEUES_FILE", queues.display().to_string());
    for arguments in [&["config", "check"][..], &["serve", "--listen", "127.0.0.1:0"]] {
        let said = broken.run(arguments).await?;
        ensure!(said.code == Some(1), "{said:?}");
        let named = ["`routing.queues_file`", "queues.toml", "\"贷款\"", "`offers`"];
        ensure!(named.iter().all(|word| said.err.contains(word)), "{}", said.err);
    }
    Ok(())
}
