//! Several servers on one PostgreSQL and one Redis, which are killed, paused and flushed while agents work.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};
use futures::future::try_join_all;
use serde_json::{Value, json};
use tokio::sync::{Mutex, RwLock};
use tokio_util::sync::CancellationToken;
use trunkline_testkit::{Client, Redis, Serving, wait_for, wait_for_within};

use super::centre::{agent, attempt, call, routing};
use crate::place::Place;

const AGENTS: usize = 6;
const CALLS: usize = 30;
/// How long one request may take before it is asked of another server.
const REQUEST: Duration = Duration::from_secs(3);
/// How long a server is paused at most: longer than claims and offers last.
const PAUSE_MAX: Duration = Duration::from_secs(8);
/// How long all calls may take, with a server that is started again among them.
const ALL: Duration = Duration::from_secs(120);

/// The servers that clients know; one that is killed is put in again when it was restarted.
#[derive(Clone, Default)]
struct Servers(Arc<RwLock<Vec<Client>>>);

impl Servers {
    /// Sends a mutation to one server after the other until one answers. It has to bear being sent twice.
    async fn attempt(&self, turn: usize, mutation: &str, input: Value) -> Result<Value> {
        let clients = self.0.read().await.clone();
        for turn in turn..turn + 200 {
            let asked = attempt(&clients[turn % clients.len()], mutation, input.clone());
            if let Ok(Ok(answer)) = tokio::time::timeout(REQUEST, asked).await {
                return Ok(answer);
            }
        }
        anyhow::bail!("no server answers")
    }

    /// What an agent's program sees on one of the servers, when that answers.
    async fn desk(&self, turn: usize, agent: &str) -> Option<Value> {
        let clients = self.0.read().await.clone();
        let query = "query Desk($id: ID!) { agent(id: $id) { presence reservationId token call { id } } }";
        let asked = clients[turn % clients.len()].run(query, json!({ "id": agent }));
        let mut data = tokio::time::timeout(REQUEST, asked).await.ok()?.ok()?;
        Some(data["agent"].take())
    }
}

/// The calls that were ended.
type Ended = Arc<Mutex<BTreeSet<String>>>;

/// An agent's program: takes every third offer through two servers at once, turns one in seven down, speaks, hangs up,
/// goes on. Every refusal is possible: another server, or the timer, was faster.
async fn work(servers: Servers, agent: String, seed: usize, ended: Ended, stop: CancellationToken) {
    let mut turn = seed;
    while !stop.is_cancelled() {
        turn += 1;
        let Some(desk) = servers.desk(turn, &agent).await else { continue };
        let mut offer = json!({ "id": desk["reservationId"], "token": desk["token"] });
        let call = &desk["call"]["id"];
        let _ = match desk["presence"].as_str() {
            Some("RESERVED") if turn.is_multiple_of(7) => {
                offer["reason"] = json!("BUSY");
                servers.attempt(turn, "rejectReservation", offer).await
            }
            Some("RESERVED") if turn.is_multiple_of(3) => {
                let other = servers.attempt(turn + 1, "acceptReservation", offer.clone());
                tokio::join!(servers.attempt(turn, "acceptReservation", offer), other).0
            }
            Some("RESERVED") => servers.attempt(turn, "acceptReservation", offer).await,
            Some("RINGING") => {
                servers.attempt(turn, "bridgeCall", json!({ "id": call, "agentId": agent })).await
            }
            Some("TALKING") => {
                let told =
                    servers.attempt(turn, "endCall", json!({ "id": call, "cause": "COMPLETED" })).await;
                // Over is over: the server that ended it can have been killed before it said so.
                let over = |payload: &Value| {
                    payload["userErrors"] == json!([]) || payload["userErrors"][0]["code"] == "CALL_OVER"
                };
                if told.as_ref().is_ok_and(over) {
                    ended.lock().await.insert(call.to_string());
                }
                told
            }
            Some("WRAPPING") => servers.attempt(turn, "endWrap", json!({ "id": agent })).await,
            Some("PAUSED") => servers.attempt(turn, "makeAvailable", json!({ "id": agent })).await,
            _ => {
                tokio::task::yield_now().await;
                Ok(Value::Null)
            }
        };
    }
}

/// Sends a Redis server one command.
fn tell(redis: &Redis, command: &str) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", redis.port()))?;
    stream.write_all(format!("{command}\r\n").as_bytes())?;
    let mut answer = [0; 3];
    stream.read_exact(&mut answer)?;
    ensure!(answer == *b"+OK", "Redis answered {answer:?} to {command}");
    Ok(())
}

fn signal(serving: &Serving, name: &str) -> Result<()> {
    let id = serving.process.id().context("the server runs")?;
    ensure!(
        Command::new("kill").args(["-s", name, &id.to_string()]).status()?.success(),
        "{name} was not sent"
    );
    Ok(())
}

async fn until(ended: &Ended, wanted: usize) -> Result<()> {
    let what = format!("{wanted} calls that were ended");
    wait_for_within(ALL, &what, async || Ok((ended.lock().await.len() >= wanted).then_some(()))).await
}

/// One thing that happened, by its type: to whom, and the call or agent it names.
async fn happened(client: &Client, event_type: &str) -> Result<Vec<Value>> {
    let query = "query E($types: [String!], $after: String) { events(filter: { types: $types }, first: 100,
        after: $after) { nodes { position stream payload } pageInfo { hasNextPage endCursor } } }";
    let (mut found, mut after) = (Vec::new(), Value::Null);
    loop {
        let data = client.run(query, json!({ "types": [event_type], "after": after })).await?;
        let page = &data["events"];
        found.extend(page["nodes"].as_array().into_iter().flatten().cloned());
        if page["pageInfo"]["hasNextPage"] != true {
            return Ok(found);
        }
        after = page["pageInfo"]["endCursor"].clone();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whatever_crashes_no_call_has_two_agents_and_none_is_lost() -> Result<()> {
    let redis = Redis::start()?;
    let place = Place::postgres()?
        .with("TRUNKLINE_POOL_STORE", "redis")
        .with("TRUNKLINE_POOL_URL", format!("redis://127.0.0.1:{}/0", redis.port()))
        .with("TRUNKLINE_POLICY_OFFER_SECONDS", "3");
    let (one, two, three) = (place.serve().await?, place.serve().await?, place.serve().await?);
    let servers =
        Servers(Arc::new(RwLock::new(vec![one.client.clone(), two.client.clone(), three.client.clone()])));
    let agents = try_join_all((0..AGENTS).map(|n| {
        let client = &one.client;
        async move { agent(client, &format!("坐席{n}"), "云客服").await }
    }));
    let agents = agents.await?;
    let calls = try_join_all((0..CALLS).map(|_| call(&one.client, "云客服", None))).await?;
    let (ended, stop) = (Ended::default(), CancellationToken::new());
    let desks: Vec<_> = agents
        .iter()
        .enumerate()
        .map(|(n, agent)| {
            tokio::spawn(work(servers.clone(), agent.clone(), n, Arc::clone(&ended), stop.clone()))
        })
        .collect();
    // Every call is asked for at two servers, under one key.
    try_join_all((0..2 * CALLS).map(|n| {
        let (servers, call) = (servers.clone(), &calls[n % CALLS]);
        let offers = 1 + n % CALLS % 3;
        let input = json!({ "work": { "callId": call }, "offers": offers, "idempotencyKey": call });
        let turn = n / CALLS + n;
        async move { servers.attempt(turn, "routeWork", input).await }
    }))
    .await?;

    until(&ended, 4).await?;
    tell(&redis, "FLUSHALL")?;
    until(&ended, 8).await?;
    signal(&two, "STOP")?;
    // Whoever is paused in the middle of an append keeps the lock of the log in PostgreSQL, and all others wait.
    let _ = tokio::time::timeout(PAUSE_MAX, until(&ended, 12)).await;
    tell(&redis, "FLUSHALL")?;
    signal(&two, "CONT")?;
    until(&ended, 12).await?;
    until(&ended, 16).await?;
    three.process.kill().await?;
    until(&ended, 20).await?;
    let three = place.serve().await?;
    servers.0.write().await[2] = three.client.clone();
    drop(redis);
    until(&ended, CALLS).await?;
    stop.cancel();
    try_join_all(desks).await?;

    let bridged = happened(&three.client, "call.bridged").await?;
    let streams: BTreeSet<&str> = bridged.iter().filter_map(|event| event["stream"].as_str()).collect();
    assert_eq!((bridged.len(), streams.len()), (CALLS, CALLS), "every call was connected, and once");
    let assigned = happened(&three.client, "routing.assigned").await?;
    let mut holders: BTreeMap<&str, usize> = BTreeMap::new();
    assigned
        .iter()
        .filter_map(|event| event["stream"].as_str())
        .for_each(|work| *holders.entry(work).or_default() += 1);
    assert_eq!(holders.len(), CALLS, "every call was assigned");
    assert!(holders.values().all(|count| *count == 1), "to one agent: {holders:?}");
    for call in &calls {
        assert_eq!(routing(&one.client, call).await?["state"], "ENDED");
    }
    Ok(())
}

#[tokio::test]
async fn without_redis_routing_goes_on_and_says_that_it_is_degraded() -> Result<()> {
    let redis = Redis::start()?;
    let url = format!("redis://127.0.0.1:{}/0", redis.port());
    let place = Place::sqlite()?.with("TRUNKLINE_POOL_STORE", "redis").with("TRUNKLINE_POOL_URL", url);
    let serving = place.serve().await?;
    let client = &serving.client;
    for number in 0..2 {
        agent(client, &format!("坐席{number}"), "云客服").await?;
    }
    let pool = "{ agentPool { shared degraded } }";
    let routed = async || {
        let call = call(client, "云客服", None).await?;
        attempt(client, "routeWork", json!({ "work": { "callId": call } })).await?;
        wait_for("an offer", async || Ok((routing(client, &call).await?["state"] == "OFFERED").then_some(())))
            .await
    };
    routed().await?;
    let standing = client.run(pool, Value::Null).await?["agentPool"].take();
    assert_eq!(standing, json!({ "shared": true, "degraded": false }));
    drop(redis);
    routed().await?;
    let standing = client.run(pool, Value::Null).await?["agentPool"].take();
    assert_eq!(standing, json!({ "shared": true, "degraded": true }));
    assert!(client.page("/metrics").await?.contains("trunkline_pool_degraded 1"));
    Ok(())
}

#[tokio::test]
async fn the_pool_is_shared_over_tls_with_whom_the_authority_vouches_for() -> Result<()> {
    let folder = tempfile::tempdir()?;
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(["localhost".to_owned()])?;
    let (certificate, key) = (folder.path().join("redis.pem"), folder.path().join("redis.key"));
    std::fs::write(&certificate, cert.pem())?;
    std::fs::write(&key, signing_key.serialize_pem())?;
    let redis = Redis::start()?;
    let port = redis.speak_tls(&certificate, &key)?;
    let standing = async |trusted: bool| -> Result<Value> {
        let mut place = Place::sqlite()?
            .with("TRUNKLINE_POOL_STORE", "redis")
            .with("TRUNKLINE_POOL_URL", format!("rediss://localhost:{port}/0"));
        if trusted {
            place = place.with("SSL_CERT_FILE", certificate.display().to_string());
        }
        let serving = place.serve().await?;
        let client = &serving.client;
        agent(client, "王芳", "云客服").await?;
        let call = call(client, "云客服", None).await?;
        attempt(client, "routeWork", json!({ "work": { "callId": call } })).await?;
        let offered = async || Ok((routing(client, &call).await?["state"] == "OFFERED").then_some(()));
        wait_for("an offer", offered).await?;
        Ok(client.run("{ agentPool { shared degraded } }", Value::Null).await?["agentPool"].take())
    };
    assert_eq!(standing(true).await?, json!({ "shared": true, "degraded": false }));
    assert_eq!(standing(false).await?, json!({ "shared": true, "degraded": true }), "nobody vouches for it");
    Ok(())
}
