//! What stands for OpenSearch in tests: a receiver of the bulk API that checks every byte of what it is sent, and that
//! refuses, stalls and breaks off as it is told to.

use std::collections::BTreeMap;
use std::sync::Arc;

use anyhow::{Context as _, Result, ensure};
use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, RawQuery, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use axum::routing::post;
use parking_lot::Mutex;
use serde_json::{Value, json};
use tokio::net::TcpListener;

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mood {
    /// It is taken.
    Take,
    /// It is refused as a whole with this status.
    Refuse(u16),
    /// Every second document is refused with this status.
    Half(u16),
    /// It is taken and never answered.
    Stall,
    /// It is taken, and the answer breaks off.
    BreakOff,
}

/// Limits and credentials of a receiver.
#[derive(Clone, Debug)]
pub struct Manners {
    /// What becomes of the requests, in turn and again from the start.
    pub moods: Vec<Mood>,
    /// The credentials that have to be brought, as the whole header.
    pub authorization: Option<String>,
    /// The longest body; a longer one is answered 413.
    pub body_bytes_max: usize,
    /// A document with this text somewhere in it is refused for good, because it does not fit the index.
    pub misfit: Option<String>,
}

impl Default for Manners {
    fn default() -> Self {
        Self { moods: vec![Mood::Take], authorization: None, body_bytes_max: usize::MAX, misfit: None }
    }
}

#[derive(Default)]
struct Kept {
    requests: usize,
    documents: BTreeMap<String, (String, Value)>,
    arrivals: usize,
    violations: Vec<String>,
}

/// A receiver that runs until it is dropped.
pub struct Receiver {
    url: String,
    kept: Arc<Mutex<Kept>>,
    serving: tokio::task::JoinHandle<()>,
}

impl Drop for Receiver {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

#[derive(Clone)]
struct Desk {
    manners: Manners,
    kept: Arc<Mutex<Kept>>,
}

impl Receiver {
    /// Starts one on a free port.
    ///
    /// # Errors
    /// When there is none.
    pub async fn start(manners: Manners) -> Result<Self> {
        Self::start_at("127.0.0.1:0", manners).await
    }

    /// Starts one at an address.
    ///
    /// # Errors
    /// When it is taken.
    pub async fn start_at(address: &str, manners: Manners) -> Result<Self> {
        // Where TLS is built in without a provider of its own, one has to be set; whoever comes first does.
        let _set_before = rustls::crypto::aws_lc_rs::default_provider().install_default();
        let listener = TcpListener::bind(address).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let kept = Arc::<Mutex<Kept>>::default();
        let desk = Desk { manners, kept: Arc::clone(&kept) };
        let routes =
            Router::new().route("/_bulk", post(bulk)).layer(DefaultBodyLimit::disable()).with_state(desk);
        let serving = tokio::spawn(async move {
            // It only ends with the test.
            let _ = axum::serve(listener, routes).await;
        });
        Ok(Self { url, kept, serving })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The documents by their id, each with its index.
    pub fn documents(&self) -> BTreeMap<String, (String, Value)> {
        self.kept.lock().documents.clone()
    }

    /// How many requests came.
    pub fn requests(&self) -> usize {
        self.kept.lock().requests
    }

    /// How many documents came, those that were there already included.
    pub fn arrivals(&self) -> usize {
        self.kept.lock().arrivals
    }

    /// Everything that was wrong with what came.
    ///
    /// # Errors
    /// When anything was.
    pub fn check(&self) -> Result<()> {
        let violations = self.kept.lock().violations.clone();
        ensure!(violations.is_empty(), "what came breaks the rules of the bulk API: {violations:?}");
        Ok(())
    }
}

async fn bulk(
    State(desk): State<Desk>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let Desk { manners, kept } = desk;
    let mood = {
        let mut kept = kept.lock();
        kept.requests += 1;
        manners.moods[(kept.requests - 1) % manners.moods.len()]
    };
    if manners.authorization.as_deref()
        != headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok())
    {
        return StatusCode::UNAUTHORIZED.into_response();
    }
    if body.len() > manners.body_bytes_max {
        return StatusCode::PAYLOAD_TOO_LARGE.into_response();
    }
    if let Mood::Refuse(status) = mood {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::SERVICE_UNAVAILABLE);
        return (status, [(header::RETRY_AFTER, "0")]).into_response();
    }
    let documents = match read(query.as_deref(), &headers, &body) {
        Ok(documents) => documents,
        Err(error) => {
            kept.lock().violations.push(format!("{error:#}"));
            return StatusCode::BAD_REQUEST.into_response();
        }
    };
    let answer = take(&manners, mood, documents, &mut kept.lock());
    match mood {
        Mood::Take | Mood::Refuse(_) | Mood::Half(_) => axum::Json(answer).into_response(),
        Mood::Stall => std::future::pending().await,
        Mood::BreakOff => {
            let half = answer.to_string();
            let half = half[..half.len() / 2].to_owned();
            let parts = [Ok(half), Err(std::io::Error::other("the connection is lost"))];
            Body::from_stream(futures::stream::iter(parts)).into_response()
        }
    }
}

/// A document as it came.
struct Sent {
    index: String,
    id: String,
    source: Value,
}

/// Reads a body as strictly as the documentation of the bulk API puts it.
fn read(query: Option<&str>, headers: &HeaderMap, body: &[u8]) -> Result<Vec<Sent>> {
    ensure!(query.is_none_or(|query| query.starts_with("filter_path=")), "unknown parameters {query:?}");
    let content = headers.get(header::CONTENT_TYPE).context("no content type")?;
    ensure!(content == "application/x-ndjson", "the content type is {content:?}");
    let text = std::str::from_utf8(body).context("a body that is not UTF-8")?;
    let text = text.strip_suffix('\n').context("the last line is not ended")?;
    let lines: Vec<&str> = text.split('\n').collect();
    ensure!(lines.len().is_multiple_of(2), "an action without a document");
    let pair = |pair: &[&str]| -> Result<Sent> {
        let action: Value = serde_json::from_str(pair[0]).context("an action is not JSON")?;
        let of =
            |key: &str| action["create"][key].as_str().filter(|text| !text.is_empty()).map(str::to_owned);
        let (index, id) = (of("_index").context("no index")?, of("_id").context("no id")?);
        let exact = json!({ "create": { "_index": index, "_id": id } });
        ensure!(action == exact, "an action with more than it has to have: {action}");
        ensure!(id.len() <= 512, "an id of more than 512 bytes");
        ensure!(index.to_lowercase() == index, "an index with capitals: {index}");
        let source: Value = serde_json::from_str(pair[1]).context("a document is not JSON")?;
        ensure!(source.is_object(), "a document is no object");
        source["@timestamp"].as_str().context("a document without a time")?;
        source["ecs"]["version"].as_str().context("a document without the version of ECS")?;
        ensure!(!holds_null(&source), "a document with a null: {source}");
        Ok(Sent { index, id, source })
    };
    lines.chunks(2).map(pair).collect()
}

fn holds_null(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Array(items) => items.iter().any(holds_null),
        Value::Object(fields) => fields.values().any(holds_null),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

/// Takes what the mood lets it take, and answers as the service would with this `filter_path`.
fn take(manners: &Manners, mood: Mood, documents: Vec<Sent>, kept: &mut Kept) -> Value {
    let mut items = Vec::with_capacity(documents.len());
    for (number, Sent { index, id, source }) in documents.into_iter().enumerate() {
        kept.arrivals += 1;
        let misfit = manners.misfit.as_ref().is_some_and(|misfit| source.to_string().contains(misfit));
        let refused = match mood {
            _ if misfit => Some((400, "document_parsing_exception")),
            Mood::Half(status) if number % 2 == 1 => Some((status, "rejected_execution_exception")),
            _ if kept.documents.contains_key(&id) => Some((409, "version_conflict_engine_exception")),
            Mood::Take | Mood::Refuse(_) | Mood::Half(_) | Mood::Stall | Mood::BreakOff => None,
        };
        items.push(match refused {
            Some((status, error)) => {
                json!({ "create": { "_id": id, "status": status, "error": { "type": error } } })
            }
            None => json!({ "create": { "_id": id, "status": 201 } }),
        });
        if refused.is_none() {
            kept.documents.insert(id, (index, source));
        }
    }
    json!({ "items": items })
}
