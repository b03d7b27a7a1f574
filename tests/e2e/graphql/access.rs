//! Who sees and does what, over the whole API.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_access::Role;
use trunkline_testkit::Client;

use super::House;

/// Two agents of two teams, each with a customer and a task, and a customer of nobody.
struct Centre {
    house: House,
    mine: Desk,
    theirs: Desk,
}

struct Desk {
    agent: String,
    customer: String,
    task: String,
}

async fn desk(house: &House, number: &str, team: &str) -> Result<Desk> {
    let agent = house.mutate("registerAgent", json!({ "name": "李伟", "team": team })).await?;
    let agent = agent["id"].as_str().context("no agent")?.to_owned();
    let identifiers = json!([{ "kind": "PHONE", "value": number }]);
    let input = json!({ "kind": "PERSON", "profile": { "name": "王小明" }, "identifiers": identifiers });
    let customer = house.mutate("registerCustomer", input).await?;
    let customer = customer["id"].as_str().context("no customer")?.to_owned();
    house.mutate("assignOwner", json!({ "id": customer, "agentId": agent })).await?;
    let (task, _) = house.task("回访", &customer).await?;
    house.mutate("assignTask", json!({ "id": task, "agentId": agent })).await?;
    Ok(Desk { agent, customer, task })
}

impl Centre {
    async fn open(house: House) -> Result<Self> {
        let mine = desk(&house, "+8613812341234", "east").await?;
        let theirs = desk(&house, "+8613900005678", "west").await?;
        let (_, position) = house.customer("无主").await?;
        let query = "query($at: Position!) { customers(minPosition: $at) { nodes { id } } }";
        house.client.run(query, json!({ "at": position })).await?;
        Ok(Self { house, mine, theirs })
    }

    fn agent(&self) -> Client {
        self.house.client_of(&[Role::Agent], Some(&self.mine.agent), &["east"])
    }
}

fn ids(data: &Value, list: &str) -> Vec<String> {
    let nodes = data[list]["nodes"].as_array().cloned().unwrap_or_default();
    nodes.iter().filter_map(|node| node["id"].as_str().map(str::to_owned)).collect()
}

const LISTS: &str = "{ customers { nodes { id name identifiers { value } } pageInfo { hasNextPage } }
    tasks { nodes { id } } agents { nodes { id name } } taskBoard { tasks } }";

async fn an_agent_sees(house: House) -> Result<()> {
    let centre = Centre::open(house).await?;
    let agent = centre.agent();
    let seen = agent.run(LISTS, json!({})).await?;
    assert_eq!(ids(&seen, "customers"), std::slice::from_ref(&centre.mine.customer));
    assert_eq!(ids(&seen, "tasks"), std::slice::from_ref(&centre.mine.task));
    assert_eq!(ids(&seen, "agents"), std::slice::from_ref(&centre.mine.agent));
    assert_eq!(seen["customers"]["pageInfo"]["hasNextPage"], false);
    assert_eq!(seen["customers"]["nodes"][0]["name"], "王小明");
    assert_eq!(seen["customers"]["nodes"][0]["identifiers"][0]["value"], "138****1234");
    let board: i64 =
        seen["taskBoard"].as_array().context("no board")?.iter().filter_map(|c| c["tasks"].as_i64()).sum();
    assert_eq!(board, 1);

    let by_name = "query($customer: ID!, $task: ID!, $ids: [ID!]!) { node(id: $task) { id } nodes(ids: $ids) { id }
        customer(id: $customer) { id } was: customer(id: $customer, asOf: { time: \"2999-01-01T00:00:00Z\" }) { id }
        customerByIdentifier(kind: PHONE, value: \"+86 139 0000 5678\") { id }
        search: customers(filter: { nameContains: \"小明\" }) { nodes { id } } }";
    let theirs = json!({ "customer": centre.theirs.customer, "task": centre.theirs.task, "ids": [centre.theirs.customer] });
    let seen = agent.run(by_name, theirs).await?;
    for field in ["node", "customer", "was", "customerByIdentifier"] {
        assert_eq!(seen[field], Value::Null, "{field}");
    }
    assert_eq!(seen["nodes"], json!([null]));
    assert_eq!(ids(&seen, "search"), std::slice::from_ref(&centre.mine.customer));
    let mine =
        json!({ "customer": centre.mine.customer, "task": centre.mine.task, "ids": [centre.mine.customer] });
    let seen = agent.run(by_name, mine).await?;
    for field in ["node", "customer", "was"] {
        assert!(seen[field]["id"].is_string(), "{field}: {seen}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_its_own_on_sqlite() -> Result<()> {
    an_agent_sees(House::new().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_sees_its_own_on_postgres() -> Result<()> {
    an_agent_sees(House::postgres().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_not_ones_own_cannot_be_changed_and_looks_like_what_does_not_exist() -> Result<()> {
    let centre = Centre::open(House::new().await?).await?;
    let agent = centre.agent();
    let start =
        "mutation($id: ID!) { startTask(input: { id: $id }) { id userErrors { code field message } } }";
    let nothing = agent.run(start, json!({ "id": "task:00000000-0000-7000-8000-000000000000" })).await?;
    assert_eq!(nothing["startTask"]["userErrors"][0]["code"], "TASK_UNKNOWN");
    let bare = centre.theirs.task.trim_start_matches("task:");
    for id in [centre.theirs.task.as_str(), bare] {
        assert_eq!(agent.run(start, json!({ "id": id })).await?, nothing, "{id}");
    }
    let head = centre.house.log.head().await?;
    let created = "mutation($customer: ID!, $agent: ID) { createCall(input: { direction: OUTBOUND, customerId: $customer,
        agentId: $agent }) { id userErrors { code field } } }";
    let call = agent.run(created, json!({ "customer": centre.theirs.customer })).await?;
    assert_eq!(
        call["createCall"]["userErrors"],
        json!([{ "code": "CUSTOMER_UNKNOWN", "field": "customerId" }])
    );
    let whose = json!({ "customer": centre.mine.customer, "agent": centre.theirs.agent });
    let call = agent.run(created, whose).await?;
    assert_eq!(call["createCall"]["userErrors"], json!([{ "code": "AGENT_UNKNOWN", "field": "agentId" }]));
    // Nothing of an operation is done when one of its fields is not permitted.
    let both = "mutation($id: ID!) { startTask(input: { id: $id }) { id } registerAgent(input: { name: \"x\" }) { id } }";
    let answer = agent.answer(both, json!({ "id": centre.mine.task })).await?;
    assert_eq!(answer.code(), Some("NOT_PERMITTED"));
    assert_eq!(answer.body["errors"][0]["extensions"]["field"], "registerAgent");
    let hidden =
        "mutation { ...all } fragment all on Mutation { registerAgent(input: { name: \"x\" }) { id } }";
    assert_eq!(agent.answer(hidden, json!({})).await?.code(), Some("NOT_PERMITTED"));
    assert_eq!(centre.house.log.head().await?, head);
    let done = agent.run(start, json!({ "id": centre.mine.task })).await?;
    assert_eq!(done["startTask"]["userErrors"], json!([]));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_gives_what_its_caller_sees_and_nothing_else() -> Result<()> {
    let centre = Centre::open(House::new().await?).await?;
    let after = centre.house.log.head().await?.to_string();
    let changes = "subscription($after: Position) { taskChanges(after: $after) { eventType task { id } } }";
    let mut mine = centre.agent().subscribe(changes, json!({ "after": after })).await?;
    centre.house.mutate("startTask", json!({ "id": centre.theirs.task })).await?;
    centre.house.mutate("startTask", json!({ "id": centre.mine.task })).await?;
    let first = mine.next().await?.context("nothing came")?;
    assert_eq!(first["taskChanges"]["task"]["id"], json!(centre.mine.task));
    let events = "subscription { events { position } }";
    let mut refused = centre.agent().subscribe(events, json!({})).await?;
    let error = refused.next().await.expect_err("an agent follows the log");
    ensure!(error.to_string().contains("NOT_PERMITTED"), "{error:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn each_role_sees_what_its_row_of_the_table_says() -> Result<()> {
    let centre = Centre::open(House::new().await?).await?;
    let client = |role, teams: &[&str]| centre.house.client_of(&[role], None, teams);
    let lead = client(Role::TeamLead, &["west"]).run(LISTS, json!({})).await?;
    assert_eq!(ids(&lead, "customers"), std::slice::from_ref(&centre.theirs.customer));
    assert_eq!(ids(&lead, "tasks"), std::slice::from_ref(&centre.theirs.task));
    let manager = client(Role::Manager, &[]).run(LISTS, json!({})).await?;
    assert_eq!(ids(&manager, "customers").len(), 3);
    assert_eq!(manager["customers"]["nodes"][0]["identifiers"][0]["value"], "138****1234");
    let service = client(Role::Service, &[]).run(LISTS, json!({})).await?;
    assert_eq!(service["customers"]["nodes"][0]["identifiers"][0]["value"], "+8613812341234");
    for role in [Role::Analyst, Role::Auditor] {
        let seen = client(role, &[]).run(LISTS, json!({})).await?;
        assert_eq!(ids(&seen, "customers").len(), 3, "{role}");
        assert_eq!(seen["customers"]["nodes"][0]["name"], Value::Null, "{role}");
        assert_eq!(seen["customers"]["nodes"][0]["identifiers"][0]["value"], Value::Null, "{role}");
        assert_eq!(seen["agents"]["nodes"][0]["name"], Value::Null, "{role}");
    }
    let inspect = "{ customers { nodes { id name } } }";
    let inspector = client(Role::QualityInspector, &[]).run(inspect, json!({})).await?;
    assert_eq!(inspector["customers"]["nodes"][0]["name"], "王**");
    let administrator = client(Role::Administrator, &[]);
    assert_eq!(administrator.answer(LISTS, json!({})).await?.code(), Some("NOT_PERMITTED"));
    assert_eq!(ids(&administrator.run("{ agents { nodes { id } } }", json!({})).await?, "agents").len(), 2);
    let events = "{ events(first: 100) { nodes { stream } } }";
    let auditor = client(Role::Auditor, &[]).run(events, json!({})).await?;
    ensure!(auditor["events"]["nodes"].as_array().is_some_and(|events| events.len() > 10));
    // Two roles together do not show the rows of the one as the other shows its own.
    let both = centre.house.client_of(&[Role::Agent, Role::Analyst], Some(&centre.mine.agent), &[]);
    let seen = both.run(LISTS, json!({})).await?;
    assert_eq!(ids(&seen, "customers").len(), 3);
    assert_eq!(seen["customers"]["nodes"][0]["name"], Value::Null);
    let start = "mutation($id: ID!) { startTask(input: { id: $id }) { userErrors { code } } }";
    let refused = both.run(start, json!({ "id": centre.theirs.task })).await?;
    assert_eq!(refused["startTask"]["userErrors"][0]["code"], "TASK_UNKNOWN");
    Ok(())
}
