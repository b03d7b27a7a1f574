//! Subscriptions over `WebSocket`s, in the `graphql-transport-ws` protocol.
//!
//! Close codes, beside those of the protocol (4400 a message that cannot be read, 4401 not initialised, 4406 no
//! common protocol, 4408 not initialised in time, 4409 an id in use, 4429 initialised twice): 4008 the client read
//! too slowly, 4009 the client was silent for too long, 1001 the server stops.
//!
//! About tokens: 4401 there is none where one is needed, or it is not taken or was revoked, and coming back with it
//! is of no use; 4403 it has ended or cannot be looked at now, and coming back (with a new one) is. Clients such as
//! graphql-ws come back by themselves after 4403 and not after 4401.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use async_graphql::parser::types::OperationType;
use axum::extract::ws::{CloseFrame, Message, WebSocket, WebSocketUpgrade};
use axum::http::StatusCode;
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use futures::stream::{SplitSink, SplitStream};
use futures::{SinkExt as _, StreamExt as _};
use parking_lot::Mutex;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{mpsc, watch};
use tokio::task::AbortHandle;
use tokio::time::{Instant, timeout};
use tracing::{Instrument as _, Span};

use super::pipe::{Stalled, offer};
use super::stay::Stay;
use super::{Http, events, stay};
use crate::context::Caller;
use crate::core::{Core, Outcome, Prepared, Run};
use crate::params::Params;

const PROTOCOL: &str = "graphql-transport-ws";

/// How many signs of life a silent client may miss.
const SILENT_INTERVALS_MAX: u32 = 3;

pub(super) type Close = (u16, &'static str);

/// Nothing is wrong; the connection has simply ended.
const DONE: Close = (1000, "");

/// Waits until there is a reason to close the connection.
async fn reason(closing: &mut watch::Receiver<Option<Close>>) -> Close {
    closing.wait_for(Option::is_some).await.ok().and_then(|close| *close).unwrap_or(DONE)
}

/// Turns the request into a WebSocket.
pub(super) fn upgrade(http: Http, parts: &Parts, upgrade: WebSocketUpgrade) -> Response {
    let caller = match Caller::of(parts, &*http.ids) {
        Ok(caller) => caller,
        Err(message) => return (StatusCode::BAD_REQUEST, message).into_response(),
    };
    let span =
        tracing::info_span!("graphql.socket", request = %caller.request, actor = %caller.identity.actor);
    let session = Session { caller, stay: Stay::of(parts), initialised: false };
    upgrade
        .protocols([PROTOCOL])
        .max_message_size(http.core.limits.body_bytes_max)
        .on_upgrade(move |socket| serve(http.core, session, socket).instrument(span))
}

async fn serve(core: Arc<Core>, session: Session, socket: WebSocket) {
    let accepted = socket.protocol().is_some();
    let (sink, stream) = socket.split();
    let (messages, waiting) = mpsc::channel(core.limits.subscriber_messages_max);
    let (closing, closed) = watch::channel(None);
    let grace = core.limits.slow_consumer_grace;
    let writer = tokio::spawn(write(sink, waiting, closed, grace));
    let connection = Connection { core, messages, closing, running: Arc::new(Mutex::new(HashMap::new())) };
    if accepted {
        let close = connection.read(stream, session).await;
        connection.close(close);
    } else {
        connection.close((4406, "Subprotocol not acceptable"));
    }
    for (_, task) in connection.running.lock().drain() {
        task.abort();
    }
    if let Err(error) = writer.await {
        tracing::error!(%error, "the writer of a WebSocket failed");
    }
}

/// Writes what waits until there is nothing more or the connection is to be closed; the close code goes before
/// everything that waits, and gets the same grace as a message.
async fn write(
    mut sink: SplitSink<WebSocket, Message>,
    mut waiting: mpsc::Receiver<Message>,
    mut closed: watch::Receiver<Option<Close>>,
    grace: Duration,
) {
    loop {
        let message = tokio::select! {
            biased;
            _ = reason(&mut closed) => break,
            message = waiting.recv() => message,
        };
        let Some(message) = message else { break };
        let sent = tokio::select! {
            biased;
            _ = reason(&mut closed) => break,
            sent = sink.send(message) => sent,
        };
        if sent.is_err() {
            break;
        }
    }
    waiting.close();
    while waiting.try_recv().is_ok() {}
    let (code, text) = closed.borrow().unwrap_or(DONE);
    let frame = Message::Close(Some(CloseFrame { code, reason: text.into() }));
    // Whoever does not read even this is simply left.
    let _left = timeout(grace, async {
        // When the client closed first, the reply to it already waits and takes the place of ours; closing flushes
        // whichever it is, so that both sides end cleanly.
        let _replied = sink.send(frame).await;
        sink.close().await.ok()
    })
    .await;
}

/// A message of the client.
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum FromClient {
    ConnectionInit { payload: Option<Value> },
    Ping { payload: Option<Value> },
    Pong {},
    Subscribe { id: String, payload: Value },
    Complete { id: String },
}

/// Who speaks over a connection, and for how long.
struct Session {
    caller: Caller,
    stay: Stay,
    initialised: bool,
}

type Running = Arc<Mutex<HashMap<String, AbortHandle>>>;

#[derive(Clone)]
struct Connection {
    core: Arc<Core>,
    messages: mpsc::Sender<Message>,
    closing: watch::Sender<Option<Close>>,
    running: Running,
}

impl Connection {
    /// Reads until the connection ends. Gives the code to close it with.
    async fn read(&self, mut stream: SplitStream<WebSocket>, mut session: Session) -> Close {
        let limits = &self.core.limits;
        let mut closing = self.closing.subscribe();
        let mut heard = Instant::now();
        let mut signs = tokio::time::interval_at(heard + limits.keep_alive, limits.keep_alive);
        let init_deadline = tokio::time::sleep(limits.connection_init_max);
        tokio::pin!(init_deadline);
        let mut over = session.stay.over();
        loop {
            let message = tokio::select! {
                close = reason(&mut closing) => return close,
                () = self.core.stopping.cancelled() => return (1001, "The server stops"),
                end = &mut over => return stay::close(end),
                () = &mut init_deadline, if !session.initialised => return (4408, "Connection initialisation timeout"),
                _ = signs.tick(), if session.initialised => {
                    if heard.elapsed() > limits.keep_alive * SILENT_INTERVALS_MAX {
                        return (4009, "Silent for too long");
                    }
                    self.send(r#"{"type":"ping"}"#.to_owned()).await;
                    continue;
                }
                message = stream.next() => message,
            };
            heard = Instant::now();
            let text = match message {
                Some(Ok(Message::Text(text))) => text,
                Some(Ok(Message::Ping(_) | Message::Pong(_))) => continue,
                Some(Ok(Message::Binary(_))) => return (4400, "Messages are texts"),
                Some(Ok(Message::Close(_)) | Err(_)) | None => return DONE,
            };
            let Ok(message) = serde_json::from_str(&text) else {
                return (4400, "A message cannot be read");
            };
            let before = session.initialised;
            if let Err(close) = self.receive(message, &mut session).await {
                return close;
            }
            if session.initialised && !before {
                over = session.stay.over();
            }
        }
    }

    async fn receive(&self, message: FromClient, session: &mut Session) -> Result<(), Close> {
        match message {
            FromClient::ConnectionInit { .. } if session.initialised => {
                return Err((4429, "Too many initialisation requests"));
            }
            FromClient::ConnectionInit { payload } => {
                if let Some(identity) = session.stay.identify(payload.as_ref()).await? {
                    Span::current().record("actor", tracing::field::display(&identity.actor));
                    session.caller.identity = identity;
                }
                session.initialised = true;
                self.send(r#"{"type":"connection_ack"}"#.to_owned()).await;
            }
            FromClient::Ping { payload: Some(payload) } => {
                self.send(format!(r#"{{"type":"pong","payload":{payload}}}"#)).await;
            }
            FromClient::Ping { payload: None } => self.send(r#"{"type":"pong"}"#.to_owned()).await,
            FromClient::Pong {} => {}
            FromClient::Subscribe { .. } if !session.initialised => return Err((4401, "Unauthorized")),
            FromClient::Subscribe { id, payload } => self.subscribe(id, payload, session).await?,
            FromClient::Complete { id } => {
                if let Some(task) = self.running.lock().remove(&id) {
                    task.abort();
                }
            }
        }
        Ok(())
    }

    async fn subscribe(&self, id: String, payload: Value, session: &Session) -> Result<(), Close> {
        let caller = &session.caller;
        let open = {
            let running = self.running.lock();
            if running.contains_key(&id) {
                return Err((4409, "A subscriber with this id already exists"));
            }
            running.len()
        };
        let asked = session.stay.ask().and_then(|()| Params::of(payload));
        let prepared = asked.and_then(|params| self.core.prepare(params, caller.clone()));
        let prepared = match prepared {
            Ok(prepared) => prepared,
            Err(error) => {
                self.core.stats.count_refused();
                let run = Run::unknown(&caller.request);
                self.error(&id, &run.errors(vec![error.into()])).await;
                return Ok(());
            }
        };
        let per_connection = self.core.limits.subscriptions_per_connection_max;
        let place = self.core.stats.subscribe(self.core.limits.subscriptions_max);
        let (Some(place), true) = (place, open < per_connection) else {
            let max = per_connection.min(self.core.limits.subscriptions_max);
            self.error(&id, &prepared.run.errors(vec![events::too_many(max).into()])).await;
            return Ok(());
        };
        let connection = self.clone();
        // The lock is held until the task is known, so that the task cannot end before it.
        let mut running = self.running.lock();
        let task = tokio::spawn({
            let id = id.clone();
            async move {
                connection.run(&id, prepared).await;
                connection.running.lock().remove(&id);
                drop(place);
            }
            .in_current_span()
        });
        running.insert(id, task.abort_handle());
        Ok(())
    }

    async fn run(&self, id: &str, prepared: Prepared) {
        if prepared.operation != OperationType::Subscription {
            let answer = self.core.answer(prepared).await;
            match answer.outcome {
                Outcome::Executed => {
                    self.next(id, &answer.body).await;
                    self.complete(id).await;
                }
                Outcome::Refused | Outcome::Unavailable => {
                    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
                    self.error(id, body.get("errors").unwrap_or(&Value::Null)).await;
                }
            }
            return;
        }
        let (mut responses, run) = self.core.stream(prepared);
        while let Some(response) = responses.next().await {
            if !run.executed() && !response.errors.is_empty() {
                self.error(id, &run.errors(response.errors)).await;
                return;
            }
            self.next(id, &run.write_message(response)).await;
        }
        self.complete(id).await;
    }

    async fn next(&self, id: &str, body: &[u8]) {
        let id = Value::from(id);
        let mut text = format!(r#"{{"id":{id},"type":"next","payload":"#);
        text.push_str(&String::from_utf8_lossy(body));
        text.push('}');
        self.send(text).await;
    }

    async fn error(&self, id: &str, errors: &Value) {
        self.send(serde_json::json!({"id": id, "type": "error", "payload": errors}).to_string()).await;
    }

    async fn complete(&self, id: &str) {
        self.send(serde_json::json!({"id": id, "type": "complete"}).to_string()).await;
    }

    /// Queues a message; a connection whose buffer stays full is closed.
    async fn send(&self, text: String) {
        match offer(&self.messages, Message::Text(text.into()), self.core.limits.slow_consumer_grace).await {
            Ok(()) | Err(Stalled::Gone) => {}
            Err(Stalled::Slow) => {
                if self.close((4008, "Slow consumer")) {
                    self.core.stats.count_slow_consumer();
                }
            }
        }
    }

    /// Closes the connection once; says whether this was the first reason to.
    fn close(&self, close: Close) -> bool {
        self.closing.send_if_modified(|closing| {
            let first = closing.is_none();
            if first {
                *closing = Some(close);
            }
            first
        })
    }
}
