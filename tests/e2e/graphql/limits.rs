//! Every limit, tripped.

use std::time::Duration;

use anyhow::Result;
use serde_json::json;
use trunkline_graphql::Limits;

use super::House;

#[tokio::test(flavor = "multi_thread")]
async fn each_limit_refuses_with_its_own_code() -> Result<()> {
    let limits = Limits {
        query_bytes_max: 2_000,
        depth_max: 5,
        cost_max: 500,
        introspection: false,
        ..Limits::default()
    };
    let house = House::within(limits).await?;
    let long = format!("{{ logHead }} # {}", "x".repeat(2_000));
    let deep = "{ tasks { nodes { customer { lastCall { agent { name } } } } } }".to_owned();
    let costly = "{ tasks(first: 100) { nodes { title state kind dueAt priority team } } }".to_owned();
    let cases = [
        (long, "QUERY_TOO_LONG"),
        (deep, "QUERY_TOO_DEEP"),
        (costly, "QUERY_TOO_COSTLY"),
        ("{ __schema { types { name } } }".to_owned(), "INTROSPECTION_OFF"),
        ("{ logHead ".to_owned(), "BAD_REQUEST"),
        ("{ nothing }".to_owned(), "BAD_REQUEST"),
        ("subscription { events { position } }".to_owned(), "OPERATION_NOT_ALLOWED"),
    ];
    for (query, code) in cases {
        let answer = house.client.answer(&query, json!({})).await?;
        assert_eq!((answer.code(), answer.status), (Some(code), 400), "{query}: {}", answer.body);
        assert!(answer.body.get("data").is_none(), "a refused request has no data");
    }
    for (query, code) in [
        ("{ events(first: 101) { nodes { type } } }", "PAGE_SIZE"),
        ("{ events(first: 0) { nodes { type } } }", "PAGE_SIZE"),
        ("{ events(first: 1, last: 1) { nodes { type } } }", "PAGE_SIZE"),
        ("{ customer(id: \"agent:0190b5f4-0000-7000-8000-000000000000\") { name } }", "BAD_USER_INPUT"),
        ("{ tasks(after: \"nonsense\") { nodes { title } } }", "BAD_USER_INPUT"),
    ] {
        let answer = house.client.answer(query, json!({})).await?;
        assert_eq!((answer.code(), answer.status), (Some(code), 200), "{query}: {}", answer.body);
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_operation_that_takes_too_long_is_given_up() -> Result<()> {
    let limits = Limits { time_max: Duration::from_millis(100), ..Limits::default() };
    let house = House::within(limits).await?;
    // No read model ever gets there, and it would be waited for longer than the operation may run.
    let answer =
        house.client.answer("{ tasks(minPosition: \"1000000\") { nodes { title } } }", json!({})).await?;
    assert_eq!((answer.code(), answer.status), (Some("TIMEOUT"), 503));
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn the_cost_stands_in_the_extensions() -> Result<()> {
    let house = House::new().await?;
    let answer = house.client.answer("{ tasks(first: 10) { nodes { title state } } }", json!({})).await?;
    let cost = &answer.body["extensions"]["cost"];
    assert_eq!((&cost["cost"], &cost["depth"]), (&json!(31), &json!(3)), "{cost}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_fault_shows_a_code_and_the_requests_id_and_nothing_else() -> Result<()> {
    let house = House::new().await?;
    house.reads.execute("DROP VIEW tasks", Vec::new()).await?;
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let client = house.client.clone().with_header("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"));
    let answer = client.answer("{ tasks { nodes { title } } }", json!({})).await?;
    assert_eq!(answer.code(), Some("INTERNAL"));
    assert_eq!(answer.body["errors"][0]["extensions"]["requestId"], trace);
    let text = answer.body.to_string();
    assert!(!text.contains("no such table") && !text.contains("SELECT"), "{text}");
    Ok(())
}
