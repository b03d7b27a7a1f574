//! Commands: what was written can be read at once, a repeated key gives the first answer, refusals are data.

use anyhow::{Context as _, Result};
use serde_json::json;

use super::House;

async fn reads_own_writes(house: House) -> Result<()> {
    let (id, position) = house.customer("王小明").await?;
    let query = "query($id: ID!, $at: Position) { customer(id: $id, minPosition: $at) { name } }";
    let data = house.client.run(query, json!({ "id": id, "at": position })).await?;
    assert_eq!(data["customer"]["name"], "王小明");
    // The payload itself shows the thing in its new state.
    let mutation = "mutation($input: ChangeCustomerProfileInput!) { changeCustomerProfile(input: $input) {
        customer { name industry } position eventIds } }";
    let input = json!({ "id": id, "changes": { "industry": "制造业" } });
    let data = house.client.run(mutation, json!({ "input": input })).await?;
    let changed = json!({ "name": "王小明", "industry": "制造业" });
    assert_eq!(data["changeCustomerProfile"]["customer"], changed);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_reads_its_own_writes_on_sqlite() -> Result<()> {
    reads_own_writes(House::new().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_reads_its_own_writes_on_postgres() -> Result<()> {
    reads_own_writes(House::postgres().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_read_model_that_stays_behind_is_a_typed_error() -> Result<()> {
    let mut house = House::new().await?;
    house.stop_projections().await;
    let (id, position) = house.customer("Ann").await?;
    let query = "query($id: ID!, $at: Position) { customer(id: $id, minPosition: $at) { name } }";
    let answer = house.client.answer(query, json!({ "id": id, "at": position })).await?;
    assert_eq!(answer.code(), Some("READ_MODEL_BEHIND"));
    assert_eq!(answer.body["errors"][0]["extensions"]["minPosition"], position);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_key_again_gives_the_first_answer_and_writes_nothing() -> Result<()> {
    let house = House::new().await?;
    let input = json!({ "name": "Ann", "idempotencyKey": "k-1" });
    let first = house.mutate("registerAgent", input.clone()).await?;
    let head = house.log.head().await?;
    let again = house.mutate("registerAgent", input).await?;
    assert_eq!((&again["id"], &again["eventIds"]), (&first["id"], &first["eventIds"]));
    assert_eq!((&first["repeated"], &again["repeated"]), (&json!(false), &json!(true)));
    assert_eq!(house.log.head().await?, head, "nothing was written");
    // The same key for something else is refused, and so is an empty one.
    let other = house.try_mutate("registerAgent", json!({ "name": "Bob", "idempotencyKey": "k-1" })).await?;
    assert_eq!(other["userErrors"][0]["field"], "idempotencyKey");
    let empty = house.try_mutate("registerAgent", json!({ "name": "Bob", "idempotencyKey": "" })).await?;
    assert_eq!(empty["userErrors"][0]["field"], "idempotencyKey");
    assert_eq!(house.log.head().await?, head, "nothing was written");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refusal_is_data_in_the_language_of_the_request() -> Result<()> {
    let house = House::new().await?;
    let (id, _) = house.agent("Ann").await?;
    let refused = house.try_mutate("makeAvailable", json!({ "id": id })).await?;
    let english = refused["userErrors"][0].clone();
    assert_eq!(english["code"], "AGENT_OFFLINE");
    let chinese = house.client.clone().with_header("accept-language", "zh-CN,zh;q=0.9,en;q=0.5");
    let mutation =
        "mutation($id: ID!) { makeAvailable(input: { id: $id }) { id userErrors { code message } } }";
    let data = chinese.run(mutation, json!({ "id": id })).await?;
    let told = &data["makeAvailable"];
    assert_eq!((&told["id"], &told["userErrors"][0]["code"]), (&json!(null), &english["code"]));
    let message = told["userErrors"][0]["message"].as_str().context("a message")?;
    assert!(message.chars().any(|letter| ('\u{4e00}'..='\u{9fff}').contains(&letter)), "{message}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn everything_that_is_wrong_with_an_input_is_told_field_by_field() -> Result<()> {
    let house = House::new().await?;
    let (agent, _) = house.agent("Ann").await?;
    let input = json!({ "direction": "INBOUND", "customerId": agent, "leadId": "nonsense", "number": "12" });
    let refused = house.try_mutate("createCall", input).await?;
    let errors = refused["userErrors"].as_array().context("errors")?;
    let fields: Vec<_> = errors.iter().filter_map(|error| error["field"].as_str()).collect();
    assert_eq!(fields, ["customerId", "leadId", "number"]);
    let identifiers = json!([{ "kind": "EMAIL", "value": "nobody" }]);
    let refused =
        house.try_mutate("registerCustomer", json!({ "kind": "PERSON", "identifiers": identifiers })).await?;
    assert_eq!(refused["userErrors"][0]["field"], "identifiers");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_identifier_is_one_customers() -> Result<()> {
    let house = House::new().await?;
    let input = |name: &str| {
        let identifiers = json!([{ "kind": "PHONE", "value": "+86 138 1234 5678" }]);
        json!({ "kind": "PERSON", "profile": { "name": name }, "identifiers": identifiers })
    };
    let first = house.mutate("registerCustomer", input("王小明")).await?;
    let second = house.try_mutate("registerCustomer", input("李雷")).await?;
    assert_eq!(second["userErrors"][0]["code"], "IDENTIFIER_TAKEN");
    let query = "query($at: Position) {
        customerByIdentifier(kind: PHONE, value: \"+8613812345678\", minPosition: $at) { id identifiers { value } } }";
    let data = house.client.run(query, json!({ "at": first["position"] })).await?;
    assert_eq!(data["customerByIdentifier"]["id"], first["id"]);
    assert_eq!(data["customerByIdentifier"]["identifiers"][0]["value"], "+8613812345678");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_call_its_agent_and_its_lead_change_together() -> Result<()> {
    let house = House::new().await?;
    let (customer, _) = house.customer("王小明").await?;
    let (agent, _) = house.agent("李伟").await?;
    house.mutate("signIn", json!({ "id": agent })).await?;
    house.mutate("makeAvailable", json!({ "id": agent })).await?;
    let consent = json!({ "id": customer, "purpose": "MARKETING", "channel": "CALL", "evidence": "form 7" });
    house.mutate("grantConsent", consent).await?;
    let campaign = json!({ "name": "春季", "mode": "PREVIEW", "jurisdiction": "CN" });
    let campaign = house.mutate("createCampaign", campaign).await?["id"].clone();
    let lead = json!({ "campaignId": campaign, "customerId": customer });
    let lead = house.mutate("addLead", lead).await?["id"].clone();
    house.mutate("readyLead", json!({ "id": lead })).await?;
    house.mutate("queueLead", json!({ "id": lead })).await?;
    let call = json!({ "direction": "OUTBOUND", "leadId": lead, "agentId": agent });
    let call = house.mutate("createCall", call).await?["id"].clone();
    let early = house.try_mutate("dialCall", json!({ "id": call })).await?;
    assert_eq!(early["userErrors"][0]["code"], "CAMPAIGN_NOT_RUNNING");
    house.mutate("startCampaign", json!({ "id": campaign })).await?;
    house.mutate("dialCall", json!({ "id": call })).await?;
    house.mutate("ringCall", json!({ "id": call })).await?;
    house.mutate("answerCall", json!({ "id": call })).await?;
    house.mutate("classifyCall", json!({ "id": call, "answerer": "HUMAN" })).await?;
    house.mutate("bridgeCall", json!({ "id": call, "agentId": agent })).await?;
    house.mutate("endCall", json!({ "id": call, "cause": "CUSTOMER_HANGUP" })).await?;
    let disposition = json!({ "id": call, "disposition": "sold", "rightParty": true, "sale": true });
    let last = house.mutate("dispositionCall", disposition).await?;
    let query = "query($call: ID!, $at: Position) { call(id: $call, minPosition: $at) {
        state sale campaign { name } agent { presence } lead { state outcome } customer { counts { calls callsAnswered } } } }";
    let data = house.client.run(query, json!({ "call": call, "at": last["position"] })).await?;
    let expected = json!({
        "state": "DISPOSITIONED", "sale": true, "campaign": { "name": "春季" }, "agent": { "presence": "AVAILABLE" },
        "lead": { "state": "DONE", "outcome": "SALE" }, "customer": { "counts": { "calls": 1, "callsAnswered": 1 } },
    });
    assert_eq!(data["call"], expected);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_withdrawn_consent_blocks_queued_leads_in_the_same_append() -> Result<()> {
    let house = House::new().await?;
    let (customer, _) = house.customer("王小明").await?;
    let consent = json!({ "id": customer, "purpose": "MARKETING", "channel": "CALL", "evidence": "form 7" });
    house.mutate("grantConsent", consent).await?;
    let campaign = json!({ "name": "春季", "mode": "MANUAL", "jurisdiction": "CN" });
    let campaign = house.mutate("createCampaign", campaign).await?["id"].clone();
    let lead = house.mutate("addLead", json!({ "campaignId": campaign, "customerId": customer })).await?;
    house.mutate("readyLead", json!({ "id": lead["id"] })).await?;
    house.mutate("queueLead", json!({ "id": lead["id"] })).await?;
    let withdrawn = json!({ "id": customer, "purpose": "MARKETING", "channel": "CALL" });
    let withdrawn = house.mutate("withdrawConsent", withdrawn).await?;
    assert_eq!(withdrawn["eventIds"].as_array().map(Vec::len), Some(2), "{withdrawn}");
    let query = "query($id: ID!, $at: Position) { lead(id: $id, minPosition: $at) { state blockReason } }";
    let data = house.client.run(query, json!({ "id": lead["id"], "at": withdrawn["position"] })).await?;
    assert_eq!(data["lead"], json!({ "state": "DO_NOT_CALL", "blockReason": "REQUESTED" }));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offered_task_is_accepted_under_its_token_alone() -> Result<()> {
    let house = House::new().await?;
    let (customer, _) = house.customer("王小明").await?;
    let (agent, _) = house.agent("李伟").await?;
    house.mutate("signIn", json!({ "id": agent })).await?;
    house.mutate("makeAvailable", json!({ "id": agent })).await?;
    let (task, _) = house.task("回访", &customer).await?;
    let offer = json!({ "agentId": agent, "work": { "taskId": task } });
    let mutation = "mutation($input: OfferWorkInput!) { offerWork(input: $input) {
        reservation { id token state task { state } } position userErrors { code } } }";
    let data = house.client.run(mutation, json!({ "input": offer })).await?;
    let reservation = &data["offerWork"]["reservation"];
    assert_eq!(reservation["state"], "PENDING", "{data}");
    let token = reservation["token"].as_i64().context("a token")?;
    let stale = json!({ "id": reservation["id"], "token": token + 1 });
    let stale = house.try_mutate("acceptReservation", stale).await?;
    assert_eq!(stale["userErrors"][0]["field"], "token");
    let accept = json!({ "id": reservation["id"], "token": token });
    let accepted = house.mutate("acceptReservation", accept).await?;
    let query = "query($id: ID!, $at: Position) { task(id: $id, minPosition: $at) {
        state owner { name presence } history { event } } }";
    let data = house.client.run(query, json!({ "id": task, "at": accepted["position"] })).await?;
    let expected = json!({
        "state": "ASSIGNED", "owner": { "name": "李伟", "presence": "AVAILABLE" },
        "history": [{ "event": "opened" }, { "event": "reserved" }, { "event": "assigned" }],
    });
    assert_eq!(data["task"], expected);
    Ok(())
}
