//! `/graphql` over HTTP: queries and mutations, server-sent events, sockets and the IDE on one path.

mod accept;
mod events;
mod ide;
mod pipe;
mod socket;
mod stay;

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::ws::WebSocketUpgrade;
use axum::extract::{DefaultBodyLimit, FromRequest as _, FromRequestParts as _, Query, Request, State};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderValue, Method, StatusCode, Uri, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use tracing::Instrument as _;
use trunkline_access::Anonymous;
use trunkline_kernel::Ids;

use self::accept::{Media, media_type};
use self::stay::Stay;
use crate::context::Caller;
use crate::core::{Answer, Core, Outcome, Prepared, Run};
use crate::error::{ApiError, ApiResult, ErrorCode};
use crate::params::Params;
use async_graphql::parser::types::OperationType;

/// What the handlers share.
#[derive(Clone)]
pub(crate) struct Http {
    pub core: Arc<Core>,
    pub ids: Arc<dyn Ids>,
}

/// The routes of the API.
pub(crate) fn routes(http: Http) -> Router {
    let body_limit = DefaultBodyLimit::max(http.core.limits.body_bytes_max);
    Router::new()
        .route("/graphql", get(on_get))
        .route("/graphql", post(on_post).layer(body_limit))
        .route("/ide/{*path}", get(ide::file))
        .with_state(http)
}

async fn on_get(State(http): State<Http>, request: Request) -> Response {
    let (mut parts, _body) = request.into_parts();
    if parts.headers.contains_key(header::UPGRADE) {
        return match WebSocketUpgrade::from_request_parts(&mut parts, &()).await {
            Ok(upgrade) => socket::upgrade(http, &parts, upgrade),
            Err(rejection) => rejection.into_response(),
        };
    }
    let media = accept::of(&parts.headers, true);
    if media == Some(Media::Html) && !has_query(&parts.uri) {
        return ide::page();
    }
    let params = match Query::<Vec<(String, String)>>::try_from_uri(&parts.uri) {
        Ok(Query(pairs)) => Params::of_url(pairs),
        Err(_) => Err(ApiError::new(ErrorCode::BadRequest, "The query string cannot be read.")),
    };
    respond(&http, &parts, media, params).await
}

async fn on_post(State(http): State<Http>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let body = Bytes::from_request(Request::from_parts(parts.clone(), body), &()).await;
    let media = accept::of(&parts.headers, false);
    let params = match body {
        Ok(body) => match refuse_content_type(&parts.headers) {
            Some(response) => return response,
            None => serde_json::from_slice(&body)
                .map_err(|error| {
                    ApiError::new(ErrorCode::BadRequest, format!("The body is not JSON: {error}."))
                })
                .and_then(Params::of),
        },
        Err(rejection) => return rejection.into_response(),
    };
    respond(&http, &parts, media, params).await
}

/// JSON in UTF-8 is the only body that is taken.
fn refuse_content_type(headers: &HeaderMap) -> Option<Response> {
    let header = headers.get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let (media, charset) = media_type(header);
    let utf8 = charset.is_none_or(|charset| charset.eq_ignore_ascii_case("utf-8"));
    if media == "application/json" && utf8 {
        return None;
    }
    let message = "Send the request as application/json in UTF-8.";
    Some((StatusCode::UNSUPPORTED_MEDIA_TYPE, [("accept-post", "application/json")], message).into_response())
}

fn has_query(uri: &Uri) -> bool {
    uri.query().is_some_and(|query| query.split('&').any(|pair| pair.starts_with("query=")))
}

async fn respond(http: &Http, parts: &Parts, media: Option<Media>, params: ApiResult<Params>) -> Response {
    let Some(media) = media else {
        let message = "Accept application/graphql-response+json, application/json or text/event-stream.";
        return (StatusCode::NOT_ACCEPTABLE, message).into_response();
    };
    let caller = match Caller::of(parts, &*http.ids) {
        Ok(caller) => caller,
        Err(message) => {
            let error = ApiError::new(ErrorCode::BadRequest, message);
            return refused(http, media, &Run::unknown(""), error, Stage::Parameters);
        }
    };
    if parts.extensions.get::<Anonymous>().is_some() {
        let error = stay::unauthenticated("A token is needed.");
        return refused(http, media, &Run::unknown(&caller.request), error, Stage::Parameters);
    }
    let span = tracing::info_span!("graphql", request = %caller.request, actor = %caller.identity.actor);
    async {
        let unknown = Run::unknown(&caller.request);
        let params = match params {
            Ok(params) => params,
            Err(error) => return refused(http, media, &unknown, error, Stage::Parameters),
        };
        match http.core.prepare(params, caller) {
            Ok(prepared) => run(http, parts, media, prepared).await,
            Err(error) => refused(http, media, &unknown, error, Stage::Document),
        }
    }
    .instrument(span)
    .await
}

async fn run(http: &Http, parts: &Parts, media: Media, prepared: Prepared) -> Response {
    match (prepared.operation, media) {
        (OperationType::Mutation, _) if parts.method == Method::GET => {
            let message = "A mutation takes a POST request.";
            let error = ApiError::new(ErrorCode::OperationNotAllowed, message);
            let answer = prepared.run.error(error, Outcome::Refused);
            let mut response = json(media, StatusCode::METHOD_NOT_ALLOWED, answer);
            response.headers_mut().insert(header::ALLOW, HeaderValue::from_static("POST"));
            response
        }
        (OperationType::Subscription, Media::EventStream) => {
            events::subscribe(http, prepared, Stay::of(parts))
        }
        (OperationType::Subscription, _) => {
            let message =
                "A subscription takes a WebSocket (graphql-transport-ws) or Accept: text/event-stream.";
            let error = ApiError::new(ErrorCode::OperationNotAllowed, message);
            refused(http, media, &prepared.run, error, Stage::Document)
        }
        (OperationType::Query | OperationType::Mutation, Media::EventStream) => {
            events::once(http.core.answer(prepared).await)
        }
        (OperationType::Query | OperationType::Mutation, _) => {
            let answer = http.core.answer(prepared).await;
            let status = match (answer.outcome, media) {
                (Outcome::Executed, _) | (_, Media::Json) => StatusCode::OK,
                (Outcome::Refused, _) => StatusCode::BAD_REQUEST,
                (Outcome::Unavailable, _) => StatusCode::SERVICE_UNAVAILABLE,
            };
            json(media, status, answer)
        }
    }
}

/// How far a request got before it was refused; the status of legacy JSON depends on it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    /// The parameters could not be read.
    Parameters,
    /// The document could not be taken.
    Document,
}

fn refused(http: &Http, media: Media, run: &Run, error: ApiError, stage: Stage) -> Response {
    http.core.stats.count_refused();
    let persisted = error.code() == ErrorCode::PersistedQueryNotFound;
    let answer = run.error(error, Outcome::Refused);
    if media == Media::EventStream && stage == Stage::Document {
        return events::once(answer);
    }
    // Apollo's clients read "not found" from the body of a 200.
    let legacy = media == Media::Json && stage == Stage::Document;
    let status = if legacy || persisted { StatusCode::OK } else { StatusCode::BAD_REQUEST };
    json(media, status, answer)
}

fn json(media: Media, status: StatusCode, answer: Answer) -> Response {
    let content_type = match media {
        Media::GraphqlResponse => "application/graphql-response+json; charset=utf-8",
        Media::Json | Media::Html | Media::EventStream => "application/json; charset=utf-8",
    };
    let mut response = Response::new(Body::from(answer.body));
    *response.status_mut() = status;
    response.headers_mut().insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response.headers_mut().insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
