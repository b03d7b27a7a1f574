//! What somebody is told who is not let in. RFC 6750 names what may be told, and no more is.

use std::time::Duration;

use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use trunkline_access::{EntryRefusal, TurnedAway};

/// How soon to come back when the provider could not be asked.
const RETRY: Duration = Duration::from_secs(5);

struct Told {
    status: StatusCode,
    /// The error of RFC 6750, 3.1; none for whoever brought nothing.
    challenge: &'static str,
    code: &'static str,
    message: &'static str,
}

const fn told(because: EntryRefusal) -> Told {
    match because {
        EntryRefusal::Missing => Told {
            status: StatusCode::UNAUTHORIZED,
            challenge: "Bearer realm=\"trunkline\"",
            code: "UNAUTHENTICATED",
            message: "A token is needed: send `Authorization: Bearer TOKEN`.",
        },
        EntryRefusal::Malformed => Told {
            status: StatusCode::BAD_REQUEST,
            challenge: "Bearer realm=\"trunkline\", error=\"invalid_request\"",
            code: "BAD_REQUEST",
            message: "A token comes once, as `Authorization: Bearer TOKEN`.",
        },
        EntryRefusal::Signature | EntryRefusal::Foreign | EntryRefusal::Expired | EntryRefusal::Revoked => {
            Told {
                status: StatusCode::UNAUTHORIZED,
                challenge: "Bearer realm=\"trunkline\", error=\"invalid_token\"",
                code: "UNAUTHENTICATED",
                message: "The token is not taken.",
            }
        }
        EntryRefusal::NoRole => Told {
            status: StatusCode::FORBIDDEN,
            challenge: "Bearer realm=\"trunkline\", error=\"insufficient_scope\"",
            code: "NOT_PERMITTED",
            message: "The token does not permit this.",
        },
        EntryRefusal::TooMany => Told {
            status: StatusCode::TOO_MANY_REQUESTS,
            challenge: "",
            code: "TOO_MANY_REQUESTS",
            message: "Too many requests; try again later.",
        },
        EntryRefusal::Unproven => Told {
            status: StatusCode::SERVICE_UNAVAILABLE,
            challenge: "",
            code: "UNAVAILABLE",
            message: "The token cannot be looked at now; try again later.",
        },
    }
}

/// The answer to a request that is not let through.
pub(super) fn refused(away: TurnedAway) -> Response {
    let told = told(away.because);
    let body = json!({"errors": [{"message": told.message, "extensions": {"code": told.code}}]});
    let mut response = (told.status, axum::Json(body)).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    if !told.challenge.is_empty() {
        headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static(told.challenge));
    }
    let unproven = (away.because == EntryRefusal::Unproven).then_some(RETRY);
    if let Some(wait) = away.retry_after.or(unproven) {
        // Whole seconds, and never none at all.
        let seconds = wait.as_secs() + u64::from(wait.subsec_nanos() > 0);
        headers.insert(header::RETRY_AFTER, seconds.max(1).into());
    }
    response
}
