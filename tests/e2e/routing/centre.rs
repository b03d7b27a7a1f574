//! A small contact centre over the public API.

use anyhow::{Result, ensure};
use serde_json::{Value, json};
use trunkline_testkit::Client;

/// Where work is, how it is routed.
pub(crate) const ROUTING: &str = "query R($work: WorkInput!) { routing(work: $work) {
    id state offers { id token agent { id } } assignment { id state agent { id } } decision { id }
} }";

/// Runs a mutation. Gives its payload, refused or not.
pub(crate) async fn attempt(client: &Client, mutation: &str, input: Value) -> Result<Value> {
    let kind = match mutation {
        "signIn" | "signOut" | "makeAvailable" | "endWrap" => "AgentInput".to_owned(),
        "acceptReservation" => "ReservationTokenInput".to_owned(),
        _ => format!("{}{}Input", mutation[..1].to_ascii_uppercase(), &mutation[1..]),
    };
    let query = format!(
        "mutation M($input: {kind}!) {{ payload: {mutation}(input: $input) {{ \
         id userErrors {{ code field message }} }} }}"
    );
    Ok(client.run(&query, json!({ "input": input })).await?["payload"].take())
}

/// Runs a mutation that has to succeed. Gives the id.
pub(crate) async fn done(client: &Client, mutation: &str, input: Value) -> Result<String> {
    let payload = attempt(client, mutation, input).await?;
    ensure!(payload["userErrors"] == json!([]), "{mutation} was refused: {payload}");
    Ok(payload["id"].as_str().unwrap_or_default().to_owned())
}

/// An agent with one skill who waits for work.
pub(crate) async fn agent(client: &Client, name: &str, skill: &str) -> Result<String> {
    let skills = json!([{ "name": skill, "level": 5 }]);
    let input = json!({ "name": name, "skills": skills, "languages": ["zh-CN"], "team": "华东" });
    let id = done(client, "registerAgent", input).await?;
    done(client, "signIn", json!({ "id": id })).await?;
    done(client, "makeAvailable", json!({ "id": id })).await?;
    Ok(id)
}

/// A customer.
pub(crate) async fn customer(client: &Client) -> Result<String> {
    done(client, "registerCustomer", json!({ "kind": "PERSON", "profile": { "name": "李伟" } })).await
}

/// A call about a product that waits for an agent.
pub(crate) async fn call(client: &Client, product: &str, customer: Option<&str>) -> Result<String> {
    let input = json!({ "direction": "INBOUND", "product": product, "customerId": customer });
    let id = done(client, "createCall", input).await?;
    done(client, "queueCall", json!({ "id": id, "queue": product })).await?;
    Ok(id)
}

/// How the search for an agent for a call stands.
pub(crate) async fn routing(client: &Client, call: &str) -> Result<Value> {
    Ok(client.run(ROUTING, json!({ "work": { "callId": call } })).await?["routing"].take())
}

/// Accepts an offer, whatever comes of it.
pub(crate) async fn accept(client: &Client, offer: &Value) -> Result<Value> {
    attempt(client, "acceptReservation", json!({ "id": offer["id"], "token": offer["token"] })).await
}
