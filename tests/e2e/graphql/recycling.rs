//! Leads that ended without an answer are brought back to their campaign's list: counted first, each once, and nobody else.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};

use super::House;

const RECYCLE: &str = "mutation R($input: RecycleLeadsInput!) { recycleLeads(input: $input) {
    id found eventIds repeated userErrors { code field }
} }";

impl House {
    async fn recycle(&self, input: Value) -> Result<Value> {
        Ok(self.client.run(RECYCLE, json!({ "input": input })).await?["recycleLeads"].take())
    }

    /// A lead of a campaign that ended so, and how far the log is.
    async fn ended(&self, campaign: &Value, outcome: &str) -> Result<(Value, Value)> {
        let (customer, _) = self.customer("王小明").await?;
        let input = json!({ "campaignId": campaign, "customerId": customer });
        let lead = self.mutate("addLead", input).await?["id"].take();
        let mut done = self.mutate("finishLead", json!({ "id": lead, "outcome": outcome })).await?;
        Ok((lead, done["position"].take()))
    }

    /// How far the leads have come that are named, and how often each was brought back.
    async fn standing(&self, leads: &[Value], at: &Value) -> Result<Vec<(String, u64)>> {
        let mut standing = Vec::new();
        for lead in leads {
            let query =
                "query L($id: ID!, $at: Position) { lead(id: $id, minPosition: $at) { state recycled } }";
            let found = self.client.run(query, json!({ "id": lead, "at": at })).await?;
            let (state, recycled) = (&found["lead"]["state"], &found["lead"]["recycled"]);
            standing.push((
                state.as_str().unwrap_or_default().to_owned(),
                recycled.as_u64().context("a number")?,
            ));
        }
        Ok(standing)
    }
}

async fn campaign(house: &House) -> Result<Value> {
    let attempts = json!({ "attemptsMax": 1, "attemptsPerDayMax": 1, "retryAfterMs": 0, "recyclesMax": 1 });
    let input = json!({ "name": "续费", "mode": "MANUAL", "jurisdiction": "CN", "attempts": attempts });
    Ok(house.mutate("createCampaign", input).await?["id"].take())
}

async fn each_lead_comes_back_once(house: House) -> Result<()> {
    let (campaign_id, other) = (campaign(&house).await?, campaign(&house).await?);
    let (mut leads, mut at) = (Vec::new(), Value::Null);
    for outcome in ["EXHAUSTED", "EXHAUSTED", "UNREACHABLE", "SALE"] {
        let (lead, position) = house.ended(&campaign_id, outcome).await?;
        leads.push(lead);
        at = position;
    }
    // The read models have all of them by then.
    house.standing(&leads, &at).await?;
    let both = json!(["EXHAUSTED", "UNREACHABLE"]);
    let asked = |id: &Value, outcomes: &Value, dry_run: bool| json!({ "campaignId": id, "outcomes": outcomes, "dryRun": dry_run });
    let head = house.log.head().await?;
    for (id, outcomes, found) in
        [(&campaign_id, &both, 3), (&campaign_id, &json!(["UNREACHABLE"]), 1), (&other, &both, 0)]
    {
        let counted = house.recycle(asked(id, outcomes, true)).await?;
        ensure!(counted["found"] == found && counted["userErrors"] == json!([]), "{counted}");
    }
    ensure!(house.log.head().await? == head, "counting writes nothing");

    let one =
        json!({ "campaignId": campaign_id, "outcomes": ["EXHAUSTED"], "limit": 1, "idempotencyKey": "k" });
    let first = house.recycle(one.clone()).await?;
    ensure!(first["eventIds"].as_array().map(Vec::len) == Some(1) && first["found"].is_null(), "{first}");
    let again = house.recycle(one).await?;
    ensure!(again["repeated"] == true && again["eventIds"] == first["eventIds"], "{again}");
    // Several ask for all of them at once.
    let at_once = (0..4).map(|_| house.recycle(asked(&campaign_id, &both, false)));
    let answers = futures::future::try_join_all(at_once).await?;
    ensure!(answers.iter().all(|answer| answer["userErrors"] == json!([])), "{answers:?}");
    let brought_back = answers.iter().filter_map(|answer| answer["eventIds"].as_array()).map(Vec::len);
    ensure!(brought_back.sum::<usize>() == 2, "the others, each once: {answers:?}");
    let at = json!(house.log.head().await?.to_string());
    let expected = [("READY", 1), ("READY", 1), ("READY", 1), ("DONE", 0)];
    let expected = expected.map(|(state, recycled)| (state.to_owned(), recycled));
    ensure!(house.standing(&leads, &at).await? == expected, "whoever bought is left alone");

    // The campaign permits it once.
    let done = house.mutate("finishLead", json!({ "id": leads[0], "outcome": "EXHAUSTED" })).await?;
    house.standing(&leads, &done["position"]).await?;
    let counted = house.recycle(asked(&campaign_id, &both, true)).await?;
    ensure!(counted["found"] == 0, "{counted}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_without_an_answer_are_counted_and_brought_back_each_once_on_sqlite() -> Result<()> {
    each_lead_comes_back_once(House::new().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn leads_without_an_answer_are_counted_and_brought_back_each_once_on_postgres() -> Result<()> {
    each_lead_comes_back_once(House::postgres().await?).await
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_brought_back_is_refused_with_its_code_and_field() -> Result<()> {
    let house = House::new().await?;
    let id = campaign(&house).await?;
    let nobody = "campaign:019c0d2e-0000-7000-8000-000000000009";
    let cases = [
        (json!({ "campaignId": id, "outcomes": [] }), "INVALID_VALUE", "outcomes"),
        (json!({ "campaignId": id, "outcomes": ["EXHAUSTED", "SALE"] }), "INVALID_VALUE", "outcomes"),
        (json!({ "campaignId": id, "outcomes": ["EXHAUSTED"], "limit": 0 }), "INVALID_VALUE", "limit"),
        (json!({ "campaignId": id, "outcomes": ["EXHAUSTED"], "limit": 101 }), "INVALID_VALUE", "limit"),
        (json!({ "campaignId": "lead:7", "outcomes": ["EXHAUSTED"] }), "INVALID_VALUE", "campaignId"),
        (json!({ "campaignId": nobody, "outcomes": ["EXHAUSTED"] }), "CAMPAIGN_UNKNOWN", "id"),
    ];
    let head = house.log.head().await?;
    for (input, code, field) in cases {
        for dry_run in [false, true] {
            let mut input = input.clone();
            input["dryRun"] = json!(dry_run);
            let refused = house.recycle(input.clone()).await?;
            let error = &refused["userErrors"][0];
            let named = error["field"].as_str().unwrap_or_default();
            ensure!(error["code"] == code && named == field, "{input}: {refused}");
            ensure!(refused["id"].is_null() && refused["eventIds"] == json!([]), "{input}: {refused}");
        }
    }
    ensure!(house.log.head().await? == head, "nothing was written");
    house.mutate("stopCampaign", json!({ "id": id, "reason": "over" })).await?;
    let stopped = house.recycle(json!({ "campaignId": id, "outcomes": ["EXHAUSTED"] })).await?;
    ensure!(stopped["userErrors"][0]["code"] == "CAMPAIGN_STOPPED", "{stopped}");
    Ok(())
}
