//! Refusals over HTTP: a status, and a body with the code and, in the reader's language, what to do.

use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;
use trunkline_app::CommandError;
use trunkline_domain::messages::{self, Language};
use trunkline_domain::recording::over_http;
use trunkline_kernel::Refusal as _;
use trunkline_recordings::ArchiveError;

use super::tus;

/// What an answer has to know of its request.
pub(super) struct Told {
    language: Language,
}

impl Told {
    pub(super) fn of(parts: &Parts) -> Self {
        let accepted = parts.headers.get(header::ACCEPT_LANGUAGE).and_then(|value| value.to_str().ok());
        Self { language: Language::preferred(accepted.unwrap_or_default()) }
    }
}

/// Why a request is not carried out.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    code: String,
    headers: Vec<(HeaderName, HeaderValue)>,
}

impl Refused {
    pub(super) fn new(status: StatusCode, code: &str) -> Self {
        Self { status, code: code.to_owned(), headers: Vec::new() }
    }

    /// With a header beside it.
    pub(super) fn with(mut self, name: HeaderName, value: impl Into<HeaderValue>) -> Self {
        self.headers.push((name, value.into()));
        self
    }

    pub(super) fn unknown() -> Self {
        Self::new(StatusCode::NOT_FOUND, trunkline_domain::recording::Refusal::Unknown.code())
    }

    pub(super) fn erased() -> Self {
        Self::new(StatusCode::GONE, trunkline_domain::recording::Refusal::Gone.code())
    }

    pub(super) fn not_allowed() -> Self {
        Self::new(StatusCode::FORBIDDEN, over_http::NOT_ALLOWED)
    }

    pub(super) fn malformed() -> Self {
        Self::new(StatusCode::BAD_REQUEST, over_http::UPLOAD_MALFORMED)
    }

    pub(super) fn too_many() -> Self {
        let wait = HeaderValue::from_static("5");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, over_http::TOO_MANY).with(header::RETRY_AFTER, wait)
    }

    /// What must not be heard, because that cannot be recorded.
    pub(super) fn unrecorded() -> Self {
        let wait = HeaderValue::from_static("5");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "AUDIT_UNAVAILABLE").with(header::RETRY_AFTER, wait)
    }

    /// The stable code.
    pub(super) fn code(&self) -> &str {
        &self.code
    }

    /// A failure of ours; its cause is in the log and nowhere else.
    pub(super) fn fault(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error, "a recording could not be answered");
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "INTERNAL")
    }

    /// Why a command was not carried out.
    pub(super) fn command(error: CommandError) -> Self {
        match error {
            CommandError::Refused(refused) => Self::new(StatusCode::CONFLICT, &refused.code),
            CommandError::Contended { .. } => Self::new(StatusCode::SERVICE_UNAVAILABLE, "UNAVAILABLE"),
            error @ (CommandError::Invalid { .. }
            | CommandError::Log(_)
            | CommandError::Unreadable(_)
            | CommandError::Unstorable(_)
            | CommandError::Unsealed(_)) => Self::fault(&error),
        }
    }

    /// Why the archive did not do what it was asked.
    pub(super) fn archive(error: ArchiveError) -> Self {
        match error {
            ArchiveError::NotBegun => Self::new(StatusCode::NOT_FOUND, over_http::UPLOAD_UNKNOWN),
            ArchiveError::AlreadyBegun => Self::new(StatusCode::CONFLICT, over_http::UPLOAD_CONFLICT),
            ArchiveError::Conflict { offset } => {
                Self::new(StatusCode::CONFLICT, over_http::UPLOAD_CONFLICT).with(tus::OFFSET, offset)
            }
            ArchiveError::TooLong { .. } | ArchiveError::Limit { .. } => {
                Self::new(StatusCode::PAYLOAD_TOO_LARGE, over_http::TOO_LARGE)
            }
            ArchiveError::Destroyed => Self::erased(),
            error @ (ArchiveError::Damaged { .. } | ArchiveError::Missing) => {
                tracing::error!(error = &error as &dyn std::error::Error, "a stored recording is damaged");
                Self::new(StatusCode::INTERNAL_SERVER_ERROR, over_http::DAMAGED)
            }
            error @ (ArchiveError::Key(_)
            | ArchiveError::Seal(_)
            | ArchiveError::Objects(_)
            | ArchiveError::Unreadable(_)) => Self::fault(&error),
        }
    }

    pub(super) fn into_response(self, told: &Told) -> Response {
        let general = "The server could not answer this; its log has the cause.".to_owned();
        let message = messages::text(&self.code, told.language).unwrap_or(general);
        let body = json!({"errors": [{"message": message, "extensions": {"code": self.code}}]});
        let mut response = (self.status, axum::Json(body)).into_response();
        for (name, value) in self.headers {
            response.headers_mut().insert(name, value);
        }
        tus::mark(response.headers_mut());
        response
    }
}
