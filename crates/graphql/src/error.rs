//! The error boundary: what a client is told, and what only the server's own log is told.
//!
//! [`ApiError`] has no `Display` on purpose. async-graphql turns every `Display` into a message for the client;
//! without one, a `?` on an error of a store compiles only through the conversions below, which log the cause
//! and show the client a code and a fixed phrase.

use std::error::Error;

use async_graphql::ErrorExtensionValues;
use trunkline_kernel::Position;
use trunkline_log::LogError;

/// The stable code of an error in `extensions.code`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorCode {
    /// The server failed; its log has the cause under the request's id.
    Internal,
    /// The server has too much to do or is stopping; the same request can succeed later.
    Unavailable,
    /// The request is not a valid GraphQL request.
    BadRequest,
    /// An argument has a value that cannot be taken; `extensions.field` names it.
    BadUserInput,
    /// The query text is longer than `graphql.query_bytes_max`.
    QueryTooLong,
    /// Fields are nested deeper than `graphql.depth_max`.
    QueryTooDeep,
    /// The operation costs more than `graphql.cost_max`.
    QueryTooCostly,
    /// A page size is not between 1 and 100.
    PageSize,
    /// The operation ran longer than `graphql.time_max`.
    Timeout,
    /// The read models did not reach `minPosition` within `reads.wait_max`.
    ReadModelBehind,
    /// The schema cannot be asked for on this server.
    IntrospectionOff,
    /// A persisted query is not known; send it with its text.
    PersistedQueryNotFound,
    /// A persisted query's hash is not that of its text.
    PersistedQueryMismatch,
    /// The connection or the server holds as many subscriptions as it may.
    TooManySubscriptions,
    /// The client read too slowly and is disconnected.
    SlowConsumer,
    /// The operation cannot run over this transport or with this method.
    OperationNotAllowed,
    /// There is no token where one is needed, or it is not or no longer taken.
    Unauthenticated,
    /// The caller may not use a field of the operation; `extensions.field` names it.
    NotPermitted,
    /// Somebody asks more often than `limits.requests_per_second` permits.
    TooManyRequests,
    /// Who reads personal data cannot be recorded now, so none is shown.
    AuditUnavailable,
}

impl ErrorCode {
    /// Every code; each has a page under `schema/errors`.
    pub const ALL: [Self; 20] = [
        Self::Internal,
        Self::Unavailable,
        Self::BadRequest,
        Self::BadUserInput,
        Self::QueryTooLong,
        Self::QueryTooDeep,
        Self::QueryTooCostly,
        Self::PageSize,
        Self::Timeout,
        Self::ReadModelBehind,
        Self::IntrospectionOff,
        Self::PersistedQueryNotFound,
        Self::PersistedQueryMismatch,
        Self::TooManySubscriptions,
        Self::SlowConsumer,
        Self::OperationNotAllowed,
        Self::Unauthenticated,
        Self::NotPermitted,
        Self::TooManyRequests,
        Self::AuditUnavailable,
    ];

    /// The code as clients see it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Internal => "INTERNAL",
            Self::Unavailable => "UNAVAILABLE",
            Self::BadRequest => "BAD_REQUEST",
            Self::BadUserInput => "BAD_USER_INPUT",
            Self::QueryTooLong => "QUERY_TOO_LONG",
            Self::QueryTooDeep => "QUERY_TOO_DEEP",
            Self::QueryTooCostly => "QUERY_TOO_COSTLY",
            Self::PageSize => "PAGE_SIZE",
            Self::Timeout => "TIMEOUT",
            Self::ReadModelBehind => "READ_MODEL_BEHIND",
            Self::IntrospectionOff => "INTROSPECTION_OFF",
            Self::PersistedQueryNotFound => "PERSISTED_QUERY_NOT_FOUND",
            Self::PersistedQueryMismatch => "PERSISTED_QUERY_MISMATCH",
            Self::TooManySubscriptions => "TOO_MANY_SUBSCRIPTIONS",
            Self::SlowConsumer => "SLOW_CONSUMER",
            Self::OperationNotAllowed => "OPERATION_NOT_ALLOWED",
            Self::Unauthenticated => "UNAUTHENTICATED",
            Self::NotPermitted => "NOT_PERMITTED",
            Self::TooManyRequests => "TOO_MANY_REQUESTS",
            Self::AuditUnavailable => "AUDIT_UNAVAILABLE",
        }
    }
}

/// What a client is told when an operation cannot be answered. Business refusals are not errors: they stand in
/// the payloads' `userErrors`.
#[derive(Clone)]
pub struct ApiError {
    code: ErrorCode,
    message: String,
    extensions: ErrorExtensionValues,
}

impl ApiError {
    /// An error that the client can understand and act on.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        let mut extensions = ErrorExtensionValues::default();
        extensions.set("code", code.as_str());
        Self { code, message: message.into(), extensions }
    }

    /// A fault of the server: the cause goes to the log and never to the client.
    pub fn fault(cause: &(dyn Error + 'static)) -> Self {
        tracing::error!(error = %chain(cause), "an operation failed");
        Self::new(ErrorCode::Internal, "The server could not answer this; its log has the cause.")
    }

    /// An argument that cannot be taken.
    pub fn input(field: &str, message: impl Into<String>) -> Self {
        Self::new(ErrorCode::BadUserInput, message).with("field", field)
    }

    /// The read models are not where the client wants to read.
    pub fn behind(asked: Position, reached: Position) -> Self {
        let message = format!(
            "The read models have reached position {reached} and not yet {asked}; ask again in a moment."
        );
        Self::new(ErrorCode::ReadModelBehind, message)
            .with("minPosition", asked.to_string())
            .with("position", reached.to_string())
    }

    /// The same error with one more fact beside the code.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<async_graphql::Value>) -> Self {
        self.extensions.set(name, value);
        self
    }

    /// The stable code.
    pub fn code(&self) -> ErrorCode {
        self.code
    }
}

/// An error and its causes in one line. A `Display` of ours never repeats its source.
fn chain(error: &(dyn Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl From<ApiError> for async_graphql::Error {
    fn from(error: ApiError) -> Self {
        Self { message: error.message, source: None, extensions: Some(error.extensions) }
    }
}

impl From<ApiError> for async_graphql::ServerError {
    fn from(error: ApiError) -> Self {
        let mut server_error = Self::new(error.message, None);
        server_error.extensions = Some(error.extensions);
        server_error
    }
}

impl From<LogError> for ApiError {
    fn from(error: LogError) -> Self {
        match &error {
            LogError::Busy { .. } | LogError::Closed => {
                tracing::warn!(error = %chain(&error), "the log takes nothing now");
                Self::new(ErrorCode::Unavailable, "The server is busy or stopping; try again in a moment.")
            }
            LogError::Invalid { reason } => Self::new(ErrorCode::BadUserInput, reason.clone()),
            LogError::Store(_) | LogError::Damaged { .. } => Self::fault(&error),
        }
    }
}

/// What a resolver returns.
pub(crate) type ApiResult<T> = Result<T, ApiError>;

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    #[test]
    fn every_code_has_its_page() {
        let pages = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../schema/errors");
        for code in ErrorCode::ALL {
            let page =
                std::fs::read_to_string(pages.join(format!("{}.md", code.as_str()))).unwrap_or_default();
            assert!(page.starts_with(&format!("# {}\n", code.as_str())), "{} has no page", code.as_str());
            assert!(page.contains("**Cause.**") && page.contains("**Remedy.**"), "{}", code.as_str());
        }
    }

    #[test]
    fn a_fault_does_not_tell_its_cause() {
        let error: async_graphql::Error =
            ApiError::fault(&std::io::Error::other("secret of the store")).into();
        assert!(!error.message.contains("secret"));
        assert_eq!(error.extensions.unwrap().get("code"), Some(&"INTERNAL".into()));
    }
}
