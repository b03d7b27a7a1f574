//! What surrounds every answer: headers that tell browsers to be careful, and which pages may ask.

use axum::Router;
use axum::extract::{Request, State};
use axum::http::{HeaderName, HeaderValue, Method, header};
use axum::middleware::{self, Next};
use axum::response::Response;
use tower_http::cors::CorsLayer;

/// What every answer says, unless it says something of its own there: the pages of the IDE have a policy that lets
/// them load themselves.
const CAUTION: [(HeaderName, HeaderValue); 6] = [
    (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static("default-src 'none'; frame-ancestors 'none'")),
    (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    (header::X_FRAME_OPTIONS, HeaderValue::from_static("DENY")),
    (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
    (HeaderName::from_static("cross-origin-opener-policy"), HeaderValue::from_static("same-origin")),
    (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("same-origin")),
];

/// For a year: whoever came over TLS once comes over nothing else.
const TLS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Puts the headers on every answer. `encrypted` says whether it goes over TLS.
pub(crate) fn careful(routes: Router, encrypted: bool) -> Router {
    routes.layer(middleware::from_fn_with_state(encrypted, add))
}

async fn add(State(encrypted): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    for (name, value) in CAUTION {
        headers.entry(name).or_insert(value);
    }
    if encrypted {
        headers.entry(header::STRICT_TRANSPORT_SECURITY).or_insert(TLS_ONLY);
    }
    response
}

/// Lets pages of these origins ask; no others, and by default none.
pub(crate) fn shared_with(routes: Router, origins: &[String]) -> Router {
    let origins: Vec<HeaderValue> = origins.iter().filter_map(|origin| origin.parse().ok()).collect();
    if origins.is_empty() {
        return routes;
    }
    let asked = [
        header::AUTHORIZATION,
        header::CONTENT_TYPE,
        header::ACCEPT,
        header::ACCEPT_LANGUAGE,
        header::RANGE,
        HeaderName::from_static("traceparent"),
    ];
    let told = [header::WWW_AUTHENTICATE, header::RETRY_AFTER, header::CONTENT_RANGE, header::ACCEPT_RANGES];
    routes.layer(
        CorsLayer::new()
            .allow_origin(origins)
            .allow_methods([Method::GET, Method::POST, Method::PUT, Method::PATCH, Method::DELETE])
            .allow_headers(asked)
            .expose_headers(told),
    )
}
