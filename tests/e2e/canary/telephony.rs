//! A customer whom the dialer dials by a switch, and one who calls.

use anyhow::{Result, ensure};
use reqwest::{Method, StatusCode};
use serde_json::json;
use trunkline_kernel::{Clock as _, SystemClock};
use trunkline_testkit::{Client, time_zone_of_day, wait_for};
use trunkline_webhooks::Secrets;

use super::house::{House, SECRET};
use super::scenes::{done, id};
use super::{DIALED, PHONE};

/// Lets a campaign dial the customer, and the switch tell of calls.
pub(super) async fn dialed(house: &House) -> Result<()> {
    let (manager, service) = (&house.manager, &house.service);
    let agent = id(&done(manager, "registerAgent", json!({ "name": "周周", "extension": "1001" })).await?)?;
    for mutation in ["signIn", "makeAvailable"] {
        done(service, mutation, json!({ "id": agent })).await?;
    }
    let hours = json!({ "fromMinute": 0, "untilMinute": 1440, "weekdays": [1, 2, 3, 4, 5, 6, 7] });
    let input = json!({ "name": "续费", "mode": "PROGRESSIVE", "jurisdiction": "CN", "hours": hours });
    let campaign = id(&done(manager, "createCampaign", input).await?)?;
    let identifiers = json!([{ "kind": "PHONE", "value": DIALED }]);
    let profile = json!({ "timeZone": time_zone_of_day() });
    let input = json!({ "kind": "PERSON", "profile": profile, "identifiers": identifiers });
    let customer = id(&done(manager, "registerCustomer", input).await?)?;
    let consent = json!({ "id": customer, "purpose": "MARKETING", "channel": "CALL", "evidence": "form 7" });
    done(manager, "grantConsent", consent).await?;
    done(manager, "addLead", json!({ "campaignId": campaign, "customerId": customer })).await?;
    done(manager, "startCampaign", json!({ "id": campaign })).await?;
    let told = async || Ok(house.ordered().iter().any(|order| order.contains(DIALED)).then_some(()));
    wait_for("the order to dial the customer", told).await?;

    let arrived = json!({ "call": "019c0d2e-0000-7000-8000-000000000002", "sequence": 1,
        "at": SystemClock.now(), "kind": "arrived", "from": PHONE });
    let wrong = json!({ "call": PHONE, "sequence": DIALED, "kind": "arrived", "from": format!("{DIALED}x") });
    let stranger = Client::new(&house.base);
    for (event, expected) in [(arrived, StatusCode::OK), (wrong, StatusCode::BAD_REQUEST)] {
        let body = event.to_string();
        let mut request = stranger.request(Method::POST, "/cti/events");
        let signed = Secrets::read(SECRET)?.sign("m", SystemClock.now(), body.as_bytes());
        for (name, value) in signed.headers() {
            request = request.header(name, value);
        }
        let answer = request.body(body).send().await?;
        let (status, text) = (answer.status(), answer.text().await?);
        ensure!(status == expected, "{status}: {text}");
        ensure!(!text.contains(PHONE) && !text.contains(DIALED), "the answer repeats a number: {text}");
    }
    Ok(())
}
