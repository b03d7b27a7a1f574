//! What another program finds in the ledger, and what becomes of a ledger that is not as it was left.

use std::sync::Arc;

use anyhow::Result;
use kurrentdb::{AppendToStreamOptions, Client, EventData, ReadStreamOptions};
use serde_json::{Value, json};
use trunkline_kernel::{Id as _, SystemClock};
use trunkline_log::{Append, Expect, KurrentLog, Log as _, LogError, StreamWrite};

use crate::support::{Ledger, append, event, stream};

fn client(ledger: &Ledger) -> Result<Client> {
    let client = Client::new(ledger.connection.parse()?);
    client.map_err(|error| anyhow::anyhow!("{error}"))
}

#[tokio::test]
async fn one_kurrentdb_event_is_one_event_with_the_envelope_as_metadata() -> Result<()> {
    let ledger = Ledger::start().await?;
    let log = ledger.open("a").await?;
    let written = [event("one"), event("two")];
    let writes = ["1", "2"].iter().zip(&written).map(|(key, event)| StreamWrite {
        stream: stream(key),
        expect: Expect::NoStream,
        events: vec![event.clone()],
    });
    let appended = log.append(Append { writes: writes.collect(), checks: Vec::new() }).await?;

    let mut found =
        client(&ledger)?.read_stream(ledger.stream.as_str(), &ReadStreamOptions::default()).await?;
    for (written, index) in written.iter().zip(1_u64..) {
        let found = found.next().await?.and_then(|found| found.event).expect("an event");
        assert_eq!(found.revision, index - 1);
        assert_eq!(found.id, written.id.uuid());
        assert_eq!(found.event_type, "call.noted");
        assert!(found.is_json);
        assert_eq!(found.data, written.payload.as_str().as_bytes());
        let metadata: Value = serde_json::from_slice(&found.custom_metadata)?;
        let expected = json!({
            "stream": format!("call-{index}"),
            "version": 1,
            "schemaVersion": 1,
            "tags": ["agent:wei", "customer:li"],
            "actor": "system:test",
            "commandId": written.cause.command,
            "$correlationId": written.cause.correlation,
            "$causationId": written.cause.causation,
            "traceId": "00000000000000000000000000000007",
            "occurredAt": written.occurred_at,
            "recordedAt": appended.recorded_at,
            "digest": written.digest(&stream(&index.to_string()))?.to_string(),
            "commit": { "index": index, "count": 2 },
        });
        assert_eq!(metadata, expected);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_not_trunklines_is_reported_with_its_place() -> Result<()> {
    let ledger = Ledger::start().await?;
    let log = ledger.open("a").await?;
    log.append(append("1", Expect::NoStream, &["ours"])).await?;
    let foreign = EventData::json("foreign", &json!({}))?.id(event("").id.uuid());
    client(&ledger)?
        .append_to_stream(ledger.stream.as_str(), &AppendToStreamOptions::default(), foreign)
        .await?;
    match ledger.open("b").await {
        Err(LogError::Damaged { position, reason }) => {
            assert_eq!(position.0, 2);
            assert!(reason.contains("metadata"), "{reason}");
        }
        other => panic!("{:?}", other.err()),
    }
    Ok(())
}

#[tokio::test]
async fn a_replica_of_another_ledger_is_refused() -> Result<()> {
    let (ledger, other) = (Ledger::start().await?, Ledger::start().await?);
    assert!(other.connection != ledger.connection || other.stream != ledger.stream);
    for (ledger, text) in [(&ledger, "here"), (&other, "there")] {
        let log = ledger.open("a").await?;
        log.append(append("1", Expect::NoStream, &[text])).await?;
        log.close().await;
    }
    let mut mixed = ledger.options("a");
    mixed.replica = other.replica("a");
    match KurrentLog::open(mixed, Arc::new(SystemClock)).await {
        Err(LogError::Damaged { reason, .. }) => assert!(reason.contains("not a copy"), "{reason}"),
        other => panic!("{:?}", other.err()),
    }
    Ok(())
}

#[tokio::test]
async fn which_kurrentdb_server_these_tests_run_on() -> Result<()> {
    let ledger = Ledger::start().await?;
    let info = client(&ledger)?.server_info().await?;
    assert!(info.version().major() >= 20, "the protocol is that of EventStoreDB 20 and later");
    Ok(())
}

#[tokio::test]
async fn two_ledgers_on_one_server_know_nothing_of_each_other() -> Result<()> {
    let ledger = Ledger::start().await?;
    let log = ledger.open("a").await?;
    let mut options = ledger.options("b");
    options.ledger.push_str("-another");
    let another = KurrentLog::open(options, Arc::new(SystemClock)).await?;
    log.append(append("1", Expect::NoStream, &["here"])).await?;
    let appended = another.append(append("1", Expect::NoStream, &["there"])).await?;
    assert_eq!(appended.first.0, 1);
    Ok(())
}
