//! Rights for a time, and single values shown.

use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_access::{Policy, Role};
use trunkline_app::{AccessLimits, Authority};
use trunkline_kernel::SystemClock;
use trunkline_log::{Feed, FeedLimits};
use trunkline_testkit::Client;

use super::House;

const CUSTOMERS: &str = "{ customers { nodes { id name identifiers { value claim } } } }";

/// An agent with a customer who has this number. Gives both ids.
async fn desk(house: &House, number: &str) -> Result<(String, String)> {
    let (agent, _) = house.agent("李伟").await?;
    let identifiers = json!([{ "kind": "PHONE", "value": number }]);
    let input = json!({ "kind": "PERSON", "profile": { "name": "王小明" }, "identifiers": identifiers });
    let customer =
        house.mutate("registerCustomer", input).await?["id"].as_str().context("no customer")?.to_owned();
    let owned = house.mutate("assignOwner", json!({ "id": customer, "agentId": agent })).await?;
    let wait = "query($at: Position!) { customers(minPosition: $at) { nodes { id } } }";
    house.client.run(wait, json!({ "at": owned["position"] })).await?;
    Ok((agent, customer))
}

async fn customers(client: &Client) -> Result<Vec<Value>> {
    let data = client.run(CUSTOMERS, json!({})).await?;
    Ok(data["customers"]["nodes"].as_array().cloned().unwrap_or_default())
}

const DELEGATE: &str =
    "mutation($to: String!, $until: DateTime!, $roles: [Role!]) { delegateAccess(input: { to: $to,
    until: $until, roles: $roles, reason: \"on leave\" }) { id eventIds grant { emergency roles to }
    userErrors { code field } } }";
const END: &str = "mutation($id: ID!) { endGrant(input: { id: $id, reason: \"back again\" }) {
    id userErrors { code } } }";

fn in_minutes(minutes: i64) -> String {
    use trunkline_kernel::{Clock as _, Millis};
    SystemClock.now().plus(Millis::from_mins(minutes)).to_string()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lent_holds_at_once_and_until_it_is_taken_back_on_every_server() -> Result<()> {
    let house = House::new().await?;
    let (lender, customer) = desk(&house, "+8613812341234").await?;
    let (other, _) = house.agent("张敏").await?;
    let lending = house.client_of(&[Role::Agent], Some(&lender), &[]);
    let borrowing = house.client_of(&[Role::Agent], Some(&other), &[]);
    assert!(customers(&borrowing).await?.is_empty());
    // Another server over the same log follows the same grants.
    let feed = Feed::start(Arc::clone(&house.log), FeedLimits::default());
    let limits = AccessLimits::default();
    let elsewhere =
        Authority::start(Policy::standard(), limits, Arc::new(SystemClock), &*house.log, &feed).await?;
    let to = json!(other);
    let lent = lending.run(DELEGATE, json!({ "to": to, "until": in_minutes(30) })).await?;
    let payload = &lent["delegateAccess"];
    assert_eq!(payload["grant"], json!({ "emergency": false, "roles": ["AGENT"], "to": other }));
    let seen = customers(&borrowing).await?;
    assert_eq!(seen[0]["id"], json!(customer));
    let event =
        payload["eventIds"][0].as_str().and_then(|id| id.strip_prefix("event:")).context("no event")?;
    elsewhere.noted(event.parse()?).await;
    assert_eq!(elsewhere.in_force().len(), 1);
    let grants = borrowing.run("{ grants { id from to reason } }", json!({})).await?;
    assert_eq!(grants["grants"][0]["from"], json!(lender));
    // Nobody else sees the grant or can end it.
    let third = house.client_of(&[Role::Agent], Some("agent:00000000-0000-7000-8000-000000000009"), &[]);
    assert_eq!(third.run("{ grants { id } }", json!({})).await?["grants"], json!([]));
    let refused = third.run(END, json!({ "id": payload["id"] })).await?;
    assert_eq!(refused["endGrant"]["userErrors"][0]["code"], "GRANT_UNKNOWN");
    let ended = lending.run(END, json!({ "id": payload["id"] })).await?;
    assert_eq!(ended["endGrant"]["userErrors"], json!([]));
    assert!(customers(&borrowing).await?.is_empty());
    // What one does not have, and for longer than is permitted, is not lent.
    let more =
        lending.run(DELEGATE, json!({ "to": to, "until": in_minutes(30), "roles": ["MANAGER"] })).await?;
    assert_eq!(more["delegateAccess"]["userErrors"][0]["field"], "roles");
    let longer = lending.run(DELEGATE, json!({ "to": to, "until": in_minutes(60 * 24 * 40) })).await?;
    assert_eq!(longer["delegateAccess"]["userErrors"][0]["code"], "GRANT_TOO_LONG");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_emergency_shows_everything_for_a_time_and_changes_nothing_else() -> Result<()> {
    let house = House::new().await?;
    let (agent, customer) = desk(&house, "+8613812341234").await?;
    let glass = "mutation($minutes: Int!) { breakGlass(input: { minutes: $minutes, reason: \"outage\" }) {
        id userErrors { code } } }";
    let mine = house.client_of(&[Role::Agent], Some(&agent), &[]);
    assert_eq!(mine.answer(glass, json!({ "minutes": 5 })).await?.code(), Some("NOT_PERMITTED"));
    let administrator = house.client_of(&[Role::Administrator], None, &[]);
    assert_eq!(administrator.answer(CUSTOMERS, json!({})).await?.code(), Some("NOT_PERMITTED"));
    let long = administrator.run(glass, json!({ "minutes": 61 })).await?;
    assert_eq!(long["breakGlass"]["userErrors"][0]["code"], "GRANT_TOO_LONG");
    let broken = administrator.run(glass, json!({ "minutes": 5 })).await?;
    let seen = customers(&administrator).await?;
    assert_eq!(seen[0]["id"], json!(customer));
    assert_eq!(seen[0]["identifiers"][0]["value"], "+8613812341234");
    let edit = "mutation($id: ID!) { releaseOwner(input: { id: $id }) { id } }";
    assert_eq!(administrator.answer(edit, json!({ "id": customer })).await?.code(), Some("NOT_PERMITTED"));
    administrator.run(END, json!({ "id": broken["breakGlass"]["id"] })).await?;
    assert_eq!(administrator.answer(CUSTOMERS, json!({})).await?.code(), Some("NOT_PERMITTED"));
    let events = "{ events(filter: { category: \"grant\" }) { nodes { type } } }";
    let auditor = house.client_of(&[Role::Auditor], None, &[]).run(events, json!({})).await?;
    let types: Vec<_> =
        auditor["events"]["nodes"].as_array().into_iter().flatten().map(|e| e["type"].clone()).collect();
    assert_eq!(types, ["grant.glass_broken", "grant.ended"]);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_masked_value_is_shown_for_a_reason_a_few_times_and_the_log_tells() -> Result<()> {
    let house = House::new().await?;
    let (agent, customer) = desk(&house, "+8613812341234").await?;
    let (_, theirs) = desk(&house, "+8613900005678").await?;
    let mine = house.client_of(&[Role::Agent], Some(&agent), &[]);
    let seen = customers(&mine).await?;
    assert_eq!(seen[0]["identifiers"][0]["value"], "138****1234");
    let claim = seen[0]["identifiers"][0]["claim"].clone();
    let reveal = "mutation($id: ID!, $claim: ID!, $reason: String!) { revealIdentifier(input: { id: $id, claim: $claim,
        reason: $reason }) { id value eventIds userErrors { code } } }";
    let ask = async |id: &str, reason: &str| -> Result<Value> {
        let mut data = mine.run(reveal, json!({ "id": id, "claim": claim, "reason": reason })).await?;
        Ok(data["revealIdentifier"].take())
    };
    assert_eq!(ask(&customer, " ").await?["userErrors"][0]["code"], "INPUT_EMPTY");
    let shown = ask(&customer, "asked to be called back").await?;
    assert_eq!(shown["value"], "+8613812341234");
    let others = ask(&theirs, "curious").await?;
    assert_eq!(
        (&others["value"], &others["userErrors"][0]["code"]),
        (&Value::Null, &json!("CUSTOMER_IDENTIFIER_NOT_LINKED"))
    );
    let events = "query($tag: String!) { events(filter: { category: \"grant\", tags: [$tag] }) { nodes {
        id type actor payload } } }";
    let told = house.client.run(events, json!({ "tag": customer })).await?;
    let nodes = told["events"]["nodes"].as_array().context("no events")?;
    ensure!(nodes.len() == 1 && nodes[0]["id"] == shown["eventIds"][0], "{told}");
    assert_eq!(nodes[0]["payload"]["reason"], "asked to be called back");
    ensure!(!told.to_string().contains("13812341234"), "the value is in the event: {told}");
    assert_eq!(ask(&customer, "again").await?["userErrors"], json!([]));
    let third = ask(&customer, "and again").await?;
    assert_eq!(
        (&third["value"], &third["userErrors"][0]["code"]),
        (&Value::Null, &json!("GRANT_REVEALS_TOO_MANY"))
    );
    Ok(())
}
