//! The public API as this client uses it.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

/// How long one request may take.
const PATIENCE: Duration = Duration::from_secs(30);

/// How often a request that the server did not answer is sent again. Only requests with an idempotency key are.
const ATTEMPTS_MAX: u32 = 5;

/// A client of one server.
#[derive(Debug)]
pub(crate) struct Api {
    client: reqwest::Client,
    address: String,
}

/// What a mutation came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// It was carried out on the thing with this id.
    Yes(String),
    /// It was refused with this code.
    Refused(String),
}

impl Api {
    pub(crate) fn new(base: &str) -> anyhow::Result<Self> {
        let client = reqwest::Client::builder().timeout(PATIENCE).build()?;
        Ok(Self { client, address: format!("{}/graphql", base.trim_end_matches('/')) })
    }

    /// Runs `mutation` with one input of type `NAMEInput` as this actor. `name` is the mutation's name.
    pub(crate) async fn mutate(&self, actor: &str, name: &str, input: &Value) -> anyhow::Result<Done> {
        let query = format!(
            "mutation($input: {}Input!) {{ {name}(input: $input) {{ id userErrors {{ code message }} }} }}",
            input_type(name)
        );
        let data = self.send(actor, &query, json!({"input": input})).await?;
        let payload = &data[name];
        match payload["userErrors"][0]["code"].as_str() {
            Some(code) => Ok(Done::Refused(code.to_owned())),
            None => Ok(Done::Yes(payload["id"].as_str().unwrap_or_default().to_owned())),
        }
    }

    /// As [`Api::mutate`], for what must be carried out: a request with an idempotency key is repeated until the
    /// server answers. Gives the id.
    pub(crate) async fn ensure(&self, actor: &str, name: &str, input: &Value) -> anyhow::Result<String> {
        let mut attempt = 1;
        loop {
            match self.mutate(actor, name, input).await {
                Ok(Done::Yes(id)) => return Ok(id),
                Ok(Done::Refused(code)) => bail!("{name} was refused: {code}"),
                Err(error) if attempt == ATTEMPTS_MAX => return Err(error),
                Err(error) => tracing::debug!(error = format!("{error:#}"), name, attempt, "trying again"),
            }
            tokio::time::sleep(Duration::from_millis(100 << attempt)).await;
            attempt += 1;
        }
    }

    /// Runs a query or mutation; gives its data.
    pub(crate) async fn send(&self, actor: &str, query: &str, variables: Value) -> anyhow::Result<Value> {
        let request = self.client.post(&self.address).header("x-trunkline-actor", actor);
        let answer = request.json(&json!({"query": query, "variables": variables})).send().await;
        let answer = answer.context("the server cannot be reached")?;
        let mut body: Value = answer.json().await.context("the server's answer is not JSON")?;
        if let Some(error) = body["errors"].get(0) {
            bail!("the server answered: {}", error["message"]);
        }
        Ok(body["data"].take())
    }
}

/// The input types that do not follow their mutation's name, because several mutations share one.
fn input_type(mutation: &str) -> String {
    match mutation {
        "signIn" | "signOut" | "makeAvailable" | "endWrap" => "Agent".to_owned(),
        "ringCall" | "answerCall" | "holdCall" | "resumeCall" => "Call".to_owned(),
        "startCampaign" => "Campaign".to_owned(),
        "readyLead" | "queueLead" => "Lead".to_owned(),
        "startTask" => "Task".to_owned(),
        own => own[..1].to_uppercase() + &own[1..],
    }
}
