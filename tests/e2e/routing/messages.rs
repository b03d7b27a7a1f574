//! Work that arrives and assignments that leave through a real RabbitMQ, which is killed and started again meanwhile, as is
//! the server: nothing is lost, and nothing is done twice.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
use lapin::options::{
    BasicAckOptions, BasicGetOptions, BasicPublishOptions, ConfirmSelectOptions, QueueBindOptions,
    QueueDeclareOptions,
};
use lapin::types::FieldTable;
use lapin::{BasicProperties, Channel, Connection, ConnectionProperties};
use serde_json::{Value, json};
use trunkline_testkit::{Client, RabbitMq, wait_for};

use super::centre::{accept, agent, attempt, call, done, routing};
use crate::place::Place;

const WORK: &str = "trunkline.work";
const DEAD: &str = "trunkline.work.dead";
const EXCHANGE: &str = "trunkline.assignments";
/// What this test reads the assignments from.
const HEARD: &str = "heard";
const AGENTS: usize = 4;
const CALLS: usize = 12;

async fn channel(broker: &RabbitMq) -> Result<(Connection, Channel)> {
    let connection = Connection::connect(&broker.url(), ConnectionProperties::default()).await?;
    let channel = connection.create_channel().await?;
    channel.confirm_select(ConfirmSelectOptions::default()).await?;
    Ok((connection, channel))
}

/// Sends a message, and has the broker's word that it keeps it.
async fn send(channel: &Channel, id: Option<&str>, body: &str) -> Result<()> {
    let properties = BasicProperties::default().with_delivery_mode(2);
    let properties = match id {
        Some(id) => properties.with_message_id(id.into()),
        None => properties,
    };
    let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
    let sent = channel.basic_publish("".into(), WORK.into(), options, body.as_bytes(), properties).await?;
    ensure!(sent.await?.take_message().is_none(), "the queue is there");
    Ok(())
}

/// Asks for an agent for a call, twice under one id.
async fn ask(channel: &Channel, call: &str) -> Result<()> {
    let bare = call.trim_start_matches("call:");
    let body = json!({ "work": { "call": bare }, "skills": { "云客服": 3 } }).to_string();
    for _ in 0..2 {
        send(channel, Some(&format!("crm-{bare}")), &body).await?;
    }
    Ok(())
}

/// Everything in a queue now: the properties and the body of each message.
async fn read(channel: &Channel, queue: &str) -> Result<Vec<(BasicProperties, Value)>> {
    let mut found = Vec::new();
    while let Some(message) = channel.basic_get(queue.into(), BasicGetOptions::default()).await? {
        let body = serde_json::from_slice(&message.delivery.data).unwrap_or_default();
        found.push((message.delivery.properties.clone(), body));
        message.delivery.acker.ack(BasicAckOptions::default()).await?;
    }
    Ok(found)
}

async fn connected(client: &Client, expected: bool) -> Result<()> {
    wait_for("the server to notice the broker", async || {
        let health: Value = serde_json::from_str(&client.page("/readyz").await?)?;
        Ok((health["rabbitmq"]["connected"] == expected).then_some(()))
    })
    .await
}

/// What happened of one type, by stream.
async fn happened(client: &Client, event_type: &str) -> Result<Vec<String>> {
    let query =
        "query E($types: [String!]) { events(filter: { types: $types }, first: 100) { nodes { stream } } }";
    let data = client.run(query, json!({ "types": [event_type] })).await?;
    let nodes = data["events"]["nodes"].as_array().context("events")?;
    Ok(nodes.iter().filter_map(|node| node["stream"].as_str().map(str::to_owned)).collect())
}

/// Takes every offer of these calls, speaks and hangs up, until so many are assigned.
async fn work(
    client: &Client,
    calls: &[String],
    assigned: &mut BTreeSet<String>,
    wanted: usize,
) -> Result<()> {
    wait_for("calls that are assigned", async || {
        for call in calls {
            if assigned.contains(call) || assigned.len() >= wanted {
                continue;
            }
            let offer = routing(client, call).await?["offers"][0].clone();
            if !offer["id"].is_string() || accept(client, &offer).await?["userErrors"] != json!([]) {
                continue;
            }
            assigned.insert(call.clone());
            let agent = offer["agent"]["id"].clone();
            done(client, "bridgeCall", json!({ "id": call, "agentId": agent })).await?;
            done(client, "endCall", json!({ "id": call, "cause": "COMPLETED" })).await?;
            attempt(client, "endWrap", json!({ "id": agent })).await?;
        }
        Ok((assigned.len() >= wanted).then_some(()))
    })
    .await
}

/// Every assignment was told, each under the id of its event.
async fn all_told(reading: &Channel, calls: &[String]) -> Result<()> {
    let mut heard: BTreeMap<String, Value> = BTreeMap::new();
    wait_for("every assignment", async || {
        for (properties, body) in read(reading, HEARD).await? {
            let id = properties.message_id().as_ref().context("a message id")?.to_string();
            ensure!(body["event"] == id, "the id is that of the event: {body}");
            // At least once: what comes again says the same under the same id.
            ensure!(heard.get(&id).is_none_or(|before| *before == body), "{body}");
            heard.insert(id, body);
        }
        Ok((heard.len() >= CALLS).then_some(()))
    })
    .await?;
    let told: BTreeSet<&str> = heard.values().filter_map(|body| body["work"]["call"].as_str()).collect();
    let expected: BTreeSet<&str> = calls.iter().map(|call| uuid_of(call)).collect();
    ensure!(heard.len() == CALLS && told == expected, "{heard:?}");
    Ok(())
}

/// What was wrong is in the dead-letter queue with its reason, and nothing else is anywhere.
async fn dead_with_reasons(reading: &Channel) -> Result<()> {
    let dead = read(reading, DEAD).await?;
    let codes: BTreeSet<String> = dead
        .iter()
        .filter_map(|(properties, _)| properties.headers().as_ref()?.inner().get("x-trunkline-code"))
        .filter_map(|code| code.as_long_string().map(ToString::to_string))
        .collect();
    let expected = ["MESSAGE_ID_MISSING", "MESSAGE_UNREADABLE", "ROUTING_NOTHING_TO_DO"];
    ensure!(codes == expected.map(str::to_owned).into(), "{codes:?}");
    ensure!(read(reading, WORK).await?.is_empty(), "nothing is left");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn work_arrives_and_assignments_leave_once_whatever_is_killed() -> Result<()> {
    let mut broker = RabbitMq::start()?;
    let place = Place::sqlite()?
        .with("TRUNKLINE_RABBITMQ_URL", broker.url())
        .with("TRUNKLINE_RABBITMQ_BACKOFF_MAX_MS", "500");
    let serving = place.serve().await?;
    let client = &serving.client;
    connected(client, true).await?;
    for n in 0..AGENTS {
        agent(client, &format!("坐席{n}"), "云客服").await?;
    }
    let calls = try_join_all((0..CALLS).map(|_| call(client, "云客服", None))).await?;
    let (first, second) = calls.split_at(CALLS / 2);
    let mut assigned = BTreeSet::new();

    let (_connection, sending) = channel(&broker).await?;
    for call in first {
        ask(&sending, call).await?;
    }
    send(&sending, Some("torn"), "{\"work\":").await?;
    send(&sending, None, &json!({ "work": { "call": uuid_of(&first[0]) } }).to_string()).await?;
    let nobody = json!({ "work": { "call": "01890a5d-ac96-774b-bcce-b302099a8057" } });
    send(&sending, Some("nobody"), &nobody.to_string()).await?;
    // Nobody listens yet: what is assigned waits in the log rather than vanish in the exchange.
    work(client, first, &mut assigned, 3).await?;
    wait_for("word that nobody listens", async || {
        let health: Value = serde_json::from_str(&client.page("/readyz").await?)?;
        let trouble = health["rabbitmq"]["trouble"].as_str().unwrap_or_default().to_owned();
        Ok(trouble.contains("no queue is bound").then_some(()))
    })
    .await?;
    sending.queue_declare(HEARD.into(), QueueDeclareOptions::durable(), FieldTable::default()).await?;
    let (options, arguments) = (QueueBindOptions::default(), FieldTable::default());
    sending.queue_bind(HEARD.into(), EXCHANGE.into(), "assignment.*".into(), options, arguments).await?;

    // The broker is gone: routing goes on, and what is assigned meanwhile is told later.
    broker.kill()?;
    connected(client, false).await?;
    work(client, first, &mut assigned, first.len()).await?;
    broker.revive()?;
    connected(client, true).await?;
    let (_connection, sending) = channel(&broker).await?;
    for call in second {
        ask(&sending, call).await?;
    }
    // The server is killed with messages on their way, and the broker once more beside it.
    serving.process.kill().await?;
    broker.kill()?;
    broker.revive()?;
    let serving = place.serve().await?;
    let client = &serving.client;
    work(client, second, &mut assigned, CALLS).await?;

    let (_connection, reading) = channel(&broker).await?;
    all_told(&reading, &calls).await?;
    for event_type in ["routing.requested", "routing.assigned"] {
        let streams = happened(client, event_type).await?;
        let once: BTreeSet<_> = streams.iter().collect();
        ensure!(streams.len() == CALLS && once.len() == CALLS, "{event_type}: {streams:?}");
    }
    dead_with_reasons(&reading).await
}

fn uuid_of(call: &str) -> &str {
    call.trim_start_matches("call:")
}
