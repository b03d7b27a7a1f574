//! One query costs a bounded number of SQL statements, however much it returns.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use anyhow::Result;
use serde_json::json;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id};
use tracing::{Event, Subscriber};
use tracing_subscriber::layer::{Context, Layer, SubscriberExt as _};
use tracing_subscriber::registry::LookupSpan;

use super::House;

/// Counts the statements that sqlx reports within the span of each request.
struct Statements;

static COUNTS: Mutex<Option<HashMap<String, usize>>> = Mutex::new(None);

/// Whether the counting is in place; it is not when somebody else in this binary has taken the global subscriber.
static INSTALLED: LazyLock<bool> = LazyLock::new(|| {
    let subscriber = tracing_subscriber::registry().with(Statements);
    tracing::subscriber::set_global_default(subscriber).is_ok()
});

struct RequestOf(String);

impl Visit for RequestOf {
    fn record_debug(&mut self, field: &Field, value: &dyn std::fmt::Debug) {
        if field.name() == "request" {
            self.0 = format!("{value:?}");
        }
    }
}

impl<S: Subscriber + for<'a> LookupSpan<'a>> Layer<S> for Statements {
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if attributes.metadata().name() == "graphql" {
            let mut request = RequestOf(String::new());
            attributes.record(&mut request);
            if let Some(span) = context.span(id) {
                span.extensions_mut().insert(request);
            }
        }
    }

    fn on_event(&self, event: &Event<'_>, context: Context<'_, S>) {
        if event.metadata().target() != "sqlx::query" {
            return;
        }
        let request = context
            .event_scope(event)
            .into_iter()
            .flatten()
            .find_map(|span| span.extensions().get::<RequestOf>().map(|request| request.0.clone()));
        if let Some(request) = request {
            let mut counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
            *counts.get_or_insert_default().entry(request).or_default() += 1;
        }
    }
}

async fn statements(house: &House, query: &str, number: u8) -> Result<usize> {
    let trace = format!("{number:032x}");
    let client = house.client.clone().with_header("traceparent", &format!("00-{trace}-b7ad6b7169203331-01"));
    client.run(query, json!({})).await?;
    let counts = COUNTS.lock().unwrap_or_else(PoisonError::into_inner);
    Ok(counts.as_ref().and_then(|counts| counts.get(&trace)).copied().unwrap_or_default())
}

async fn bounded(house: House, first: u8) -> Result<()> {
    assert!(*INSTALLED, "statements cannot be counted");
    let mut position = String::new();
    for n in 0..30 {
        let (agent, _) = house.agent(&format!("坐席 {n}")).await?;
        let (customer, _) = house.customer(&format!("客户 {n}")).await?;
        house.mutate("assignOwner", json!({ "id": customer, "agentId": agent })).await?;
        let task = json!({ "kind": "CALLBACK", "title": "回电", "customerId": customer, "ownerId": agent });
        position = house.mutate("openTask", task).await?["position"].as_str().unwrap_or_default().to_owned();
    }
    let query = |page: usize| {
        format!(
            "{{ tasks(first: {page}, minPosition: \"{position}\") {{ nodes {{ title owner {{ name }} history {{ event }}
                customer {{ name owner {{ name }} identifiers {{ value }} consents {{ state }} }} }} }} }}"
        )
    };
    // Once without counting, so that the read models are where they must be and statements are prepared.
    house.client.run(&query(1), json!({})).await?;
    let few = statements(&house, &query(2), first).await?;
    let many = statements(&house, &query(30), first + 1).await?;
    // The list, and for each of the six fields below it one statement for all rows together.
    const STATEMENTS_MAX: usize = 7;
    assert!(few >= STATEMENTS_MAX - 1, "only {few} statements were seen");
    assert!(
        few <= STATEMENTS_MAX && many <= STATEMENTS_MAX,
        "2 tasks cost {few} statements, 30 tasks {many}"
    );
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_page_costs_no_more_statements_on_sqlite() -> Result<()> {
    bounded(House::new().await?, 1).await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_longer_page_costs_no_more_statements_on_postgres() -> Result<()> {
    bounded(House::postgres().await?, 3).await
}
