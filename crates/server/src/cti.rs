//! Where a switch tells of its calls: `POST /cti/events`, signed; and the document that describes it.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::{get, post};
use serde_json::json;
use trunkline_dialer::cti::{CallEvent, Intake, Stats, Taken, Untaken, openapi};
use trunkline_domain::call::{self, CallState, over_cti};
use trunkline_domain::messages::{self, Language};
use trunkline_kernel::{Clock, Refusal as _, State as _};
use trunkline_webhooks::{ID, SIGNATURE, Signed, TIMESTAMP, Unverified};

/// In how many seconds an event is to be sent again that was not taken.
const RETRY: HeaderValue = HeaderValue::from_static("1");

/// What the handlers share.
#[derive(Clone)]
struct Desk {
    intake: Arc<Intake>,
    clock: Arc<dyn Clock>,
}

/// Why an event was not taken, as the switch is told.
struct Refused {
    status: StatusCode,
    code: String,
    /// What beside the code's own words helps to find the fault.
    detail: Option<String>,
}

/// The routes of an intake; none where no switch is joined.
pub(crate) fn routes(intake: Option<Arc<Intake>>, clock: Arc<dyn Clock>) -> Router {
    let Some(intake) = intake else { return Router::new() };
    Router::new()
        .route("/cti/events", post(take))
        .route("/cti/openapi.json", get(|| async { axum::Json(openapi()) }))
        .with_state(Desk { intake, clock })
}

/// What `/readyz` says of the switch. Its trouble does not stop the server from serving.
pub(crate) fn health(stats: &Stats) -> serde_json::Value {
    json!({
        "ordersUnderWay": stats.orders_under_way(),
        "eventsWaiting": stats.events_waiting(),
        "trouble": stats.trouble(),
    })
}

async fn take(State(desk): State<Desk>, headers: HeaderMap, body: Body) -> Response {
    let taken = match desk.read(&headers, body).await {
        Ok(event) => desk.intake.take(event).await.map_err(Refused::from),
        Err(refused) => Err(refused),
    };
    match taken {
        Ok(taken) => settled(taken),
        Err(refused) => refused.into_response(&headers),
    }
}

impl Desk {
    /// The event, when somebody sent it who has the secret.
    async fn read(&self, headers: &HeaderMap, body: Body) -> Result<CallEvent, Refused> {
        let settings = self.intake.settings();
        let too_large = |_| Refused::new(StatusCode::PAYLOAD_TOO_LARGE, over_cti::TOO_LARGE);
        let body: Bytes = axum::body::to_bytes(body, settings.body_bytes_max).await.map_err(too_large)?;
        let text =
            |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
        let signed = Signed { id: text(ID), timestamp: text(TIMESTAMP), signature: text(SIGNATURE) };
        settings.secrets.verify(&signed, &body, self.clock.now(), settings.tolerance)?;
        serde_json::from_slice(&body).map_err(|error| Refused {
            detail: Some(fault(&error)),
            ..Refused::new(StatusCode::BAD_REQUEST, over_cti::MALFORMED)
        })
    }
}

/// Where a body is wrong, and what it lacks; what it says instead can be a number, and is not repeated.
fn fault(error: &serde_json::Error) -> String {
    let (line, column, said) = (error.line(), error.column(), error.to_string());
    match said.strip_prefix("missing field ").and_then(|rest| rest.split_whitespace().next()) {
        Some(field) => format!("the field {field} is missing"),
        None => format!("line {line}, column {column}"),
    }
}

fn settled(taken: Taken) -> Response {
    let body = |outcome: &str, state: Option<CallState>| json!({ "outcome": outcome, "state": state.map(CallState::name) });
    axum::Json(match taken {
        Taken::Noted(state) => body("noted", Some(state)),
        Taken::Repeated(state) => body("repeated", Some(state)),
        Taken::PassedOver => json!({ "outcome": "passed_over" }),
    })
    .into_response()
}

impl Refused {
    fn new(status: StatusCode, code: &str) -> Self {
        Self { status, code: code.to_owned(), detail: None }
    }

    fn into_response(self, headers: &HeaderMap) -> Response {
        let Self { status, code, detail } = self;
        let language = headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        let known = messages::text(&code, Language::preferred(language.unwrap_or_default()));
        let message =
            known.unwrap_or_else(|| "The event could not be noted now; send it again later.".to_owned());
        let message = match detail {
            Some(detail) => format!("{message} ({detail})"),
            None => message,
        };
        let body = json!({"errors": [{ "message": message, "extensions": { "code": code } }]});
        let mut response = (status, axum::Json(body)).into_response();
        if matches!(status, StatusCode::CONFLICT | StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert(header::RETRY_AFTER, RETRY);
        }
        response
    }
}

impl From<Unverified> for Refused {
    fn from(unverified: Unverified) -> Self {
        let code = match unverified {
            Unverified::Malformed | Unverified::Forged => over_cti::UNSIGNED,
            Unverified::Untimely => over_cti::UNTIMELY,
        };
        Self { detail: Some(unverified.to_string()), ..Self::new(StatusCode::UNAUTHORIZED, code) }
    }
}

impl From<Untaken> for Refused {
    fn from(untaken: Untaken) -> Self {
        match untaken {
            Untaken::Ahead => Self::new(StatusCode::UNPROCESSABLE_ENTITY, over_cti::AHEAD),
            Untaken::PredecessorMissing => Self::new(StatusCode::CONFLICT, over_cti::PREDECESSOR_MISSING),
            Untaken::Reused => Self::new(StatusCode::UNPROCESSABLE_ENTITY, over_cti::SEQUENCE_REUSED),
            Untaken::Busy => Self::new(StatusCode::SERVICE_UNAVAILABLE, over_cti::BUSY),
            Untaken::Refused(refused) if refused.code == call::Refusal::Unknown.code() => {
                Self::new(StatusCode::NOT_FOUND, &refused.code)
            }
            Untaken::Refused(refused) => Self::new(StatusCode::UNPROCESSABLE_ENTITY, &refused.code),
            Untaken::Unavailable(error) => {
                tracing::warn!(error = &*error as &dyn std::error::Error, "an event of the switch waits");
                Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE")
            }
        }
    }
}
