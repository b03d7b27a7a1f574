//! Servers from the outside: health, several on one database, subscriptions over a restart.

use anyhow::{Context as _, Result, ensure};
use serde_json::{Value, json};
use trunkline_testkit::{Client, Subscription, wait_for};

use crate::place::{Place, gapless, register, whole_log, written};

const FOLLOW: &str = "subscription Follow($after: Position) { events(after: $after) { position id } }";

async fn ready(client: &Client) -> Result<String> {
    wait_for("a ready server", async || Ok(client.page("/readyz").await.ok())).await
}

#[tokio::test]
async fn a_server_tells_its_health_and_its_metrics() -> Result<()> {
    let place = Place::sqlite()?;
    let serving = place.serve().await?;
    serving.client.page("/healthz").await?;
    ready(&serving.client).await?;
    register(&serving.client, "somebody").await?;
    let metrics = serving.client.page("/metrics").await?;
    for wanted in ["append", "batch", "lag", "subscri"] {
        let told = metrics.lines().any(|line| !line.starts_with('#') && line.contains(wanted));
        ensure!(told, "no metric about {wanted}:\n{metrics}");
    }
    Ok(())
}

#[tokio::test]
async fn two_servers_on_one_database_keep_one_order() -> Result<()> {
    let place = Place::postgres()?;
    let (one, other) = (place.serve().await?, place.serve().await?);
    let writes = (0..40).map(|number| {
        let client = if number % 2 == 0 { &one.client } else { &other.client };
        async move { register(client, &format!("customer {number}")).await }
    });
    futures::future::try_join_all(writes).await?;
    let log = whole_log(&one.client).await?;
    ensure!(gapless(&log) && log.len() >= 40, "one order without gaps: {log:?}");
    assert_eq!(written(&one.client).await?, written(&other.client).await?);
    Ok(())
}

async fn next(subscription: &mut Subscription) -> Result<Value> {
    let mut data = subscription.next().await?.context("the subscription goes on")?;
    Ok(data["events"].take())
}

#[tokio::test]
async fn a_subscription_goes_on_where_it_was_after_a_restart() -> Result<()> {
    let place = Place::sqlite()?;
    let serving = place.serve().await?;
    register(&serving.client, "before").await?;
    let mut subscription = serving.client.subscribe(FOLLOW, json!({ "after": "0" })).await?;
    let seen = next(&mut subscription).await?;
    assert_eq!(seen["position"], "1");
    serving.process.stop().await?;

    let serving = place.serve().await?;
    let mut subscription = serving.client.subscribe(FOLLOW, json!({ "after": seen["position"] })).await?;
    register(&serving.client, "after").await?;
    let log = whole_log(&serving.client).await?;
    for (position, id) in &log[1..] {
        let event = next(&mut subscription).await?;
        assert_eq!(event, json!({ "position": position.to_string(), "id": id }));
    }
    Ok(())
}

#[tokio::test]
async fn an_event_written_on_one_server_reaches_a_subscriber_of_another() -> Result<()> {
    let place = Place::postgres()?;
    let (one, other) = (place.serve().await?, place.serve().await?);
    let follow = "subscription { events(after: \"0\") { id type } }";
    let mut subscription = other.client.subscribe(follow, json!({})).await?;
    let payload = register(&one.client, "somebody").await?;
    // That somebody reads is an event as well.
    let event = loop {
        let event = next(&mut subscription).await?;
        if event["type"] != "access.recorded" {
            break event;
        }
    };
    assert_eq!(event["id"], payload["eventIds"][0]);
    Ok(())
}

#[tokio::test]
async fn a_client_that_closes_its_socket_is_answered() -> Result<()> {
    let place = Place::sqlite()?;
    let serving = place.serve().await?;
    register(&serving.client, "somebody").await?;
    let mut subscription = serving.client.subscribe(FOLLOW, json!({ "after": "0" })).await?;
    next(&mut subscription).await?;
    subscription.close().await
}
