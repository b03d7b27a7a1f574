//! Lawfulness in life: judged when a lead is queued and again when it is dialed, proven afterwards, and tried against
//! rules that are not in force.

use std::fs;
use std::path::Path;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};
use trunkline_testkit::{Client, Serving, TrunklineProcess, time_zone_of_day, time_zone_of_night, wait_for};

use crate::binary::run;

/// Numbers of a country whose time zones nobody told us, so that the customer's record alone says where it is day.
const LISTED: &str = "+55 11 96123-4567";
const FREE: &str = "+55 11 96123-4568";
const LISTED_LATER: &str = "+55 11 96123-4569";

/// A running campaign and its server.
struct Centre<'c> {
    client: &'c Client,
    campaign: Value,
}

impl Centre<'_> {
    async fn mutate(&self, name: &str, kind: &str, input: Value) -> Result<Value> {
        let query = format!(
            "mutation($input: {kind}!) {{ {name}(input: $input) {{ id position userErrors {{ code }} }} }}"
        );
        let mut data = self.client.run(&query, json!({ "input": input })).await?;
        anyhow::ensure!(data[name]["userErrors"] == json!([]), "{name}: {data}");
        Ok(data[name].take())
    }

    /// A customer who agreed, on the campaign's list and ready to be queued.
    async fn lead(&self, number: &str, zone: &str) -> Result<Value> {
        let customer = self.silent(number, zone).await?;
        let consent =
            json!({ "id": customer, "purpose": "MARKETING", "channel": "CALL", "evidence": "表单7" });
        self.mutate("grantConsent", "GrantConsentInput", consent).await?;
        self.add(&customer).await
    }

    /// A customer who said nothing.
    async fn silent(&self, number: &str, zone: &str) -> Result<Value> {
        let identifiers = json!([{ "kind": "PHONE", "value": number }]);
        let customer =
            json!({ "kind": "PERSON", "profile": { "timeZone": zone }, "identifiers": identifiers });
        Ok(self.mutate("registerCustomer", "RegisterCustomerInput", customer).await?["id"].take())
    }

    async fn add(&self, customer: &Value) -> Result<Value> {
        let lead = json!({ "campaignId": self.campaign, "customerId": customer });
        let lead = self.mutate("addLead", "AddLeadInput", lead).await?["id"].take();
        self.mutate("readyLead", "LeadInput", json!({ "id": lead })).await?;
        Ok(lead)
    }

    async fn queue(&self, lead: &Value) -> Result<Value> {
        let done = self.mutate("queueLead", "LeadInput", json!({ "id": lead })).await?;
        let query = "query($id: ID!, $at: Position) { lead(id: $id, minPosition: $at) {
            state blockReason holdUntil customer { id } } }";
        let mut data = self.client.run(query, json!({ "id": lead, "at": done["position"] })).await?;
        Ok(data["lead"].take())
    }

    /// Dials the lead; gives the call.
    async fn dial(&self, lead: &Value) -> Result<Value> {
        let call = json!({ "direction": "OUTBOUND", "leadId": lead });
        let call = self.mutate("createCall", "CreateCallInput", call).await?["id"].take();
        let done = self.mutate("dialCall", "DialCallInput", json!({ "id": call })).await?;
        let query = "query($id: ID!, $at: Position) { call(id: $id, minPosition: $at) {
            id state suppressedBy judgement {
                permitted purpose jurisdiction timeZones consented doNotCallLists earlierDials
                rulings { rule version verdict until } } } }";
        let mut data = self.client.run(query, json!({ "id": call, "at": done["position"] })).await?;
        Ok(data["call"].take())
    }
}

async fn campaign(client: &Client) -> Result<Centre<'_>> {
    campaign_for(client, None).await
}

async fn campaign_for<'c>(client: &'c Client, purpose: Option<&str>) -> Result<Centre<'c>> {
    let mut centre = Centre { client, campaign: Value::Null };
    let attempts = json!({ "attemptsMax": 5, "attemptsPerDayMax": 1, "retryAfterMs": 0 });
    let campaign = json!({
        "name": "续费", "mode": "PROGRESSIVE", "jurisdiction": "CN", "attempts": attempts, "purpose": purpose,
    });
    centre.campaign = centre.mutate("createCampaign", "CreateCampaignInput", campaign).await?["id"].take();
    centre.mutate("startCampaign", "CampaignInput", json!({ "id": centre.campaign })).await?;
    Ok(centre)
}

/// What a rule said in the judgement of a call.
fn said<'c>(call: &'c Value, rule: &str) -> &'c Value {
    let rulings = call["judgement"]["rulings"].as_array().map_or(&[][..], Vec::as_slice);
    rulings.iter().find(|ruling| ruling["rule"] == rule).map_or(&Value::Null, |ruling| &ruling["verdict"])
}

async fn list(folder: &Path, numbers: &str) -> Result<(Option<i32>, String)> {
    let file = folder.join("numbers.csv");
    fs::write(&file, numbers)?;
    let done =
        run(folder, &["--data-dir", "data", "dnc", "import", "numbers.csv", "--list", "内部名单"]).await?;
    anyhow::ensure!(matches!(done.code, Some(0 | 3)), "{}", done.err);
    Ok((done.code, done.out))
}

#[tokio::test(flavor = "multi_thread")]
async fn numbers_are_listed_once_looked_up_and_kept_as_hashes_alone() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let numbers = format!("{LISTED},王芳\n{FREE}\n{LISTED}\n12\n\n");
    let (code, out) = list(folder.path(), &numbers).await?;
    assert!(out.contains("2 numbers: 2 put on the list, 0 on it before; 1 lines refused."), "{out}");
    assert_eq!(code, Some(3));
    let (_, again) = list(folder.path(), &numbers).await?;
    assert!(again.contains("0 put on the list, 2 on it before"), "{again}");
    let dnc = async |arguments: &[&str]| {
        run(folder.path(), &[&["--data-dir", "data", "dnc"], arguments].concat()).await
    };
    let found = dnc(&["check", LISTED]).await?;
    assert_eq!((found.code, found.out.trim()), (Some(4), "内部名单"));
    fs::write(folder.path().join("off.csv"), FREE)?;
    let removed = dnc(&["remove", "off.csv", "--list", "内部名单"]).await?.success()?;
    assert!(removed.contains("1 taken off the list"), "{removed}");
    assert_eq!(dnc(&["check", FREE]).await?.code, Some(0));
    for entry in fs::read_dir(folder.path().join("data"))? {
        let bytes = fs::read(entry?.path())?;
        assert!(!bytes.windows(11).any(|window| window == b"11961234567"), "a number stands in the clear");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_dial_is_judged_when_queued_and_again_when_dialed() -> Result<()> {
    let folder = tempfile::tempdir()?;
    list(folder.path(), LISTED).await?;
    let arguments = ["--data-dir", "data", "serve", "--listen", "127.0.0.1:0"];
    let Serving { process, client } = TrunklineProcess::serve(folder.path(), &arguments).await?;
    let centre = campaign(&client).await?;

    let listed = centre.lead(LISTED, &time_zone_of_day()).await?;
    let listed = centre.queue(&listed).await?;
    assert_eq!((&listed["state"], &listed["blockReason"]), (&json!("DO_NOT_CALL"), &json!("LIST")));

    let asleep = centre.lead("+55 11 96123-4570", &time_zone_of_night()).await?;
    let call = centre.dial(&asleep).await?;
    assert_eq!((&call["state"], &call["suppressedBy"]), (&json!("SUPPRESSED"), &json!("cn-telesales-hours")));
    assert_eq!(
        (said(&call, "cn-telesales-hours"), said(&call, "consent")),
        (&json!("BARRED"), &json!("PERMITTED"))
    );
    let resting =
        centre.client.run("query($id: ID!) { lead(id: $id) { state holdUntil } }", json!({ "id": asleep }));
    let resting = resting.await?;
    assert_eq!(resting["lead"]["state"], "ON_HOLD");
    assert!(resting["lead"]["holdUntil"].is_string());

    let free = centre.lead(FREE, &time_zone_of_day()).await?;
    let queued = centre.queue(&free).await?;
    assert_eq!(queued["state"], "QUEUED");
    let call = centre.dial(&free).await?;
    assert_eq!((&call["state"], &call["judgement"]["permitted"]), (&json!("DIALING"), &json!(true)));
    assert_eq!(call["judgement"]["timeZones"], json!([time_zone_of_day()]));
    // One dial a day, over all leads of the campaign.
    let again = centre.dial(&centre.add(&queued["customer"]["id"]).await?).await?;
    assert_eq!(again["suppressedBy"], "campaign-attempts");
    assert_eq!(again["judgement"]["earlierDials"], 1);

    let later = centre.lead(LISTED_LATER, &time_zone_of_day()).await?;
    assert_eq!(centre.queue(&later).await?["state"], "QUEUED");
    list(folder.path(), LISTED_LATER).await?;
    let barred = centre.dial(&later).await?;
    assert_eq!(
        (&barred["suppressedBy"], &barred["judgement"]["doNotCallLists"]),
        (&json!("do-not-call"), &json!(["内部名单"]))
    );
    assert!(process.stop().await?.success());
    proven_and_tried(folder.path(), &call, &barred).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_campaign_calls_for_decides_which_rules_and_which_consent_hold() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let arguments = ["--data-dir", "data", "serve", "--listen", "127.0.0.1:0"];
    let Serving { process, client } = TrunklineProcess::serve(folder.path(), &arguments).await?;
    let (selling, serving) = (campaign(&client).await?, campaign_for(&client, Some("SERVICE")).await?);
    let purposes = "query($sells: ID!, $serves: ID!) {
        sells: campaign(id: $sells) { purpose } serves: campaign(id: $serves) { purpose } }";
    let both = json!({ "sells": selling.campaign, "serves": serving.campaign });
    let expected = json!({ "sells": { "purpose": "MARKETING" }, "serves": { "purpose": "SERVICE" } });
    let known = async || Ok((client.run(purposes, both.clone()).await? == expected).then_some(()));
    wait_for("what both campaigns call for", known).await?;
    let scored =
        json!({ "name": "x", "mode": "MANUAL", "jurisdiction": "CN", "purpose": "AUTOMATED_DECISION" });
    let scored = client
        .run(
            "mutation($input: CreateCampaignInput!) { createCampaign(input: $input) { userErrors { code } } }",
            json!({ "input": scored }),
        )
        .await?;
    assert_eq!(scored["createCampaign"]["userErrors"], json!([{ "code": "CAMPAIGN_PURPOSE_INVALID" }]));

    let silent = selling.silent(FREE, &time_zone_of_day()).await?;
    let call = selling.dial(&selling.add(&silent).await?).await?;
    assert_eq!(
        (&call["suppressedBy"], &call["judgement"]["purpose"]),
        (&json!("consent"), &json!("MARKETING"))
    );
    let call = serving.dial(&serving.add(&silent).await?).await?;
    assert_eq!((&call["state"], &call["judgement"]["purpose"]), (&json!("DIALING"), &json!("SERVICE")));
    assert_eq!(call["judgement"]["consented"], json!(false), "silence is no consent");
    assert_eq!((said(&call, "withdrawal"), said(&call, "consent")), (&json!("PERMITTED"), &Value::Null));

    let refusing = serving.silent(LISTED, &time_zone_of_day()).await?;
    let lead = serving.add(&refusing).await?;
    assert_eq!(serving.queue(&lead).await?["state"], "QUEUED");
    let no = json!({ "id": refusing, "purpose": "SERVICE", "channel": "CALL" });
    serving.mutate("withdrawConsent", "WithdrawConsentInput", no).await?;
    let state = "query($id: ID!) { lead(id: $id) { state } }";
    wait_for("a lead that is blocked", async || {
        let lead = client.run(state, json!({ "id": lead })).await?["lead"].take();
        Ok((lead["state"] == "DO_NOT_CALL").then_some(()))
    })
    .await?;
    let other = serving.dial(&serving.add(&refusing).await?).await?;
    assert_eq!(other["suppressedBy"], "withdrawal");
    assert!(process.stop().await?.success());
    let id = call["id"].as_str().context("an id")?;
    let proof = run(folder.path(), &["--data-dir", "data", "compliance", "prove", id]).await?.success()?;
    assert!(proof.contains("purpose                    service") && proof.contains("withdrawal"), "{proof}");
    Ok(())
}

/// What the commands say of a call that was dialed and of one that was not.
async fn proven_and_tried(folder: &Path, dialed: &Value, barred: &Value) -> Result<()> {
    let compliance = async |arguments: &[&str]| {
        run(folder, &[&["--data-dir", "data", "compliance"], arguments].concat()).await?.success()
    };
    let id = |call: &Value| call["id"].as_str().map(str::to_owned).context("an id");
    let proof = compliance(&["prove", &id(dialed)?]).await?;
    for part in [
        "was dialed at",
        "No rule barred it.",
        "cn-telesales-hours",
        "customer.consent_granted",
        "campaign-hours",
    ] {
        assert!(proof.contains(part), "{part} is not in\n{proof}");
    }
    let proof: Value = serde_json::from_str(&compliance(&["prove", &id(barred)?, "--json"]).await?)?;
    assert_eq!((&proof["dialed"], &proof["lawful"]), (&json!(false), &json!(false)));
    assert_eq!(proof["judged"]["listed"], json!(["内部名单"]));
    let draft = r#"
[[rule]]
id = "only-at-dawn"
version = 3
jurisdiction = "CN"
source = "a draft"
kind = "hours"
from_minute = 300
until_minute = 360
"#;
    fs::write(folder.join("draft.toml"), draft)?;
    let recorded =
        run(folder, &["--data-dir", "data", "log", "export", "--type", "call.dialed"]).await?.success()?;
    let recorded: Value = serde_json::from_str(recorded.lines().next().context("a dial")?)?;
    let month = &recorded["occurredAt"].as_str().context("a time")?[..7];
    let tried = compliance(&["try", "draft.toml", "--month", month, "--list"]).await?;
    assert!(tried.contains("1 calls judged again, 1 would have been barred."), "{tried}");
    assert!(tried.contains("only-at-dawn v3: 1"), "{tried}");
    let none = compliance(&["try", "draft.toml", "--month", "1999-01"]).await?;
    assert!(none.contains("0 calls judged again"), "{none}");
    Ok(())
}
