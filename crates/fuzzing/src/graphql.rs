//! The body of a request to the API, answered by the whole API over a log in memory.

use std::sync::{Arc, OnceLock};

use axum::body::Body;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt as _;
use trunkline_access::{Blind, Policy};
use trunkline_app::privacy::Rights;
use trunkline_app::{AccessLimits, Authority, DispatchLimits, Dispatcher};
use trunkline_database::Database;
use trunkline_graphql::{Api, Limits, Services};
use trunkline_kernel::{Clock, Ids, RandomIds, SystemClock};
use trunkline_log::{Feed, FeedLimits, Log, MemoryLog};
use trunkline_pool::{Router, RouterParts};
use trunkline_projections::ReadModels;
use trunkline_projections::names::NameIndex;
use trunkline_projections::runtime::{Runtime, Settings};
use trunkline_routing::compliance::RuleBook;
use trunkline_vault::Vault;

use crate::runtime;

/// The longest answer that is read.
const ANSWER_BYTES_MAX: usize = 64 << 20;

pub(crate) fn run(bytes: &[u8]) {
    // What is JSON is a request; any other text is a query, so that the fuzzer need not find out how one is wrapped.
    let body = match (serde_json::from_slice::<Value>(bytes), std::str::from_utf8(bytes)) {
        (Err(_), Ok(query)) => json!({ "query": query }).to_string().into_bytes(),
        (Ok(_), _) | (_, Err(_)) => bytes.to_vec(),
    };
    let request = Request::post("/graphql").header("content-type", "application/json").body(Body::from(body));
    let api = api().clone();
    let (status, answer) = runtime().block_on(async {
        let answered = api.oneshot(request.expect("a request")).await;
        let (parts, body) = answered.expect("the router answers everything").into_parts();
        (parts.status, axum::body::to_bytes(body, ANSWER_BYTES_MAX).await.expect("a bounded answer"))
    });
    assert_ne!(status, StatusCode::INTERNAL_SERVER_ERROR, "{}", String::from_utf8_lossy(&answer));
    let answer: Value = serde_json::from_slice(&answer).expect("an answer is JSON");
    let errors = answer["errors"].as_array();
    assert!(errors.is_some() || !answer["data"].is_null(), "neither data nor errors: {answer}");
    for error in errors.into_iter().flatten() {
        let code = error["extensions"]["code"].as_str();
        assert!(code.is_some_and(|code| code != "INTERNAL"), "{answer}");
    }
}

fn api() -> &'static axum::Router {
    static API: OnceLock<axum::Router> = OnceLock::new();
    API.get_or_init(|| runtime().block_on(build()).expect("an API over a log in memory"))
}

async fn build() -> Result<axum::Router, Box<dyn std::error::Error>> {
    let clock: Arc<dyn Clock> = Arc::new(SystemClock);
    let ids: Arc<dyn Ids> = Arc::new(RandomIds);
    let log: Arc<dyn Log> = Arc::new(MemoryLog::new(clock.clone()));
    let reads = Database::sqlite_in_memory().await?;
    let runtime =
        Runtime::start(reads.clone(), log.clone(), clock.clone(), &*ids, Settings::default()).await?;
    let vault = Vault::passing(clock.clone()).await?;
    let wait_max = ReadModels::WAIT_MAX;
    let names = NameIndex::start(reads.clone(), log.clone(), vault.clone(), &*clock, wait_max).await?;
    let dispatcher =
        Dispatcher::new(log.clone(), vault, clock.clone(), ids.clone(), DispatchLimits::default());
    let dispatcher = Arc::new(dispatcher);
    let feed = Arc::new(Feed::start(log.clone(), FeedLimits::default()));
    let policy = Policy::standard();
    let authority = Authority::start(policy, AccessLimits::default(), clock.clone(), &*log, &feed).await?;
    let models = ReadModels::new(reads, runtime.reached(), wait_max);
    let router = Arc::new(Router::new(RouterParts::alone(&dispatcher, &log, models.clone(), &clock, &ids)?));
    let services = Services {
        router,
        rights: Arc::new(Rights::new(dispatcher.clone(), Vec::new())),
        names: Arc::new(names),
        dispatcher,
        policy: trunkline_domain::Policy::default(),
        rules: Arc::new(RuleBook::published()?),
        pacing: Arc::default(),
        log,
        feed,
        reads: models,
        notary: None,
        authority,
        witness: Arc::new(Blind),
        clock,
        ids,
    };
    // It lives as long as the process: nothing stops a fuzzer in order.
    std::mem::forget(runtime);
    Ok(Api::new(services, Limits::default(), CancellationToken::new()).router())
}
