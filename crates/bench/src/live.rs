//! The other half of `subscribe`: from append to subscribers of the GraphQL API over web sockets.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result};
use axum::Router;
use futures::future::join_all;
use serde_json::json;
use trunkline_kernel::{AgentId, Ids, SeededIds, SystemClock, Tag};
use trunkline_log::{Expect, Log, SqliteLog, SqliteOptions};
use trunkline_testkit::Client;

use crate::Options;
use crate::report::{Measured, line, section, target};
use crate::serving::Serving;
use crate::workload::{Workload, part};

const EVENTS_PER_SECOND: u64 = 2_000;
/// Appends of one tick of the steady rate.
const PER_TICK: u64 = 20;
/// Subscribers; each follows one agent, as an agent's desk does.
const SUBSCRIBERS: usize = 500;

const SUBSCRIPTION: &str =
    "subscription($tags: [String!]) { events(filter: { tags: $tags }, after: \"0\") { position type } }";

pub(crate) async fn run(options: &Options) -> Result<()> {
    section("From append to GraphQL subscribers over WebSockets, 2,000 events/s, 500 subscribers, SQLite");
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("log.db");
    let log = SqliteLog::open(&file, SqliteOptions::default(), Arc::new(SystemClock)).await?;
    let log: Arc<dyn Log> = Arc::new(log);
    let serving = Serving::start(Arc::clone(&log), folder.path(), |_| Router::new()).await?;
    let client = Client::new(format!("http://{}", serving.address));
    let ids = SeededIds::new(part(options.seed, "agents", 0));
    let agents: Vec<Tag> = (0..SUBSCRIBERS).map(|_| Tag::of((&ids as &dyn Ids).next::<AgentId>())).collect();
    let events = options.seconds * EVENTS_PER_SECOND;
    let began = Instant::now();
    let mut subscribers = Vec::new();
    for (number, agent) in agents.iter().enumerate() {
        let mut subscription = client.subscribe(SUBSCRIPTION, json!({ "tags": [agent.as_str()] })).await?;
        let expected = (number as u64..events).step_by(SUBSCRIBERS).count();
        subscribers.push(tokio::spawn(async move {
            let mut received = Vec::with_capacity(expected);
            while received.len() < expected {
                let data = subscription.next().await?.context("the subscription ended")?;
                let position: u64 = data["events"]["position"].as_str().context("no position")?.parse()?;
                received.push((position, began.elapsed()));
            }
            anyhow::Ok(received)
        }));
    }
    let sent = append_steadily(&log, &agents, events, began, options).await?;
    let mut latencies = Vec::new();
    for received in join_all(subscribers).await {
        for (position, at) in received?? {
            let sent = sent.get(&position).context("an event that nobody appended")?;
            latencies.push(at.saturating_sub(*sent));
        }
    }
    let measured = Measured::new(latencies, Duration::from_secs(options.seconds))?;
    line("deliveries", &measured);
    let p99 = measured.quantile_ms(0.99);
    target("p99 from the call of append to the client", p99, " ms", "< 50 ms", p99 < 50.0);
    println!();
    serving.stop().await;
    log.close().await;
    Ok(())
}

/// Appends for the agents in turn at a steady rate and returns when each event was handed to the log.
async fn append_steadily(
    log: &Arc<dyn Log>,
    agents: &[Tag],
    events: u64,
    began: Instant,
    options: &Options,
) -> Result<HashMap<u64, Duration>> {
    let workload = Workload::new(part(options.seed, "live", 0))?;
    let mut ticker =
        tokio::time::interval(Duration::from_secs(1) / u32::try_from(EVENTS_PER_SECOND / PER_TICK)?);
    let mut appends = Vec::new();
    let mut turn = agents.iter().cycle();
    for number in 0..events {
        if number % PER_TICK == 0 {
            ticker.tick().await;
        }
        let mut append = workload.append(&workload.stream(), Expect::NoStream);
        let tags = turn.next().cloned().into_iter().collect();
        append.writes[0].events[0].tags = tags;
        let log = Arc::clone(log);
        appends.push(tokio::spawn(async move {
            let sent = began.elapsed();
            log.append(append).await.map(|appended| (appended.first.0, sent))
        }));
    }
    let mut sent = HashMap::with_capacity(appends.len());
    for append in join_all(appends).await {
        let (position, at) = append??;
        sent.insert(position, at);
    }
    Ok(sent)
}
