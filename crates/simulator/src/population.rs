//! Who there is: agents, campaigns and customers, made known once and recognised ever after.

use futures::StreamExt as _;
use futures::stream;
use serde_json::json;
use std::sync::{PoisonError, RwLock};

use crate::Plan;
use crate::api::Api;
use crate::words::{INDUSTRIES, PLACES, PRODUCTS, Place, TEAMS, name};

/// Who makes the population known.
const ACTOR: &str = "service:demo";

/// How many customers are made known at once.
const CONCURRENT: usize = 8;

/// One customer in eight has given no consent to be called: calls to them are suppressed.
const WITHOUT_CONSENT: usize = 8;

/// A customer as the call centre knows them.
#[derive(Clone, Debug)]
pub(crate) struct Customer {
    pub(crate) id: String,
    pub(crate) number: String,
    pub(crate) industry: &'static str,
    pub(crate) place: &'static Place,
}

/// A running campaign.
#[derive(Clone, Debug)]
pub(crate) struct Campaign {
    pub(crate) id: String,
    pub(crate) product: &'static str,
    /// Whether the server dials it, so that agents only take what is answered.
    pub(crate) dialed: bool,
}

/// How the campaigns are dialed, in the order of the products.
const MODES: [&str; 3] = ["PREDICTIVE", "PROGRESSIVE", "PREVIEW"];

/// The call centre.
#[derive(Debug)]
pub(crate) struct Centre {
    /// The agents' ids by their numbers.
    pub(crate) agents: Vec<String>,
    pub(crate) campaigns: Vec<Campaign>,
    customers: RwLock<Vec<Customer>>,
}

impl Centre {
    /// The customers known so far.
    pub(crate) fn customers<T>(&self, look: impl FnOnce(&[Customer]) -> T) -> T {
        look(&self.customers.read().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Makes agents and campaigns known.
pub(crate) async fn open(api: &Api, plan: &Plan) -> anyhow::Result<Centre> {
    let mut agents = Vec::new();
    for number in 0..plan.agents {
        let input = json!({
            "name": name(number * 5 + 3),
            "team": TEAMS[number % TEAMS.len()],
            "skills": [{"name": PRODUCTS[number % PRODUCTS.len()].1, "level": 2 + number % 4}],
            "languages": if number.is_multiple_of(6) { vec!["zh-CN", "en"] } else { vec!["zh-CN"] },
            "idempotencyKey": format!("demo-agent-{number}"),
        });
        agents.push(api.ensure(ACTOR, "registerAgent", &input).await?);
    }
    let mut campaigns = Vec::new();
    for (number, (title, product)) in PRODUCTS.into_iter().enumerate() {
        let input = json!({
            "name": title, "product": product, "queue": product, "mode": MODES[number], "jurisdiction": "CN",
            // The customers are few, and made up: they are called as often as it takes to have something to see.
            "attempts": { "attemptsMax": 60_000, "attemptsPerDayMax": 1_000, "retryAfterMs": 60_000 },
            "idempotencyKey": format!("demo-campaign-{number}"),
        });
        let id = api.ensure(ACTOR, "createCampaign", &input).await?;
        let start = json!({"id": id, "idempotencyKey": format!("demo-campaign-{number}-start")});
        api.ensure(ACTOR, "startCampaign", &start).await?;
        campaigns.push(Campaign { id, product, dialed: MODES[number] != "PREVIEW" });
    }
    Ok(Centre { agents, campaigns, customers: RwLock::default() })
}

/// Makes the customers known, several at a time, while the agents already work.
pub(crate) async fn customers(api: &Api, plan: &Plan, centre: &Centre) -> anyhow::Result<()> {
    let mut registering =
        stream::iter((0..plan.customers).map(|number| customer(api, centre, number))).buffered(CONCURRENT);
    while let Some(registered) = registering.next().await {
        let registered = registered?;
        centre.customers.write().unwrap_or_else(PoisonError::into_inner).push(registered);
    }
    Ok(())
}

async fn customer(api: &Api, centre: &Centre, number: usize) -> anyhow::Result<Customer> {
    let place = &PLACES[number % PLACES.len()];
    let phone = phone(place, number);
    let industry = INDUSTRIES[number % INDUSTRIES.len()];
    let input = json!({
        "kind": if number.is_multiple_of(3) { "COMPANY" } else { "PERSON" },
        "profile": {
            "name": name(number),
            "language": "zh-CN",
            "region": place.regions[number / PLACES.len() % place.regions.len()],
            "timeZone": place.zone,
            "industry": industry,
        },
        "identifiers": [
            {"kind": "PHONE", "value": phone},
            {"kind": "CRM", "value": format!("demo-{number}")},
        ],
        "idempotencyKey": format!("demo-customer-{number}"),
    });
    let id = api.ensure(ACTOR, "registerCustomer", &input).await?;
    if !number.is_multiple_of(WITHOUT_CONSENT) {
        let consent = json!({
            "id": id, "purpose": "MARKETING", "channel": "CALL", "evidence": format!("demo form {number}"),
            "idempotencyKey": format!("demo-consent-{number}"),
        });
        api.ensure(ACTOR, "grantConsent", &consent).await?;
    }
    // Somebody is responsible for each customer, so that agents have customers of their own to see.
    if let Some(owner) = centre.agents.get(number % centre.agents.len().max(1)) {
        let input = json!({ "id": id, "agentId": owner, "idempotencyKey": format!("demo-owner-{number}") });
        api.ensure(ACTOR, "assignOwner", &input).await?;
    }
    for (at, campaign) in centre.campaigns.iter().enumerate().filter(|(_, campaign)| campaign.dialed) {
        let lead = json!({
            "campaignId": campaign.id, "customerId": id, "idempotencyKey": format!("demo-lead-{at}-{number}"),
        });
        api.ensure(ACTOR, "addLead", &lead).await?;
    }
    Ok(Customer { id, number: phone, industry, place })
}

/// A number of its own for every customer.
fn phone(place: &Place, number: usize) -> String {
    let (prefix, digits) = (place.prefix, place.digits);
    format!(
        "{prefix}{:0digits$}",
        (2_000_000 + number * 7_919) % 10_usize.pow(u32::try_from(digits).unwrap_or(8))
    )
}
