//! The parameters of a request, the same over every transport.

use serde_json::{Map, Value};

use crate::error::{ApiError, ApiResult, ErrorCode};

/// `query`, `operationName`, `variables` and `extensions` of a request.
#[derive(Debug, Default)]
pub(crate) struct Params {
    pub query: String,
    pub operation_name: Option<String>,
    pub variables: Map<String, Value>,
    pub extensions: Map<String, Value>,
}

impl Params {
    /// Reads the JSON object of a POST body or of a `subscribe` message.
    ///
    /// # Errors
    /// Names the parameter that has the wrong type.
    pub(crate) fn of(body: Value) -> ApiResult<Self> {
        let Value::Object(mut body) = body else {
            return Err(bad("The request is not a JSON object with a `query`; batches are not taken."));
        };
        let params = Self {
            query: text(body.remove("query"), "query")?.unwrap_or_default(),
            operation_name: text(body.remove("operationName"), "operationName")?,
            variables: map(body.remove("variables"), "variables")?,
            extensions: map(body.remove("extensions"), "extensions")?,
        };
        params.complete()
    }

    /// Reads the parameters of a GET request, where maps are JSON texts.
    ///
    /// # Errors
    /// Names the parameter that is not what it must be.
    pub(crate) fn of_url(pairs: Vec<(String, String)>) -> ApiResult<Self> {
        let mut params = Self::default();
        for (name, value) in pairs {
            let json = |name| serde_json::from_str(&value).map_err(|_| bad(format!("`{name}` is not JSON.")));
            match name.as_str() {
                "query" => params.query = value,
                "operationName" if value.is_empty() => {}
                "operationName" => params.operation_name = Some(value),
                "variables" => params.variables = map(Some(json("variables")?), "variables")?,
                "extensions" => params.extensions = map(Some(json("extensions")?), "extensions")?,
                _ => {}
            }
        }
        params.complete()
    }

    /// The extension that names a persisted query.
    pub(crate) fn persisted(&self) -> Option<&Value> {
        self.extensions.get("persistedQuery")
    }

    fn complete(self) -> ApiResult<Self> {
        if self.query.is_empty() && self.persisted().is_none() {
            return Err(bad("The request has no `query`."));
        }
        Ok(self)
    }
}

fn bad(message: impl Into<String>) -> ApiError {
    ApiError::new(ErrorCode::BadRequest, message)
}

fn text(value: Option<Value>, name: &str) -> ApiResult<Option<String>> {
    match value {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(bad(format!("`{name}` is not a text."))),
    }
}

fn map(value: Option<Value>, name: &str) -> ApiResult<Map<String, Value>> {
    match value {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(map)) => Ok(map),
        Some(_) => Err(bad(format!("`{name}` is not a map."))),
    }
}
