//! Heads leave the house: to a file, a webhook that refuses now and then, and an object store.

use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::http::StatusCode;
use tokio_util::sync::CancellationToken;
use trunkline_kernel::{Ids as _, RandomIds, SystemClock};
use trunkline_notary::SignedHead;
use trunkline_registry::publish::{Publisher, Target};
use trunkline_registry::{Notary, Settings};
use trunkline_testkit::wait_for;

use crate::support::{House, fill, key, settings, signing};

/// A webhook that refuses every other request, and what it has taken.
async fn webhook() -> (String, Arc<Mutex<Vec<SignedHead>>>) {
    let taken = Arc::new(Mutex::new(Vec::new()));
    let (shelf, calls) = (taken.clone(), AtomicU32::new(0));
    let calls = Arc::new(calls);
    let take = move |body: String| {
        let (shelf, calls) = (shelf.clone(), calls.clone());
        async move {
            if calls.fetch_add(1, Ordering::SeqCst).is_multiple_of(2) {
                return StatusCode::SERVICE_UNAVAILABLE;
            }
            shelf.lock().unwrap().push(serde_json::from_str(&body).unwrap());
            StatusCode::NO_CONTENT
        }
    };
    let routes = axum::Router::new().route("/heads", axum::routing::post(take));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/heads", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, routes).await });
    (url, taken)
}

#[tokio::test(flavor = "multi_thread")]
async fn every_place_gets_every_head_in_order() {
    // A build whose HTTP client has TLS wants a provider for it; it fails only when another test was first.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    let house = House::sqlite();
    let folder = tempfile::tempdir().unwrap();
    let (log, books, pem) = (house.log().await, house.books().await, key());
    let (url, taken) = webhook().await;
    let file = folder.path().join("heads.jsonl");
    let objects = folder.path().join("objects");
    std::fs::create_dir(&objects).unwrap();
    let targets = vec![
        Target::File(file.clone()),
        Target::webhook(&url, Duration::from_secs(5)).unwrap(),
        Target::store(&format!("file://{}/heads", objects.display())).unwrap(),
    ];
    let quick = Settings { interval: Duration::from_millis(20), ..settings() };
    let notary = Notary::new(
        books.clone(),
        log.clone(),
        Arc::new(SystemClock),
        signing(&pem),
        quick,
        RandomIds.uuid(),
    );
    let stopping = CancellationToken::new();
    let publisher = Publisher::new(books.clone(), targets, Duration::from_millis(10), notary.stats());
    let publishing = tokio::spawn(publisher.run(notary.signed(), stopping.clone()));
    let keeping = tokio::spawn(notary.run(stopping.clone()));
    for seed in 20..23 {
        let head = fill(&*log, seed, 30).await;
        let arrived = wait_for("the head at the webhook", async || {
            let last = taken.lock().unwrap().last().copied();
            Ok(last.filter(|last: &SignedHead| last.head.size == head.0))
        });
        arrived.await.unwrap();
    }
    let signed: Vec<SignedHead> =
        books.heads_after(0, 1_000).await.unwrap().into_iter().map(|head| head.signed).collect();
    assert!(signed.len() >= 3);
    let written = wait_for("the file and the store", async || {
        let lines = std::fs::read_to_string(&file).unwrap_or_default();
        let count = std::fs::read_dir(objects.join("heads")).map_or(0, Iterator::count);
        Ok((lines.lines().count() == signed.len() && count == signed.len()).then_some(lines))
    });
    let written = written.await.unwrap();
    let lines: Vec<SignedHead> = written.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(lines, signed);
    assert_eq!(*taken.lock().unwrap(), signed);
    let mut names: Vec<_> =
        std::fs::read_dir(objects.join("heads")).unwrap().map(|entry| entry.unwrap().path()).collect();
    names.sort();
    let stored: Vec<SignedHead> =
        names.iter().map(|name| serde_json::from_slice(&std::fs::read(name).unwrap()).unwrap()).collect();
    assert_eq!(stored, signed);
    stopping.cancel();
    keeping.await.unwrap();
    publishing.await.unwrap();
    log.close().await;
}
