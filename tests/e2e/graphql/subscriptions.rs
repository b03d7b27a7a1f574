//! Subscriptions: resumed without gap or repetition, over sockets and server-sent events, and never unbounded.

use std::time::Duration;

use anyhow::{Context as _, Result, bail};
use futures::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::http::HeaderValue;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};
use trunkline_graphql::Limits;
use trunkline_testkit::{PATIENCE, wait_for};

use super::House;

type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

async fn connect(house: &House, protocol: Option<&'static str>) -> Result<Socket> {
    let address = format!("{}/graphql", house.client.base().replacen("http", "ws", 1));
    let mut request = address.as_str().into_client_request()?;
    if let Some(protocol) = protocol {
        request.headers_mut().insert("sec-websocket-protocol", HeaderValue::from_static(protocol));
    }
    Ok(connect_async(request).await?.0)
}

async fn say(socket: &mut Socket, message: Value) -> Result<()> {
    Ok(socket.send(Message::text(message.to_string())).await?)
}

fn subscribe(id: &str, query: &str) -> Value {
    json!({ "type": "subscribe", "id": id, "payload": { "query": query } })
}

/// The next message of the protocol, or the code that the connection is closed with.
async fn hear(socket: &mut Socket) -> Result<Result<Value, u16>> {
    loop {
        match timeout(PATIENCE, socket.next()).await?.context("the connection is gone")?? {
            Message::Text(text) => return Ok(Ok(serde_json::from_str(&text)?)),
            Message::Close(Some(frame)) => return Ok(Err(frame.code.into())),
            Message::Close(None) => bail!("closed without a code"),
            Message::Binary(_) | Message::Ping(_) | Message::Pong(_) | Message::Frame(_) => {}
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_resumed_subscription_neither_misses_nor_repeats() -> Result<()> {
    let house = House::new().await?;
    let (customer, _) = house.customer("王小明").await?;
    for n in 0..5 {
        house.task(&format!("任务 {n}"), &customer).await?;
    }
    let query = "subscription($after: Position) { events(after: $after) { position } }";
    let mut seen = Vec::new();
    let mut after = "0".to_owned();
    for part in 0..3 {
        let mut subscription = house.client.subscribe(query, json!({ "after": after })).await?;
        // What is written while nobody, and while somebody, listens.
        let write = async {
            for n in 0..4 {
                house.task(&format!("任务 {part}.{n}"), &customer).await?;
            }
            anyhow::Ok(())
        };
        let read = async {
            for _ in 0..6 {
                let data = subscription.next().await?.context("an event")?;
                let position = data["events"]["position"].as_str().context("a position")?.to_owned();
                seen.push(position.clone());
                after = position;
            }
            anyhow::Ok(())
        };
        tokio::try_join!(write, read)?;
    }
    let expected: Vec<String> = (1..=18).map(|position| position.to_string()).collect();
    assert_eq!(seen, expected);
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn changes_of_read_models_and_live_figures_come_with_their_positions() -> Result<()> {
    let house = House::postgres().await?;
    let (customer, position) = house.customer("王小明").await?;
    let changes = "subscription($after: Position) { taskChanges(after: $after) { position eventType task { title state } } }";
    let mut tasks = house.client.subscribe(changes, json!({ "after": position })).await?;
    let about = "subscription($id: ID, $after: Position) { customerChanges(id: $id, after: $after) {
        customer { counts { tasksOpen } } } }";
    let mut customers = house.client.subscribe(about, json!({ "id": customer, "after": position })).await?;
    let figures = "subscription { kpis(from: \"2000-01-01T00:00:00Z\", until: \"2100-01-01T00:00:00Z\") {
        position rows { figure(kpi: CALLS) { numerator } } } }";
    let mut live = house.client.subscribe(figures, json!({})).await?;
    let first = live.next().await?.context("figures at once")?;
    assert_eq!(first["kpis"]["rows"][0]["figure"]["numerator"], 0, "{first}");
    let (_, opened) = house.task("回访", &customer).await?;
    let change = tasks.next().await?.context("a change")?;
    let expected = json!({ "position": opened, "eventType": "task.opened", "task": { "title": "回访", "state": "PENDING" } });
    assert_eq!(change["taskChanges"], expected);
    let change = customers.next().await?.context("a change")?;
    assert_eq!(change["customerChanges"]["customer"]["counts"]["tasksOpen"], 1);
    house.mutate("createCall", json!({ "direction": "INBOUND" })).await?;
    loop {
        let update = live.next().await?.context("live figures")?;
        if update["kpis"]["rows"][0]["figure"]["numerator"] == 1 {
            break;
        }
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn server_sent_events_carry_a_subscription_and_a_query() -> Result<()> {
    let house = House::new().await?;
    house.customer("王小明").await?;
    let address = format!("{}/graphql", house.client.base());
    let ask = |query: &str| {
        let request = reqwest::Client::new().post(&address).header("accept", "text/event-stream");
        request.json(&json!({ "query": query })).send()
    };
    let text = ask("{ __typename }").await?.text().await?;
    assert!(text.starts_with("event: next\ndata: {\"data\":{\"__typename\":\"Query\"}"), "{text}");
    assert!(text.ends_with("event: complete\ndata:\n\n"), "{text}");
    let mut stream = ask("subscription { events(after: \"0\") { type } }").await?.bytes_stream();
    let mut text = String::new();
    while !text.contains("customer.registered") {
        let chunk = timeout(PATIENCE, stream.next()).await?.context("a chunk")??;
        text.push_str(std::str::from_utf8(&chunk)?);
    }
    drop(stream);
    wait_for("the subscription to end with its client", async || {
        Ok((house.stats.subscribers() == 0).then_some(()))
    })
    .await
}

#[tokio::test(flavor = "multi_thread")]
async fn the_protocol_is_kept() -> Result<()> {
    let limits = Limits {
        subscriptions_per_connection_max: 1,
        connection_init_max: Duration::from_millis(200),
        ..Limits::default()
    };
    let house = House::within(limits).await?;
    let mut none = connect(&house, None).await?;
    assert_eq!(hear(&mut none).await?, Err(4406));
    let mut silent = connect(&house, Some("graphql-transport-ws")).await?;
    assert_eq!(hear(&mut silent).await?, Err(4408));
    let mut hasty = connect(&house, Some("graphql-transport-ws")).await?;
    say(&mut hasty, subscribe("1", "{ __typename }")).await?;
    assert_eq!(hear(&mut hasty).await?, Err(4401));
    let mut wrong = connect(&house, Some("graphql-transport-ws")).await?;
    say(&mut wrong, json!({ "type": "nonsense" })).await?;
    assert_eq!(hear(&mut wrong).await?, Err(4400));

    let mut socket = connect(&house, Some("graphql-transport-ws")).await?;
    say(&mut socket, json!({ "type": "connection_init" })).await?;
    assert_eq!(hear(&mut socket).await?, Ok(json!({ "type": "connection_ack" })));
    say(&mut socket, json!({ "type": "ping", "payload": { "n": 1 } })).await?;
    assert_eq!(hear(&mut socket).await?, Ok(json!({ "type": "pong", "payload": { "n": 1 } })));
    say(&mut socket, subscribe("broken", "subscription { nothing }")).await?;
    let refused = hear(&mut socket).await?.ok().context("a message")?;
    assert_eq!((&refused["type"], &refused["id"]), (&json!("error"), &json!("broken")), "{refused}");
    say(&mut socket, subscribe("1", "subscription { events { position } }")).await?;
    say(&mut socket, subscribe("2", "subscription { events { position } }")).await?;
    let refused = hear(&mut socket).await?.ok().context("a message")?;
    assert_eq!(refused["payload"][0]["extensions"]["code"], "TOO_MANY_SUBSCRIPTIONS");
    say(&mut socket, json!({ "type": "complete", "id": "1" })).await?;
    say(&mut socket, subscribe("3", "{ __typename }")).await?;
    let answer = hear(&mut socket).await?.ok().context("a message")?;
    assert_eq!((&answer["id"], &answer["payload"]["data"]["__typename"]), (&json!("3"), &json!("Query")));
    let complete = json!({ "id": "3", "type": "complete" });
    assert_eq!(hear(&mut socket).await?, Ok(complete));
    say(&mut socket, json!({ "type": "connection_init" })).await?;
    assert_eq!(hear(&mut socket).await?, Err(4429));

    // A client that closes is answered, so that it does not take the end for a broken connection.
    let mut leaving = connect(&house, Some("graphql-transport-ws")).await?;
    leaving.close(Some(CloseFrame { code: CloseCode::Normal, reason: "".into() })).await?;
    assert_eq!(hear(&mut leaving).await?, Err(1000));
    Ok(())
}

/// A server with more to say than all buffers between it and a client hold.
async fn talkative() -> Result<(House, String)> {
    let limits = Limits {
        subscriber_messages_max: 4,
        slow_consumer_grace: Duration::from_secs(2),
        ..Limits::default()
    };
    let house = House::within(limits).await?;
    let (customer, _) = house.customer("王小明").await?;
    let text = "长".repeat(5_000);
    for _ in 0..60 {
        let said = json!({ "customerId": customer, "channel": "CHAT", "direction": "INBOUND", "text": text });
        house.mutate("recordInteraction", said).await?;
    }
    let payloads: String = (0..40).map(|n| format!("p{n}: payload ")).collect();
    Ok((house, format!("subscription {{ events(after: \"0\") {{ {payloads} }} }}")))
}

async fn until_slow(house: &House) -> Result<()> {
    wait_for("the server to notice", async || Ok((house.stats.slow_consumers() == 1).then_some(()))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_consumer_of_a_socket_is_disconnected_with_4008() -> Result<()> {
    let (house, query) = talkative().await?;
    let mut socket = connect(&house, Some("graphql-transport-ws")).await?;
    say(&mut socket, json!({ "type": "connection_init" })).await?;
    assert_eq!(hear(&mut socket).await?, Ok(json!({ "type": "connection_ack" })));
    say(&mut socket, subscribe("1", &query)).await?;
    until_slow(&house).await?;
    let code = loop {
        if let Err(code) = hear(&mut socket).await? {
            break code;
        }
    };
    assert_eq!(code, 4008);
    wait_for("the subscription to end", async || Ok((house.stats.subscribers() == 0).then_some(()))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_slow_consumer_of_server_sent_events_is_told_so() -> Result<()> {
    let (house, query) = talkative().await?;
    let request = reqwest::Client::new().post(format!("{}/graphql", house.client.base()));
    let response =
        request.header("accept", "text/event-stream").json(&json!({ "query": query })).send().await?;
    until_slow(&house).await?;
    let text = timeout(PATIENCE, response.text()).await??;
    assert!(text.contains("SLOW_CONSUMER"), "the end is told");
    assert!(text.ends_with("event: complete\ndata:\n\n"));
    Ok(())
}
