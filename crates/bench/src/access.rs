//! `access`: the same query of a customer with counts and a page of the timeline, asked by everybody, from whom nothing
//! is kept back and nothing is recorded, and by people of whom each field and row is looked at and whose reads are in
//! the log, and folded into the read model, before they are answered.
//!
//! An agent's answers can be shorter than everybody's, because a timeline is cut to what is the agent's own; a manager's
//! have the same rows.

use std::collections::HashMap;
use std::sync::Arc;

use anyhow::Result;
use axum::Router;
use axum::extract::Request;
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use serde_json::json;
use trunkline_access::{Identity, Role};
use trunkline_kernel::{Actor, ActorKind, AgentId, CustomerId};
use trunkline_projections::reads::CustomerFilter;
use trunkline_projections::{PageRequest, ReadModels};

use crate::Options;
use crate::query::{QUERY, at, load};
use crate::rebuild::filled;
use crate::report::{Measured, line, section, target};
use crate::serving::Serving;

/// So many that both processors are busy although each answer waits for a disk: what is asked is what a recorded read costs.
const CLIENTS: usize = 64;
/// Customers that are asked for in turn.
const CUSTOMERS: usize = 1_000;
/// What says who asks, in place of a token.
const ROLE: &str = "x-bench-role";
const AGENT: &str = "x-bench-agent";

pub(crate) async fn run(options: &Options, events: u64) -> Result<()> {
    section(
        "customer(id) with counts and a page of 20 of the timeline by role, SQLite, 64 clients over HTTP",
    );
    let folder = tempfile::tempdir()?;
    let log = filled(&folder.path().join("log.db"), events, options.seed).await?;
    let serving = Serving::start(Arc::clone(&log), folder.path(), |_| Router::new()).await?;
    let owners = owned(&serving.reads).await?;
    let ids: Vec<CustomerId> = owners.keys().copied().collect();
    println!("{events} events, {} customers in turn", ids.len());
    let asked_as = async |role: Option<Role>| -> Result<Measured> {
        load(&ids, options, CLIENTS, |client, id| {
            let body = json!({ "query": QUERY, "variables": { "id": format!("customer:{id}") } });
            let request = client.post(at(serving.address, "graphql")).json(&body);
            match role {
                Some(role) => request.header(ROLE, role.as_str()).header(AGENT, owners[&id].to_string()),
                None => request,
            }
        })
        .await
    };
    let bare = asked_as(None).await?;
    line("everybody, nothing kept back", &bare);
    serving.record.turn_on();
    for role in [Role::Manager, Role::Agent] {
        let asked = asked_as(Some(role)).await?;
        line(role.as_str(), &asked);
        let ratio = asked.rate / bare.rate;
        target(
            &format!("query rate as {role}, recorded, against everybody's"),
            ratio,
            "",
            ">= 0.85",
            ratio >= 0.85,
        );
    }
    serving.stop().await;
    log.close().await;
    println!();
    Ok(())
}

/// Customers with their owners.
async fn owned(reads: &ReadModels) -> Result<HashMap<CustomerId, AgentId>> {
    let mut owners = HashMap::new();
    let mut page = PageRequest::first(100);
    while owners.len() < CUSTOMERS {
        let found = reads.customers(&CustomerFilter::default(), &page).await?;
        page.after = found.edges.last().map(|edge| edge.cursor.clone());
        let more = found.has_next;
        let rows = found.rows().into_iter();
        owners.extend(rows.filter_map(|row| Some((row.customer_id, row.owner_id?))));
        if !more {
            break;
        }
    }
    anyhow::ensure!(!owners.is_empty(), "no customer has an owner");
    Ok(owners)
}

/// The way in of this benchmark: it establishes who asks, as tokens do in front of the real server.
pub(crate) async fn introduce(mut request: Request, next: Next) -> Response {
    if let Some(identity) = who_asks(request.headers()) {
        request.extensions_mut().insert(identity);
    }
    next.run(request).await
}

fn who_asks(headers: &HeaderMap) -> Option<Identity> {
    let text = |name| headers.get(name)?.to_str().ok();
    let role: Role = text(ROLE)?.parse().ok()?;
    let agent: AgentId = text(AGENT)?.parse().ok()?;
    let actor = Actor::new(ActorKind::Agent, &agent.to_string()).ok()?;
    Some(Identity { roles: [role].into(), agent: Some(agent), ..Identity::unrestricted(actor) })
}
