//! `search`: the record of reads asked by who, by whom and by words, through GraphQL, on a long record and on a short one.
//!
//! The record is written as the server writes it, in events of 200 accesses, and folded into the read model first.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Result, ensure};
use axum::Router;
use serde_json::{Value, json};
use trunkline_domain::access::{self, Entry, Outcome, Recorded, Way};
use trunkline_kernel::{
    Actor, Cause, CommandId, CorrelationId, EventId, Id as _, Ids, NewEvent, RandomIds, StoredEvent as _,
    StreamId, SystemClock, Tags, Timestamp,
};
use trunkline_log::{Append, Expect, Log, SqliteLog, SqliteOptions, StreamWrite};
use uuid::Uuid;

use crate::Options;
use crate::query::at;
use crate::report::{Measured, count, line, section, target};
use crate::serving::Serving;

/// Accesses of one event, and events of one append.
const ENTRIES: u64 = 200;
const EVENTS: usize = 20;
/// Colleagues who read, customers of whom they read, and addresses that they read from.
const WHO: u64 = 500;
const WHOM: u64 = 200_000;
const ADDRESSES: u64 = 1_000;
/// From one access to the next customer: without a common divisor with their number, so that all of them have their turn.
const STEP: u64 = 7_919;
/// One of so many accesses is a reveal with a reason, and one of so many is refused.
const REVEALED: u64 = 200;
const REFUSED: u64 = 1_000;

const QUERY: &str = "query($filter: AccessFilter, $text: String) { accessRecords(filter: $filter, text: $text, first: 20) \
     { nodes { at who roles way things rows reason outcome code address } pageInfo { hasNextPage endCursor } } }";

pub(crate) async fn run(options: &Options, lengths: &[u64]) -> Result<()> {
    section("accessRecords, pages of 20, SQLite, one client over HTTP");
    let mut medians = Vec::new();
    for &length in lengths {
        let folder = tempfile::tempdir()?;
        let log = recorded(&folder.path().join("log.db"), length).await?;
        let began = Instant::now();
        let serving = Serving::start(Arc::clone(&log), folder.path(), |_| Router::new()).await?;
        println!(
            "{length} accesses, folded at {:.0} a second",
            count(length) / began.elapsed().as_secs_f64()
        );
        for (name, variables) in questions() {
            let measured = asked(&serving, options, &variables).await?;
            line(name, &measured);
            medians.push((length, name, measured.quantile_ms(0.5), measured.quantile_ms(0.99)));
        }
        serving.stop().await;
        log.close().await;
    }
    for (length, name, _, p99) in &medians {
        target(&format!("{length}, {name}: p99"), *p99, " ms", "< 100 ms", *p99 < 100.0);
    }
    println!();
    Ok(())
}

/// What auditors ask, from what is in every record to what is in few.
fn questions() -> Vec<(&'static str, Value)> {
    let (who, met) = (actor(7), 77 * STEP % WHOM);
    let whom = thing(met);
    vec![
        ("the newest", json!({})),
        ("who", json!({ "filter": { "who": who } })),
        ("whom", json!({ "filter": { "whom": whom } })),
        ("who and whom", json!({ "filter": { "who": actor(met % WHO), "whom": whom } })),
        ("role and way", json!({ "filter": { "role": "MANAGER", "way": "REVEAL" } })),
        ("refused, by an address", json!({ "filter": { "outcome": "REFUSED" }, "text": address(0) })),
        ("words in Chinese, and who", json!({ "filter": { "who": actor(0) }, "text": "客户要求回电" })),
    ]
}

async fn asked(serving: &Serving, options: &Options, variables: &Value) -> Result<Measured> {
    let client = reqwest::Client::new();
    let body = json!({ "query": QUERY, "variables": variables });
    let mut latencies = Vec::new();
    let began = Instant::now();
    while began.elapsed() < options.length() {
        let asked = Instant::now();
        let request = client.post(at(serving.address, "graphql")).json(&body);
        let answer: Value = request.send().await?.error_for_status()?.json().await?;
        latencies.push(asked.elapsed());
        let found = answer["data"]["accessRecords"]["nodes"].as_array().map_or(0, Vec::len);
        ensure!(found > 0, "nothing was found for {variables}: {answer}");
    }
    Measured::new(latencies, options.length())
}

/// A log with a record of so many accesses and nothing else.
async fn recorded(file: &Path, length: u64) -> Result<Arc<dyn Log>> {
    let log = SqliteLog::open(file, SqliteOptions::default(), Arc::new(SystemClock)).await?;
    let stream = StreamId::named(access::CATEGORY, "bench")?;
    let mut number = 0;
    while number < length {
        let mut events = Vec::new();
        while number < length && events.len() < EVENTS {
            let until = length.min(number + ENTRIES);
            let entries = (number..until).map(entry).collect();
            events.push(event(access::Event::from(Recorded { entries }))?);
            number = until;
        }
        let write = StreamWrite { stream: stream.clone(), expect: Expect::Any, events };
        log.append(Append { writes: vec![write], checks: Vec::new() }).await?;
    }
    Ok(Arc::new(log))
}

fn event(event: access::Event) -> Result<NewEvent> {
    let command = CommandId::from_uuid(RandomIds.uuid());
    Ok(NewEvent {
        id: EventId::from_uuid(RandomIds.uuid()),
        event_type: event.event_type(),
        schema_version: event.schema_version(),
        tags: Tags::default(),
        payload: event.payload()?,
        cause: Cause {
            actor: Actor::system("bench"),
            command,
            correlation: CorrelationId::from_uuid(command.uuid()),
            causation: None,
            trace: None,
        },
        occurred_at: Timestamp::from_millis(1_772_442_000_000),
    })
}

/// An access: mostly a colleague's look at a customer, now and then a reveal or a refusal.
fn entry(number: u64) -> Entry {
    let (revealed, refused) = (number.is_multiple_of(REVEALED), number % REFUSED == 1);
    let role = if number.is_multiple_of(10) { "manager" } else { "agent" };
    let (whom, place) = (number * STEP % WHOM, number * 31 % ADDRESSES);
    Entry {
        at: Timestamp::from_millis(1_772_442_000_000),
        who: Some(actor(whom % WHO)),
        roles: [role.to_owned()].into(),
        grants: Default::default(),
        emergency: false,
        address: Some(address(if refused { 0 } else { place })),
        way: if revealed { Way::Reveal } else { Way::Query },
        operation: Some("Desk".to_owned()),
        shape: Some(format!("{:064x}", number % 40)),
        fields: ["customer".to_owned()].into(),
        clear: ["Customer.name".to_owned()].into(),
        masked: ["Identifier.value".to_owned()].into(),
        things: [thing(whom)].into(),
        rows: 1,
        reason: revealed.then(|| "客户要求回电".to_owned()),
        outcome: if refused { Outcome::Refused } else { Outcome::Allowed },
        code: refused.then(|| "NOT_PERMITTED".to_owned()),
        took_us: 900,
        trace: Some(format!("{:032x}", u128::from(number) * 0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
        times: 1,
    }
}

fn actor(number: u64) -> String {
    format!("agent:{}", Uuid::from_u128(u128::from(number)))
}

fn thing(number: u64) -> String {
    format!("customer:{}", Uuid::from_u128(u128::from(number)))
}

fn address(number: u64) -> String {
    format!("10.0.{}.{}", number / 250, number % 250)
}
