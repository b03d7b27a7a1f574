//! `query`: a customer with counts and a page of the timeline, beside a bare axum handler that runs the same SQL.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context as _, Result};
use axum::extract::{Path, State};
use axum::routing::get;
use axum::{Json, Router};
use futures::future::join_all;
use serde_json::{Value, json};
use trunkline_kernel::{CustomerId, Id as _};
use trunkline_projections::reads::{CustomerFilter, TimelineFilter};
use trunkline_projections::{PageRequest, ReadModels};

use crate::rebuild::filled;
use crate::report::{Measured, line, section, target};
use crate::serving::Serving;
use crate::{Options, start};

/// Clients at once, each with one request under way.
const CLIENTS: usize = 8;

/// Entries of one page of the timeline.
const PAGE: usize = 20;

/// Customers that are asked for in turn.
const CUSTOMERS: usize = 1_000;

pub(crate) const QUERY: &str = "query($id: ID!) { customer(id: $id) { id name industry region counts { calls callsAnswered \
     interactions tasks tasksOpen } lastContactAt timeline(first: 20) { edges { cursor node { occurredAt channel \
     direction position } } pageInfo { hasNextPage } } } }";

pub(crate) async fn run(options: &Options, events: &[u64]) -> Result<()> {
    section("customer(id) with counts and a page of 20 of the timeline, SQLite, 8 clients over HTTP");
    let mut medians = Vec::new();
    for &events in events {
        let folder = tempfile::tempdir()?;
        let log = filled(&folder.path().join("log.db"), events, options.seed).await?;
        let serving = Serving::start(Arc::clone(&log), folder.path(), bare).await?;
        let ids = customers(&serving.reads).await?;
        println!("{events} events, {} customers in turn", ids.len());
        let bare =
            load(&ids, options, CLIENTS, |client, id| client.get(at(serving.address, &format!("bare/{id}"))))
                .await?;
        line("bare axum handler, same SQL", &bare);
        let api = load(&ids, options, CLIENTS, |client, id| {
            let body = json!({ "query": QUERY, "variables": { "id": format!("customer:{id}") } });
            client.post(at(serving.address, "graphql")).json(&body)
        })
        .await?;
        line("GraphQL", &api);
        let p99 = api.quantile_ms(0.99);
        target("p99", p99, " ms", "< 10 ms", p99 < 10.0);
        let ratio = api.rate / bare.rate;
        target("throughput against the bare handler", ratio, "", ">= 0.50", ratio >= 0.5);
        medians.push((events, api.quantile_ms(0.5)));
        serving.stop().await;
        log.close().await;
        drop(log);
        start::run(folder.path(), events).await?;
    }
    if let (Some((few, fast)), Some((many, slow))) =
        (medians.iter().min_by_key(|one| one.0), medians.iter().max_by_key(|one| one.0))
        && few != many
    {
        let growth = slow / fast;
        let name = format!("median at {many} events against {few}");
        target(&name, growth, "", "<= 1.50", growth <= 1.5);
    }
    println!();
    Ok(())
}

pub(crate) fn at(address: SocketAddr, path: &str) -> String {
    format!("http://{address}/{path}")
}

async fn customers(reads: &ReadModels) -> Result<Vec<CustomerId>> {
    let mut ids = Vec::new();
    let mut page = PageRequest::first(100);
    while ids.len() < CUSTOMERS {
        let found = reads.customers(&CustomerFilter::default(), &page).await?;
        ids.extend(found.edges.iter().map(|edge| edge.row.customer_id));
        match found.edges.last() {
            Some(last) if found.has_next => page.after = Some(last.cursor.clone()),
            _ => break,
        }
    }
    Ok(ids)
}

/// Asks for the customers in turn from all clients, and checks that each answer has the customer.
pub(crate) async fn load(
    ids: &[CustomerId],
    options: &Options,
    clients: usize,
    request: impl Fn(&reqwest::Client, CustomerId) -> reqwest::RequestBuilder + Copy,
) -> Result<Measured> {
    let client = reqwest::Client::builder().pool_max_idle_per_host(clients).build()?;
    let length = options.length();
    let mut latencies = Vec::new();
    for warm in [true, false] {
        let length = if warm { length / 5 } else { length };
        let began = Instant::now();
        let asking = (0..clients).map(|client_number| {
            let (client, ids) = (client.clone(), ids.to_vec());
            async move {
                let mut taken = Vec::new();
                for id in ids.iter().cycle().skip(client_number * ids.len() / clients) {
                    if began.elapsed() >= length {
                        break;
                    }
                    let asked = Instant::now();
                    let answer: Value =
                        request(&client, *id).send().await?.error_for_status()?.json().await?;
                    taken.push(asked.elapsed());
                    anyhow::ensure!(answer.to_string().contains(&id.to_string()), "no customer in {answer}");
                }
                anyhow::Ok(taken)
            }
        });
        latencies = join_all(asking).await.into_iter().collect::<Result<Vec<_>>>()?.concat();
    }
    Measured::new(latencies, length)
}

fn bare(reads: ReadModels) -> Router {
    Router::new().route("/bare/{id}", get(answer)).with_state(reads)
}

/// What somebody would write who needed just this: the same statements, and JSON by hand.
async fn answer(State(reads): State<ReadModels>, Path(id): Path<uuid::Uuid>) -> Result<Json<Value>, String> {
    let id = CustomerId::from_uuid(id);
    let both = async {
        let customer = reads.customer(id).await?.context("no such customer")?;
        let page = reads.timeline(id, &TimelineFilter::default(), &PageRequest::first(PAGE)).await?;
        anyhow::Ok((customer, page))
    };
    let (customer, page) = both.await.map_err(|error| error.to_string())?;
    let entries: Vec<Value> = page
        .edges
        .iter()
        .map(|edge| {
            json!({
                "occurredAt": edge.row.occurred_at,
                "channel": edge.row.channel.map(|channel| channel.0.as_str()),
                "direction": edge.row.direction.map(|direction| direction.0.as_str()),
                "position": edge.row.position,
            })
        })
        .collect();
    Ok(Json(json!({
        "id": customer.customer_id, "name": customer.name.as_ref().and_then(trunkline_kernel::Personal::open), "industry": customer.industry,
        "region": customer.region, "calls": customer.calls, "callsAnswered": customer.calls_answered,
        "interactions": customer.interactions, "tasks": customer.tasks, "tasksOpen": customer.tasks_open,
        "lastContactAt": customer.last_contact_at, "timeline": entries, "hasNext": page.has_next,
    })))
}
