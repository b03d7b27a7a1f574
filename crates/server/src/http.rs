//! The routes beside the API: health, metrics, and what surrounds every request.

use std::sync::{Arc, Weak};
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::{MatchedPath, Request, State};
use axum::http::{HeaderValue, StatusCode, header};
use axum::middleware::{self, Next};
use axum::response::{IntoResponse, Redirect, Response};
use axum::routing::get;
use serde_json::json;
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::timeout::TimeoutLayer;
use trunkline_log::Log;
use trunkline_projections::runtime::Runtime;

use crate::config::TransportSettings;
use crate::gate::{self, Gate};
use crate::metrics::Metrics;
use crate::read_models;
use crate::surroundings;

/// How long `/readyz` waits for the log.
const LOG_PATIENCE: Duration = Duration::from_secs(2);

/// The content type of Prometheus' text format as `prometheus-client` writes it.
const OPENMETRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Station {
    /// The log.
    pub(crate) log: Arc<dyn Log>,
    /// What is counted.
    pub(crate) metrics: Arc<Metrics>,
    /// What keeps the read models; gone when the server stops.
    pub(crate) runtime: Weak<Runtime>,
    /// How far behind they may be.
    pub(crate) ready_lag_max: u64,
    /// How the notary gets on, where there is one.
    pub(crate) notary: Option<trunkline_registry::Stats>,
    /// How shipping to a search service gets on, where there is one.
    pub(crate) shipping: Option<trunkline_adapters::ShippingStats>,
    /// The broker, where one is configured.
    pub(crate) broker: Option<Arc<trunkline_adapters::BrokerStats>>,
    /// How the switch gets on, where one is joined.
    pub(crate) cti: Option<Arc<trunkline_dialer::cti::Stats>>,
    /// The pool of agents and the work that waits.
    pub(crate) router: Arc<trunkline_pool::Router>,
}

/// All routes. `audio` has limits of its own: sending an hour of it takes longer than a request may.
pub(crate) fn router(
    station: Station,
    api: Router,
    audio: Router,
    gate: Gate,
    settings: &TransportSettings,
) -> Router {
    let metrics = Arc::clone(&station.metrics);
    let too_long = TimeoutLayer::with_status_code(StatusCode::REQUEST_TIMEOUT, settings.request_max);
    let routes = Router::new()
        .route("/", get(|| async { Redirect::temporary("/graphql") }))
        .route("/healthz", get(|| async { "alive\n" }))
        .route("/readyz", get(ready))
        .route("/metrics", get(exposition))
        .with_state(station)
        .merge(api)
        .layer(too_long)
        .merge(audio)
        .layer(middleware::from_fn_with_state(gate, gate::pass));
    let routes = surroundings::shared_with(routes, &settings.origins).layer(CatchPanicLayer::custom(fault));
    surroundings::careful(routes, settings.tls.is_some())
        .layer(middleware::from_fn_with_state(metrics, count))
}

/// Ready when the log answers and no read model is too far behind; says what is not.
async fn ready(State(station): State<Station>) -> Response {
    let head = tokio::time::timeout(LOG_PATIENCE, station.log.head()).await;
    let head = match head {
        Ok(Ok(head)) => Ok(head.0),
        Ok(Err(error)) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "the log does not answer /readyz");
            Err("the log cannot be read")
        }
        Err(_) => Err("the log does not answer"),
    };
    let mut not_ready: Vec<String> = head.err().map(str::to_owned).into_iter().collect();
    let progress = read_models::progress(&station.runtime).await;
    if progress.is_none() {
        not_ready.push("the read models cannot be asked".to_owned());
    }
    let progress = progress.unwrap_or_default();
    for one in progress.iter().filter(|one| one.lag > station.ready_lag_max) {
        not_ready
            .push(format!("{} is {} events behind, more than {}", one.name, one.lag, station.ready_lag_max));
    }
    let projections: Vec<_> = progress
        .iter()
        .map(|one| json!({"name": one.name, "position": one.position, "lag": one.lag, "parked": one.parked}))
        .collect();
    let body = json!({
        "ready": not_ready.is_empty(),
        "notReady": not_ready,
        "log": {"position": head.ok()},
        "projections": projections,
        "pool": pool(&station.router),
        "model": model(&station.router),
        "rabbitmq": station.broker.as_deref().map(crate::rabbitmq::health),
        "cti": station.cti.as_deref().map(crate::cti::health),
        "notary": station.notary.as_ref().map(crate::notary::health),
        "search": station.shipping.as_ref().map(crate::shipping::health),
    });
    let status = if not_ready.is_empty() { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    (status, axum::Json(body)).into_response()
}

/// The model that scores. A server that falls back to another routes all the same, so it stays ready.
fn model(router: &trunkline_pool::Router) -> serde_json::Value {
    let standing = router.models().unwrap_or_default();
    let text = |hash: Option<trunkline_domain::model::ModelHash>| hash.map(|hash| hash.to_string());
    let (active, scoring) = (text(standing.wanted), text(standing.scoring));
    let shadows: Vec<String> = standing.shadows.iter().map(ToString::to_string).collect();
    json!({
        "active": active,
        "scoring": scoring,
        "cosine": standing.cosine,
        "trouble": standing.trouble,
        "shadows": shadows,
        "shadowTrouble": standing.shadow_trouble,
    })
}

/// The pool of agents. A server whose shared pool does not answer routes all the same, so it stays ready.
fn pool(router: &trunkline_pool::Router) -> serde_json::Value {
    let (agents, available) = router.roster().count();
    json!({
        "agents": agents,
        "available": available,
        "waiting": router.waiting(),
        "degradedSince": router.pool().degraded_since().map(|since| since.to_string()),
    })
}

async fn exposition(State(station): State<Station>) -> Response {
    let progress = read_models::progress(&station.runtime).await.unwrap_or_default();
    match station.metrics.text(progress) {
        Ok(text) => ([(header::CONTENT_TYPE, HeaderValue::from_static(OPENMETRICS))], text).into_response(),
        Err(error) => {
            tracing::error!(%error, "metrics cannot be written");
            StatusCode::INTERNAL_SERVER_ERROR.into_response()
        }
    }
}

async fn count(State(metrics): State<Arc<Metrics>>, request: Request, next: Next) -> Response {
    let method = request.method().as_str().to_owned();
    // The route, not the address: addresses are endless and can hold what does not belong into metrics.
    let path = request.extensions().get::<MatchedPath>().map_or("other", MatchedPath::as_str).to_owned();
    let began = Instant::now();
    let response = next.run(request).await;
    metrics.count_request(&method, &path, response.status().as_u16(), began.elapsed());
    response
}

/// A handler that panicked took down its own request only. What it said is in the log, not in the answer.
fn fault(panic: Box<dyn std::any::Any + Send>) -> Response {
    let said = panic
        .downcast_ref::<String>()
        .map(String::as_str)
        .or_else(|| panic.downcast_ref::<&str>().copied())
        .unwrap_or("nothing that can be shown");
    tracing::error!(panic = said, "a handler panicked");
    let body = json!({"errors": [{
        "message": "The server failed on this request. It is written down in its log.",
        "extensions": {"code": "INTERNAL"},
    }]});
    (StatusCode::INTERNAL_SERVER_ERROR, axum::Json(body)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_panic_is_a_fault_that_tells_the_client_nothing() {
        let response = fault(Box::new("secret of 李伟".to_owned()));
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let body: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(body["errors"][0]["extensions"]["code"], "INTERNAL");
        assert!(!body.to_string().contains("secret"));
    }
}
