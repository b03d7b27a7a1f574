//! Who read what: recorded before it is shown, found by who may, and refused where it cannot be recorded.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_access::Role;
use trunkline_kernel::Position;
use trunkline_log::{Direction, Filter, Query};
use trunkline_testkit::Client;

use super::House;

const NUMBER: &str = "+8613812341234";
const CUSTOMERS: &str = "query Desk { customers { nodes { id name identifiers { value claim } } } }";
const REVEAL: &str = "mutation($id: ID!, $claim: ID!) { revealIdentifier(input: { id: $id, claim: $claim,
    reason: \"客户要求回电, callback\" }) { value } }";
const RECORDS: &str = "query($filter: AccessFilter, $text: String, $first: Int, $after: String, $at: Position) {
    accessRecords(filter: $filter, text: $text, first: $first, after: $after, minPosition: $at) {
        nodes { position at who roles way operation shape fields clear masked things rows reason outcome code tookMs trace
            emergency times grants address } pageInfo { hasNextPage endCursor } } }";

/// An agent with a customer who has the number. Gives both ids.
async fn desk(house: &House) -> Result<(String, String)> {
    let (agent, _) = house.agent("李伟").await?;
    let identifiers = json!([{ "kind": "PHONE", "value": NUMBER }]);
    let input = json!({ "kind": "PERSON", "profile": { "name": "王小明" }, "identifiers": identifiers });
    let customer =
        house.mutate("registerCustomer", input).await?["id"].as_str().context("no customer")?.to_owned();
    house.agent("赵磊").await?;
    let owned = house.mutate("assignOwner", json!({ "id": customer, "agentId": agent })).await?;
    let wait = "query($at: Position!) { customers(minPosition: $at) { nodes { id } } }";
    house.client.run(wait, json!({ "at": owned["position"] })).await?;
    Ok((agent, customer))
}

async fn records(client: &Client, variables: Value) -> Result<Vec<Value>> {
    let data = client.run(RECORDS, variables).await?;
    data["accessRecords"]["nodes"].as_array().cloned().context("no records")
}

async fn an_auditor_finds_who_saw_a_number(house: House) -> Result<()> {
    let (agent, customer) = desk(&house).await?;
    let mine = house.client_of(&[Role::Agent], Some(&agent), &[]);
    let seen = mine.run(CUSTOMERS, json!({})).await?;
    let claim = &seen["customers"]["nodes"][0]["identifiers"][0]["claim"];
    let shown = mine.run(REVEAL, json!({ "id": customer, "claim": claim })).await?;
    assert_eq!(shown["revealIdentifier"]["value"], NUMBER);
    assert_eq!(mine.answer(RECORDS, json!({})).await?.code(), Some("NOT_PERMITTED"));
    let auditor = house.client_of(&[Role::Auditor], None, &[]);
    records(&auditor, json!({})).await?;
    let at = house.recorded().await?;
    let find = async |filter: Value, text: Option<&str>| {
        records(&auditor, json!({ "filter": filter, "text": text, "at": at })).await
    };

    let revealed = find(json!({ "whom": customer, "way": "REVEAL" }), None).await?;
    let [reveal] = revealed.as_slice() else { anyhow::bail!("{revealed:?}") };
    assert_eq!((&reveal["who"], &reveal["roles"]), (&json!(agent), &json!(["AGENT"])));
    assert_eq!((&reveal["clear"], &reveal["masked"]), (&json!(["Identifier.value"]), &json!([])));
    assert_eq!(
        (&reveal["outcome"], &reveal["reason"]),
        (&json!("ALLOWED"), &json!("客户要求回电, callback"))
    );
    for text in ["回电", "客", "CALLBACK 客户", "revealIdentifier"] {
        assert_eq!(find(json!({ "who": agent }), Some(text)).await?, revealed, "{text}");
    }
    assert_eq!(find(json!({}), Some("电回")).await?, Vec::<Value>::new());
    let read = find(json!({ "whom": customer, "who": agent, "way": "QUERY" }), None).await?;
    let [read] = read.as_slice() else { anyhow::bail!("{read:?}") };
    assert_eq!((&read["clear"], &read["masked"]), (&json!(["Customer.name"]), &json!(["Identifier.value"])));
    assert_eq!((&read["operation"], &read["fields"]), (&json!("Desk"), &json!(["customers"])));
    assert_eq!((&read["things"], &read["rows"]), (&json!([customer]), &json!(1)));
    let refused = find(json!({ "who": agent, "outcome": "REFUSED" }), None).await?;
    let [refused] = refused.as_slice() else { anyhow::bail!("{refused:?}") };
    assert_eq!((&refused["code"], &refused["fields"]), (&json!("NOT_PERMITTED"), &json!(["accessRecords"])));
    let watched = find(json!({ "role": "AUDITOR" }), Some("accessRecords")).await?;
    assert_eq!(watched.len(), 1, "reading the record is recorded: {watched:?}");
    let auditing = house.client_of(&[Role::Administrator], None, &[]);
    assert_eq!(records(&auditing, json!({ "filter": { "way": "REVEAL" } })).await?, revealed);

    let raw = "{ events(filter: { types: [\"access.recorded\"] }) { nodes { type } } }";
    for (role, sees) in [(Role::Auditor, true), (Role::Manager, false), (Role::Service, false)] {
        let data = house.client_of(&[role], None, &[]).run(raw, json!({})).await?;
        let found = data["events"]["nodes"].as_array().is_some_and(|events| !events.is_empty());
        assert_eq!(found, sees, "who read what, as {role}");
    }

    nothing_personal(&house).await?;
    pages(&auditor).await
}

/// No personal value stands in what was recorded.
async fn nothing_personal(house: &House) -> Result<()> {
    let filter = Filter { category: Some("access".to_owned()), ..Filter::default() };
    let query = Query {
        filter,
        direction: Direction::Forwards,
        from: Some(Position::START),
        until: None,
        limit: 1_000,
    };
    let events = house.log.read(&query).await?.events;
    ensure!(!events.is_empty(), "nothing was recorded");
    for event in events {
        let text = event.event.payload.as_str().to_owned();
        for value in ["13812341234", "138****1234", "王", "小明"] {
            ensure!(!text.contains(value), "{value} is in the record: {text}");
        }
    }
    Ok(())
}

/// Pages follow on each other, newest first, whatever is searched for.
async fn pages(auditor: &Client) -> Result<()> {
    for filter in
        [json!({}), json!({ "way": "MUTATION" }), json!({ "role": "SERVICE", "outcome": "ALLOWED" })]
    {
        let all = records(auditor, json!({ "filter": filter, "first": 100 })).await?;
        ensure!(all.len() > 3, "{filter} finds {}", all.len());
        let (mut paged, mut after) = (Vec::new(), Value::Null);
        loop {
            let page = auditor.run(RECORDS, json!({ "filter": filter, "first": 2, "after": after })).await?;
            let page = &page["accessRecords"];
            paged.extend(page["nodes"].as_array().cloned().unwrap_or_default());
            after = page["pageInfo"]["endCursor"].clone();
            if page["pageInfo"]["hasNextPage"] != true {
                break;
            }
        }
        assert_eq!(paged, all, "{filter}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_finds_who_saw_a_number_on_sqlite() -> Result<()> {
    an_auditor_finds_who_saw_a_number(House::recording().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn an_auditor_finds_who_saw_a_number_on_postgres() -> Result<()> {
    an_auditor_finds_who_saw_a_number(House::recording_on_postgres().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_recorded_is_not_shown_and_the_rest_goes_on() -> Result<()> {
    let house = House::recording().await?;
    let (agent, customer) = desk(&house).await?;
    let mine = house.client_of(&[Role::Agent], Some(&agent), &[]);
    mine.run(CUSTOMERS, json!({})).await?;
    house.log.close().await;
    let answer = mine.answer(CUSTOMERS, json!({})).await?;
    assert_eq!((answer.status, answer.code()), (503, Some("AUDIT_UNAVAILABLE")));
    ensure!(!answer.body.to_string().contains("王小明"), "{}", answer.body);
    let ids = mine.run("{ customers { nodes { id region } } }", json!({})).await?;
    assert_eq!(ids["customers"]["nodes"][0]["id"], json!(customer));
    let watch = "subscription { customerChanges(after: \"0\") { customer { name } } }";
    let mut refused = mine.subscribe(watch, json!({})).await?;
    let error = refused.next().await.expect_err("a subscription that cannot be recorded");
    ensure!(error.to_string().contains("AUDIT_UNAVAILABLE"), "{error:#}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_subscription_is_recorded_when_it_begins_and_when_it_ends() -> Result<()> {
    let house = House::recording().await?;
    let (agent, customer) = desk(&house).await?;
    let mine = house.client_of(&[Role::Agent], Some(&agent), &[]);
    let watch = "subscription Watch { customerChanges(after: \"0\") { customer { id name } } }";
    let mut changes = mine.subscribe(watch, json!({})).await?;
    changes.next().await?.context("nothing came")?;
    drop(changes);
    let auditor = house.client_of(&[Role::Auditor], None, &[]);
    let ended = json!({ "filter": { "way": "SUBSCRIPTION_END" } });
    let ended = trunkline_testkit::wait_for("the end of the subscription", async || {
        Ok(records(&auditor, ended.clone()).await?.pop())
    })
    .await?;
    assert_eq!((&ended["who"], &ended["operation"]), (&json!(agent), &json!("Watch")));
    assert_eq!((&ended["things"], &ended["clear"]), (&json!([customer]), &json!(["Customer.name"])));
    let begun = records(&auditor, json!({ "filter": { "way": "SUBSCRIPTION" } })).await?;
    assert_eq!((begun.len(), &begun[0]["shape"], &begun[0]["rows"]), (1, &ended["shape"], &json!(0)));
    Ok(())
}
