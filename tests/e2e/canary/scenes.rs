//! Everything that is done with the planted values, by those who may, by the clumsy, and by those who may not.

use anyhow::{Context as _, Result, ensure};
use reqwest::Method;
use serde_json::{Value, json};
use tempfile::TempDir;
use trunkline_testkit::Client;

use super::house::{House, STORES};
use super::{AGENT_NAME, EMAIL, NAME, NOTE, OTHER_NAME, OTHER_PHONE, PHONE, SAID};
use crate::binary::run;

/// What was told to those who may not be told.
#[derive(Default)]
pub(super) struct Told(Vec<(String, String)>);

impl Told {
    pub(super) fn note(&mut self, place: &str, text: impl Into<String>) {
        self.0.push((place.to_owned(), text.into()));
    }

    pub(super) fn all(&self) -> &[(String, String)] {
        &self.0
    }
}

/// Runs a mutation that has to succeed, and gives its payload.
pub(super) async fn done(client: &Client, mutation: &str, input: Value) -> Result<Value> {
    let answer = tried(client, mutation, input).await?;
    ensure!(answer["userErrors"] == json!([]), "{mutation} was refused: {answer}");
    Ok(answer)
}

async fn tried(client: &Client, mutation: &str, input: Value) -> Result<Value> {
    let type_name = match mutation {
        "recordCustomerInsight" => "RecordInsightInput".to_owned(),
        "signIn" | "makeAvailable" => "AgentInput".to_owned(),
        "startCampaign" => "CampaignInput".to_owned(),
        _ => format!("{}{}Input", mutation[..1].to_uppercase(), &mutation[1..]),
    };
    let text = format!(
        "mutation Do($input: {type_name}!) {{ {mutation}(input: $input) {{ id userErrors {{ code field message }} }} }}"
    );
    let mut data = client.run(&text, json!({ "input": input })).await.with_context(|| mutation.to_owned())?;
    Ok(data[mutation].take())
}

pub(super) fn id(payload: &Value) -> Result<String> {
    payload["id"].as_str().map(str::to_owned).context("a payload has an id")
}

/// The life of a customer, from registration to a recording that is played; gives the customer.
pub(super) async fn life(house: &House, told: &mut Told) -> Result<String> {
    let manager = &house.manager;
    let profile =
        json!({ "name": NAME, "industry": "教育", "attributes": [{ "name": "note", "value": NOTE }] });
    let identifiers = json!([{ "kind": "PHONE", "value": PHONE }, { "kind": "EMAIL", "value": EMAIL }]);
    let input = json!({ "kind": "PERSON", "profile": profile, "identifiers": identifiers,
        "idempotencyKey": format!("{NAME} {PHONE}") });
    let customer = id(&done(manager, "registerCustomer", input.clone()).await?)?;
    done(manager, "registerCustomer", input).await?;
    let changes = json!({ "attributes": [{ "name": "other", "value": NOTE }], "name": NAME });
    done(manager, "changeCustomerProfile", json!({ "id": customer, "changes": changes })).await?;
    let agent = json!({ "name": AGENT_NAME, "team": "north", "skills": [{ "name": "云客服", "level": 3 }] });
    let agent = id(&done(manager, "registerAgent", agent).await?)?;
    done(manager, "assignOwner", json!({ "id": customer, "agentId": agent })).await?;
    let link = json!({ "id": customer, "identifier": { "kind": "PHONE", "value": "+86 139 8765 0432" } });
    done(manager, "linkIdentifier", link).await?;
    let task =
        json!({ "kind": "FOLLOW_UP", "title": format!("call {NAME}: {NOTE}"), "customerId": customer });
    let task = id(&done(manager, "openTask", task).await?)?;
    tried(manager, "completeTask", json!({ "id": task, "result": NOTE })).await?;
    let said = json!({ "customerId": customer, "channel": "EMAIL", "direction": "INBOUND",
        "subject": format!("from {EMAIL}"), "text": format!("{SAID} {NOTE}") });
    let said = id(&done(manager, "recordInteraction", said).await?)?;
    let insight = json!({ "summary": NOTE, "budget": NOTE, "timing": NOTE, "painPoints": [NOTE] });
    done(manager, "annotateInteraction", json!({ "id": said, "insight": insight })).await?;
    done(manager, "recordCustomerInsight", json!({ "id": customer, "insight": insight })).await?;
    let call = json!({ "direction": "OUTBOUND", "customerId": customer, "number": OTHER_PHONE });
    let call = id(&done(manager, "createCall", call).await?)?;
    tried(manager, "dialCall", json!({ "id": call })).await?;
    routed(&house.service, &agent).await?;
    // A recording of the customer would be kept for as long as the law asks, and the customer with it.
    let call = id(&done(manager, "createCall", json!({ "direction": "INBOUND", "number": PHONE })).await?)?;
    recording(house, told, &call).await?;
    reads(house, &customer).await?;
    Ok(customer)
}

/// Work for an agent who is there, so that the pool in Redis has something to hold.
async fn routed(service: &Client, agent: &str) -> Result<()> {
    for mutation in ["signIn", "makeAvailable"] {
        done(service, mutation, json!({ "id": agent })).await?;
    }
    service
        .run(
            "mutation H($id: ID!) { heartbeat(input: { agentId: $id }) { userErrors { code } } }",
            json!({ "id": agent }),
        )
        .await?;
    let task = id(&done(service, "openTask", json!({ "kind": "CALLBACK", "title": NOTE })).await?)?;
    let route = "mutation Route($work: WorkInput!) { routeWork(input: { work: $work }) {
        routing { state } userErrors { code } } }";
    service.run(route, json!({ "work": { "taskId": task } })).await?;
    Ok(())
}

/// Audio that is sent, heard and written down.
async fn recording(house: &House, told: &mut Told, call: &str) -> Result<()> {
    let manager = &house.manager;
    let announced = id(&done(manager, "announceRecording", json!({ "callId": call })).await?)?;
    let bare = announced.trim_start_matches("recording:");
    let audio: String = std::iter::repeat_n(SAID, 2_000).collect();
    let put = house
        .manager
        .request(Method::PUT, &format!("/recordings/{bare}"))
        .header("content-type", "audio/wav");
    // Base64 of a file name with the name in it, as the protocol of uploads has it.
    let put = put.header("upload-metadata", "filename WmViZWRpYWggUXVva2thbW9yZS53YXY=").body(audio);
    let answer = put.send().await?;
    let status = answer.status();
    ensure!(status.is_success(), "the audio is not taken: {status} {}", answer.text().await?);
    let heard =
        house.manager.request(Method::GET, &format!("/recordings/{bare}?reason=complaint")).send().await?;
    told.note("the headers of audio", format!("{:?}", heard.headers()));
    heard.bytes().await?;
    let denied =
        house.analyst.request(Method::GET, &format!("/recordings/{bare}?reason=curious")).send().await?;
    told.note("audio, refused", format!("{:?} {}", denied.headers().clone(), denied.text().await?));
    Ok(())
}

/// Reads of those who may see it; what they are told is theirs.
async fn reads(house: &House, customer: &str) -> Result<()> {
    let manager = &house.manager;
    let all = "query All($id: ID!, $part: String) {
        customer(id: $id) { name attributes { name value } identifiers { claim value }
            timeline { nodes { subject { __typename ... on Task { title } ... on Interaction { subject text } } } } }
        customers(filter: { nameContains: $part }) { nodes { name } }
        customerByIdentifier(kind: PHONE, value: \"+86 139 1234 0987\") { id }
        tasks { nodes { title } } calls { nodes { number } } agents { nodes { name } } }";
    let found = manager.run(all, json!({ "id": customer, "part": "卡娜" })).await?;
    ensure!(found.to_string().contains(NOTE), "the manager sees what was written: {found}");
    let claim = &found["customer"]["identifiers"][0]["claim"];
    let reveal = "mutation R($id: ID!, $claim: ID!) { revealIdentifier(input: { id: $id, claim: $claim, reason: \"callback\" }) { value userErrors { code } } }";
    manager.run(reveal, json!({ "id": customer, "claim": claim })).await?;
    house
        .administrator
        .answer("query($id: ID!) { customerData(customerId: $id) }", json!({ "id": customer }))
        .await?;
    let mut changes = manager
        .subscribe(
            "subscription($id: ID!) { customerChanges(id: $id, after: \"0\") { position } }",
            json!({ "id": customer }),
        )
        .await?;
    changes.next().await?;
    changes.close().await
}

/// Requests that are wrong in every way in which they can be, by somebody who holds the values.
pub(super) async fn clumsy(house: &House, told: &mut Told) -> Result<()> {
    let manager = &house.manager;
    let taken = json!({ "kind": "PERSON", "profile": { "name": OTHER_NAME }, "identifiers": [{ "kind": "PHONE", "value": PHONE }] });
    let refused = tried(manager, "registerCustomer", taken).await?;
    ensure!(refused["userErrors"][0]["code"] == "IDENTIFIER_TAKEN", "{refused}");
    for value in [EMAIL, NAME, "+86 139 1234 0987 0000"] {
        let wrong = json!({ "kind": "PERSON", "identifiers": [{ "kind": "PHONE", "value": value }] });
        tried(manager, "registerCustomer", wrong).await?;
    }
    for (query, variables) in [
        (format!("{{ customers(filter: {{ nameContains: \"{NAME}\" }}) {{ nodes {{ name }} "), json!({})),
        (
            format!(
                "{{ customers(filter: {{ nameContains: \"{OTHER_NAME}\" }}) {{ nodes {{ nonsense }} }} }}"
            ),
            json!({}),
        ),
        (format!("{{ customers(filter: {{ nothing: \"{EMAIL}\" }}) {{ nodes {{ id }} }} }}"), json!({})),
        (format!("{{ customers(first: \"{PHONE}\") {{ nodes {{ id }} }} }}"), json!({})),
        (
            format!("query($n: Int!) {{ customers(first: $n) {{ nodes {{ id }} }} }} # {NOTE}"),
            json!({ "n": NAME }),
        ),
        ("query($id: ID!) { customer(id: $id) { id } }".to_owned(), json!({ "id": EMAIL })),
        ("query($at: DateTime!) { logPositionAt(time: $at) }".to_owned(), json!({ "at": NAME })),
        (format!("{{ customerByIdentifier(kind: PHONE, value: \"{NAME}\") {{ id }} }}"), json!({})),
        ("query { accessRecords(text: \"欧阳卡娜\") { nodes { who } } }".to_owned(), json!({})),
    ] {
        manager.answer(&query, variables).await?;
    }
    for (content, body) in [
        (
            "application/json",
            format!("{{\"query\": \"{{ customers }}\", \"variables\": {{\"name\": \"{NAME}\""),
        ),
        ("application/json", format!("[\"{OTHER_NAME}\"]")),
        ("text/plain", format!("{NAME} {PHONE}")),
        ("application/json", format!("{{\"query\": 7, \"name\": \"{EMAIL}\"}}")),
    ] {
        let post = manager.request(Method::POST, "/graphql").header("content-type", content).body(body);
        post.send().await?;
    }
    let query = format!("/graphql?query=%7B__typename%7D&variables=%7B%22name%22%3A%22{EMAIL}%22%7D");
    manager.request(Method::GET, &query).send().await?;
    manager.request(Method::GET, &format!("/recordings/{EMAIL}?reason=complaint")).send().await?;
    for header in
        ["x-request-id", "x-trunkline-actor", "traceparent", "user-agent", "referer", "accept-language"]
    {
        manager.request(Method::GET, "/graphql?query=%7B__typename%7D").header(header, EMAIL).send().await?;
    }
    let mut socket = manager
        .subscribe(&format!("subscription {{ nothing(name: \"{NAME}\") }}"), json!({ "x": EMAIL }))
        .await?;
    let _refused = socket.next().await;
    let _closed = socket.close().await;
    told.note(
        "a page that is not there",
        manager.request(Method::GET, &format!("/{EMAIL}")).send().await?.text().await?,
    );
    Ok(())
}

/// Those who may not see it ask for it in every way; what they are told is searched.
pub(super) async fn strangers(house: &House, told: &mut Told, customer: &str) -> Result<()> {
    let nobody = Client::new(&house.base);
    let everything = "query($id: ID!) { customer(id: $id) { name identifiers { value } attributes { value }
        timeline { nodes { subject { ... on Task { title } ... on Interaction { text } } } } }
        customers { nodes { name } } tasks { nodes { title } } agents { nodes { name } } calls { nodes { number } } }";
    let events = "{ events(first: 100) { nodes { type payload tags } } }";
    let records = "{ accessRecords(first: 100) { nodes { who reason things operation } } }";
    let data = "query($id: ID!) { customerData(customerId: $id) }";
    let whose = [
        ("nobody", &nobody),
        ("an agent of nobody", &house.agent),
        ("an analyst", &house.analyst),
        ("an auditor", &house.auditor),
        ("an administrator", &house.administrator),
    ];
    for (who, client) in whose {
        for query in [everything, events, records, data] {
            let variables = if query.contains("$id") { json!({ "id": customer }) } else { json!({}) };
            let answer = client.answer(query, variables).await?;
            // Who is an administrator sees the names of agents.
            let text = answer.body.to_string().replace(AGENT_NAME, "an agent");
            told.note(&format!("{who} is told"), text);
        }
    }
    let bad = nobody.clone().with_header("authorization", &format!("Bearer {EMAIL}"));
    told.note("a bad token", bad.answer("{ __typename }", json!({})).await?.body.to_string());
    Ok(())
}

/// The customer is erased.
pub(super) async fn forgotten(house: &House, customer: &str) -> Result<()> {
    let manager = &house.manager;
    let asked = json!({ "customerId": customer, "right": "ERASURE", "source": "letter 7" });
    let request = id(&done(manager, "receiveRightsRequest", asked).await?)?;
    done(manager, "verifyRightsRequest", json!({ "id": request, "evidence": "passport seen" })).await?;
    done(manager, "executeRightsRequest", json!({ "id": request })).await?;
    Ok(())
}

const MAPPING: &str = "[source]
namespace = \"crm\"

[[step]]
do = \"customer.register\"
id = \"{no}\"
at = \"2026-01-05T09:00:00Z\"
with = { name = \"{name}\", region = \"CN\" }

[[step]]
do = \"customer.link_identifier\"
id = \"{no}\"
at = \"2026-01-05T09:00:00Z\"
with = { kind = \"phone\", value = \"{phone}\", region = \"CN\" }
";

/// The commands of the binary, with every log line; what they print and the files that they make are searched.
pub(super) async fn command_line(folder: &TempDir, told: &mut Told, customer: &str) -> Result<()> {
    let here = folder.path();
    std::fs::write(here.join("crm.toml"), MAPPING)?;
    let rows = format!(
        "no,name,phone\n1,{OTHER_NAME},{OTHER_PHONE}\n2,{NAME},{EMAIL}\n3,{NAME},139 1234\n{NAME},\"{NOTE}\n"
    );
    std::fs::write(here.join("people.csv"), rows)?;
    std::fs::write(here.join("national.txt"), format!("{PHONE}\n{EMAIL}\n"))?;
    let bare = customer.trim_start_matches("customer:");
    let import = ["import", "--mapping", "crm.toml", "people.csv", "--refused", "made/refused.tsv"];
    for arguments in [
        &import[..],
        &["dnc", "import", "national.txt", "--list", "national"],
        &["log", "show", "3"],
        &["log", "export", "--output", "made/log.jsonl"],
        &["projections", "list"],
        &["projections", "rebuild", "customer_360"],
        &[
            "replay",
            "--projection",
            "customer_360",
            "--until",
            "2030-01-01T00:00:00Z",
            "--output",
            "made/replay.jsonl",
        ],
        &["audit", "prove", "--customer", bare, "--output", "made/proof.json"],
        &["audit", "verify"],
        &["privacy", "export", bare, "--output", "made/erased.json"],
        &["keys", "list"],
        &["keys", "rotate"],
        &["recordings", "list"],
        &["config", "check"],
    ] {
        let arguments = [arguments, &STORES, &["--log-filter", "trace"]].concat();
        let done = run(here, &arguments).await?;
        told.note(&format!("trunkline {}", arguments.join(" ")), format!("{}\n{}", done.out, done.err));
    }
    ensure!(
        here.join("made/replay.jsonl").exists() && here.join("made/log.jsonl").exists(),
        "nothing was made"
    );
    Ok(())
}
