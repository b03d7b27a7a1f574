//! HTTP as the specification of GraphQL over HTTP has it, and persisted queries.

use anyhow::Result;
use serde_json::{Value, json};
use trunkline_testkit::PATIENCE;

use super::House;

const HASH_OF_TYPENAME: &str = "ecf4edb46db40b5132295c0291d62fb65d6759a9eedfa4d5d612dd5ec54a6b38";

#[tokio::test(flavor = "multi_thread")]
async fn status_and_media_type_follow_the_specification() -> Result<()> {
    let house = House::new().await?;
    let address = format!("{}/graphql", house.client.base());
    let http = reqwest::Client::builder().timeout(PATIENCE).build()?;
    let post = |body: &'static str| http.post(&address).header("content-type", "application/json").body(body);
    let mutation = "mutation%20%7B%20registerAgent(input%3A%7Bname%3A%22A%22%7D)%20%7B%20id%20%7D%20%7D";
    let cases = [
        (http.get(format!("{address}?query=%7B__typename%7D")), 200),
        (http.get(format!("{address}?query={mutation}")), 405),
        (http.get(&address), 400),
        (http.get(&address).header("accept", "text/html"), 200),
        (post("{ not json"), 400),
        (post("[]"), 400),
        (post(r#"{"query": 7}"#), 400),
        (post(r#"{"query": "{ nothing }"}"#), 200),
        (post(r#"{"query": "{ nothing }"}"#).header("accept", "application/graphql-response+json"), 400),
        (post(r#"{"query": "{ __typename }"}"#).header("accept", "image/png"), 406),
        (http.post(&address).header("content-type", "text/plain").body(r#"{"query":"{__typename}"}"#), 415),
    ];
    for (number, (request, status)) in cases.into_iter().enumerate() {
        assert_eq!(request.send().await?.status().as_u16(), status, "case {number}");
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_persisted_query_is_known_by_its_hash() -> Result<()> {
    let house = House::new().await?;
    let address = format!("{}/graphql", house.client.base());
    let ask = async |query: Option<&str>| -> Result<Value> {
        let persisted = json!({ "persistedQuery": { "version": 1, "sha256Hash": HASH_OF_TYPENAME } });
        let body = json!({ "query": query, "extensions": persisted });
        Ok(reqwest::Client::new().post(&address).json(&body).send().await?.json().await?)
    };
    let code = |answer: &Value| answer["errors"][0]["extensions"]["code"].as_str().map(str::to_owned);
    assert_eq!(code(&ask(None).await?).as_deref(), Some("PERSISTED_QUERY_NOT_FOUND"));
    assert_eq!(code(&ask(Some("{ logHead }")).await?).as_deref(), Some("PERSISTED_QUERY_MISMATCH"));
    assert_eq!(ask(Some("{__typename}")).await?["data"]["__typename"], "Query");
    assert_eq!(ask(None).await?["data"]["__typename"], "Query");
    Ok(())
}
