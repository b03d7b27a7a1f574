//! A real switch over HTTP: it takes orders, tells of its calls in any order and more than once, dies and comes back, and so
//! does the server.

mod arrivals;
mod halted;
mod matched;
mod preview;
mod shared;
mod switch;
mod takeover;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use trunkline_testkit::{
    Client, PATIENCE, Serving, TrunklineProcess, time_zone_of_day, wait_for, wait_for_within,
};
use trunkline_webhooks::Secrets;

use crate::binary::{exported, repository};
use switch::{Fate, SECRET, Switch, now, post, signed};

/// How many customers are on the list.
const LEADS: usize = 20;

async fn mutate(client: &Client, name: &str, kind: &str, input: Value) -> Result<String> {
    let query =
        format!("mutation($input: {kind}!) {{ {name}(input: $input) {{ id userErrors {{ code }} }} }}");
    let data = client.run(&query, json!({ "input": input })).await?;
    ensure!(data[name]["userErrors"] == json!([]), "{name}: {data}");
    Ok(data[name]["id"].as_str().unwrap_or_default().to_owned())
}

/// A running campaign with its list, each customer of which has one number of a country whose time zones nobody told us.
async fn campaign(client: &Client, product: Option<&str>) -> Result<String> {
    campaign_of(client, product, 0).await
}

/// The same with customers whose numbers end in this one and the next ones.
async fn campaign_of(client: &Client, product: Option<&str>, first: usize) -> Result<String> {
    let attempts = json!({ "attemptsMax": 1, "attemptsPerDayMax": 9, "retryAfterMs": 0 });
    let input = json!({ "name": "续费", "mode": "PROGRESSIVE", "jurisdiction": "CN", "product": product, "attempts": attempts,
        "hours": { "fromMinute": 0, "untilMinute": 1440, "weekdays": [1, 2, 3, 4, 5, 6, 7] } });
    let campaign = mutate(client, "createCampaign", "CreateCampaignInput", input).await?;
    for number in first..first + LEADS {
        let value = format!("+55 11 96123-45{number:02}");
        let input = json!({ "kind": "PERSON", "profile": { "timeZone": time_zone_of_day() },
            "identifiers": [{ "kind": "PHONE", "value": value }] });
        let customer = mutate(client, "registerCustomer", "RegisterCustomerInput", input).await?;
        let consent =
            json!({ "id": customer, "purpose": "MARKETING", "channel": "CALL", "evidence": "表单7" });
        mutate(client, "grantConsent", "GrantConsentInput", consent).await?;
        let lead = json!({ "campaignId": campaign, "customerId": customer });
        mutate(client, "addLead", "AddLeadInput", lead).await?;
    }
    mutate(client, "startCampaign", "CampaignInput", json!({ "id": campaign })).await?;
    Ok(campaign)
}

/// An agent who has signed in and takes no calls yet.
async fn agent(client: &Client, number: u32) -> Result<String> {
    let input = json!({ "name": format!("李娜 {number}"), "extension": number.to_string() });
    let agent = mutate(client, "registerAgent", "RegisterAgentInput", input).await?;
    mutate(client, "signIn", "AgentInput", json!({ "id": agent })).await?;
    Ok(agent)
}

async fn agents(client: &Client) -> Result<BTreeSet<String>> {
    let mut extensions = BTreeSet::new();
    for number in 1001..=1005 {
        let agent = agent(client, number).await?;
        mutate(client, "makeAvailable", "AgentInput", json!({ "id": agent })).await?;
        extensions.insert(number.to_string());
    }
    Ok(extensions)
}

async fn serve(folder: &Path, switch: &Switch) -> Result<Serving> {
    let environment = [
        ("TRUNKLINE_CTI_SECRETS", SECRET),
        ("TRUNKLINE_CTI_URL", &switch.url()),
        ("TRUNKLINE_CTI_ATTEMPTS_MAX", "100"),
        ("TRUNKLINE_CTI_BACKOFF_MS", "50"),
        ("TRUNKLINE_CTI_BACKOFF_MAX_MS", "200"),
        ("TRUNKLINE_CTI_REORDER_MS", "100"),
        ("TRUNKLINE_CTI_BODY_BYTES_MAX", "2048"),
        ("TRUNKLINE_DIALER_LINE", "cti"),
        ("TRUNKLINE_DIALER_CALLER_LINE", "trunk-7"),
        ("TRUNKLINE_DIALER_EVERY_MS", "100"),
        ("TRUNKLINE_POLICY_WRAP_SECONDS", "1"),
    ];
    let arguments = ["--data-dir", "data", "serve", "--listen", "127.0.0.1:0"];
    let serving = TrunklineProcess::serve_with(folder, &arguments, &environment).await?;
    switch.tell(&serving.client);
    Ok(serving)
}

/// How many leads are settled.
async fn settled(client: &Client) -> Result<usize> {
    let leads =
        client.run("{ leads(first: 50, filter: {states: [DONE]}) { nodes { id } } }", json!({})).await?;
    Ok(leads["leads"]["nodes"].as_array().map_or(0, Vec::len))
}

#[tokio::test(flavor = "multi_thread")]
async fn every_call_ends_once_as_the_switch_says_whoever_dies_in_between() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let mut switch = Switch::start().await?;
    let Serving { process, client } = serve(folder.path(), &switch).await?;
    let extensions = agents(&client).await?;
    campaign(&client, None).await?;
    wait_for("calls that are over", async || Ok((settled(&client).await? >= 4).then_some(()))).await?;

    switch.die();
    wait_for("orders that wait for the switch", async || {
        let metrics = client.page("/metrics").await?;
        let retried =
            metrics.lines().find_map(|line| line.strip_prefix("trunkline_cti_orders_retried_total "));
        Ok(retried.is_some_and(|count| count != "0").then_some(()))
    })
    .await?;
    switch.come_back().await?;
    wait_for("further calls", async || Ok((settled(&client).await? >= 9).then_some(()))).await?;

    process.kill().await?;
    let Serving { process, client } = serve(folder.path(), &switch).await?;
    let all = async || Ok((settled(&client).await? == LEADS).then_some(()));
    wait_for_within(2 * PATIENCE, "every lead settled", all)
        .await
        .with_context(|| format!("{}\n{}", switch.report(), process.said()))?;
    switch.has_told_everything().await?;
    let ready: Value = serde_json::from_str(&client.page("/readyz").await?)?;
    assert_eq!((&ready["cti"]["trouble"], &ready["cti"]["ordersUnderWay"]), (&Value::Null, &json!(0)));
    assert!(process.stop().await?.success());
    switch.found_nothing_wrong()?;

    let fates = switch.fates();
    assert_eq!(fates.len(), LEADS, "each customer was dialed by one call");
    let mut ended: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for event in exported(folder.path(), &["--data-dir", "data", "--type", "call.ended"]).await? {
        let call =
            event["stream"].as_str().and_then(|stream| stream.strip_prefix("call-")).context("a call")?;
        let cause = event["payload"]["cause"].as_str().context("a cause")?;
        ended.entry(call.to_owned()).or_default().push(cause.to_owned());
    }
    for (call, fate) in &fates {
        let causes = ended.get(call).map_or(&[][..], Vec::as_slice);
        let expected: &[&str] = match fate {
            // Nobody was free in time, or we were dead.
            Fate::Person => &["customer_hangup", "abandoned"],
            Fate::Nobody => &["no_answer"],
            Fate::Busy => &["busy"],
            Fate::Machine => &["machine"],
            Fate::NoNumber => &["invalid_number"],
        };
        assert!(matches!(causes, [cause] if expected.contains(&cause.as_str())), "{fate:?}: {causes:?}");
    }
    assert_eq!(ended.len(), LEADS);
    let spoken = ended.values().filter(|causes| causes[0] == "customer_hangup").count();
    assert!(spoken > 0, "nobody spoke with anybody: {}", switch.report());
    assert!(switch.connected_with().is_subset(&extensions), "{:?}", switch.connected_with());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_not_the_switch_and_what_is_no_event_is_told_why() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let switch = Switch::start().await?;
    let Serving { process, client } = serve(folder.path(), &switch).await?;
    let event = json!({ "call": "019c0d2e-0000-7000-8000-000000000001", "sequence": 1, "at": now(),
        "kind": "ringing" });
    let event = event.to_string();
    let secrets = Secrets::read(SECRET)?;
    let other = Secrets::read("whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=")?;
    let late = now().plus(trunkline_kernel::Millis::from_secs(-301));
    let large = format!("{event}{}", " ".repeat(3_000));
    let ahead = event.replace(&now().to_string()[..4], "2999");
    let cases = [
        (other.sign("m", now(), event.as_bytes()), event.as_str(), 401, "CTI_UNSIGNED"),
        (secrets.sign("m", now(), b"{}"), &event, 401, "CTI_UNSIGNED"),
        (secrets.sign("m", late, event.as_bytes()), &event, 401, "CTI_UNTIMELY"),
        (signed("m", "garbage"), "garbage", 400, "CTI_MALFORMED"),
        (signed("m", r#"{"kind":"melted"}"#), r#"{"kind":"melted"}"#, 400, "CTI_MALFORMED"),
        (signed("m", &large), &large, 413, "CTI_TOO_LARGE"),
        (signed("m", &ahead), &ahead, 422, "CTI_AHEAD"),
        (signed("m", &event), &event, 404, "CALL_UNKNOWN"),
    ];
    for (signed, body, status, code) in cases {
        let answer = post(&client, &signed, body).await?;
        let (found, text) = (answer.status().as_u16(), answer.text().await?);
        assert!(found == status && text.contains(code), "{code}: {found} {text}");
    }
    let unsigned = client.request(Method::POST, "/cti/events").body(event).send().await?;
    assert_eq!(unsigned.status(), StatusCode::UNAUTHORIZED);
    let document: Value = serde_json::from_str(&client.page("/cti/openapi.json").await?)?;
    let committed = std::fs::read_to_string(repository("schema/cti.openapi.json"))?;
    assert_eq!(document, serde_json::from_str::<Value>(&committed)?);

    // A customer calls; what is held before somebody speaks is not noted until somebody does.
    let call = "019c0d2e-0000-7000-8000-000000000002";
    let tell = async |sequence: u32, happening: Value| -> Result<(u16, Option<String>, Value)> {
        let mut event = json!({ "call": call, "sequence": sequence, "at": now() });
        event
            .as_object_mut()
            .context("an object")?
            .extend(happening.as_object().context("an object")?.clone());
        let body = event.to_string();
        let answer = post(&client, &signed(&format!("m{sequence}"), &body), &body).await?;
        let retry =
            answer.headers().get("retry-after").and_then(|value| value.to_str().ok()).map(str::to_owned);
        Ok((answer.status().as_u16(), retry, answer.json().await?))
    };
    let (status, _, told) =
        tell(1, json!({ "kind": "arrived", "from": "+5511961234599", "queue": "热线" })).await?;
    assert_eq!((status, &told["outcome"], &told["state"]), (200, &json!("noted"), &json!("QUEUED")));
    let (status, retry, told) = tell(3, json!({ "kind": "held" })).await?;
    assert_eq!((status, retry.as_deref()), (409, Some("1")), "{told}");
    assert_eq!(told["errors"][0]["extensions"]["code"], "CTI_PREDECESSOR_MISSING");
    assert_eq!(tell(2, json!({ "kind": "bridged" })).await?.0, 200);
    let (status, _, told) = tell(3, json!({ "kind": "held" })).await?;
    assert_eq!((status, &told["state"]), (200, &json!("HELD")));
    assert!(process.stop().await?.success());
    Ok(())
}
