//! A switch in the test process. It is honest about its calls, and careless about how it tells of them: every event is sent
//! twice, the last first, and again until it is acknowledged.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use anyhow::{Result, bail, ensure};
use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::{HeaderMap, StatusCode};
use axum::routing::post as on_post;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::task::JoinHandle;
use trunkline_kernel::{Clock as _, Millis, SystemClock, Timestamp};
use trunkline_testkit::{Client, wait_for};
use trunkline_webhooks::{ID, SIGNATURE, Secrets, Signed, TIMESTAMP};

/// What both sides have.
pub(super) const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";

/// The pause before an event is sent again.
const AGAIN: Duration = Duration::from_millis(30);

/// What becomes of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fate {
    Person,
    Nobody,
    Busy,
    Machine,
    NoNumber,
}

#[derive(Default)]
struct Call {
    fate: Option<Fate>,
    /// How many events were told of it.
    told: u32,
    over: bool,
}

#[derive(Default)]
struct Memory {
    server: Option<Client>,
    taken: BTreeSet<String>,
    calls: BTreeMap<String, Call>,
    extensions: BTreeSet<String>,
    /// Events that are not acknowledged.
    open: usize,
    wrong: Vec<String>,
    /// Whether calls ring until they are told to be answered.
    rings_on: bool,
}

type Shared = Arc<Mutex<Memory>>;

/// The switch.
pub(super) struct Switch {
    memory: Shared,
    address: SocketAddr,
    serving: Option<JoinHandle<()>>,
}

/// The present moment.
pub(super) fn now() -> Timestamp {
    SystemClock.now()
}

/// What is beside a body that is signed now.
pub(super) fn signed(id: &str, body: &str) -> Signed {
    let Ok(secrets) = Secrets::read(SECRET) else { unreachable!("the secret is one") };
    secrets.sign(id, now(), body.as_bytes())
}

/// Sends an event.
pub(super) async fn post(client: &Client, signed: &Signed, body: &str) -> reqwest::Result<Response> {
    let mut request = client.request(Method::POST, "/cti/events");
    for (name, value) in signed.headers() {
        request = request.header(name, value);
    }
    request.body(body.to_owned()).send().await
}

fn look(memory: &Shared) -> MutexGuard<'_, Memory> {
    memory.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Switch {
    pub(super) async fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let (memory, address) = (Shared::default(), listener.local_addr()?);
        let serving = Some(serve(listener, Arc::clone(&memory)));
        Ok(Self { memory, address, serving })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}/orders", self.address)
    }

    /// From now on it tells this server.
    pub(super) fn tell(&self, server: &Client) {
        look(&self.memory).server = Some(server.clone());
    }

    /// It takes no orders any more; what it has to tell it goes on telling.
    pub(super) fn die(&mut self) {
        if let Some(serving) = self.serving.take() {
            serving.abort();
        }
    }

    pub(super) async fn come_back(&mut self) -> Result<()> {
        let address = self.address;
        let bound =
            wait_for("the switch's address", async || Ok(TcpListener::bind(address).await.ok())).await?;
        self.serving = Some(serve(bound, Arc::clone(&self.memory)));
        Ok(())
    }

    /// From now on every call rings until [`Switch::answer`].
    pub(super) fn ring_on(&self) {
        look(&self.memory).rings_on = true;
    }

    /// A person answers a call that rings.
    pub(super) fn answer(&self, call: &str) {
        tell(&self.memory, call, &[json!({ "kind": "answered", "by": "human" })]);
    }

    /// A customer calls, and waits in a queue.
    pub(super) fn arrive(&self, call: &str, queue: &str) {
        let arrived = json!({ "kind": "arrived", "from": "+8613800138000", "line": "95588", "queue": queue });
        tell(&self.memory, call, &[arrived]);
    }

    /// The customer hangs up.
    pub(super) fn hang_up(&self, call: &str) {
        tell(&self.memory, call, &[json!({ "kind": "ended", "cause": "customer_hangup" })]);
    }

    /// The ids of the orders that it took.
    pub(super) fn orders(&self) -> BTreeSet<String> {
        look(&self.memory).taken.clone()
    }

    pub(super) async fn has_told_everything(&self) -> Result<()> {
        wait_for("every event acknowledged", async || Ok((look(&self.memory).open == 0).then_some(()))).await
    }

    pub(super) fn found_nothing_wrong(&self) -> Result<()> {
        let wrong = &look(&self.memory).wrong;
        ensure!(wrong.is_empty(), "{wrong:#?}");
        Ok(())
    }

    pub(super) fn fates(&self) -> BTreeMap<String, Fate> {
        let memory = look(&self.memory);
        memory.calls.iter().filter_map(|(call, known)| Some((call.clone(), known.fate?))).collect()
    }

    pub(super) fn connected_with(&self) -> BTreeSet<String> {
        look(&self.memory).extensions.clone()
    }

    /// What it knows, for a test that fails.
    pub(super) fn report(&self) -> String {
        let memory = look(&self.memory);
        let calls = memory
            .calls
            .values()
            .map(|call| format!("{:?} told {} over {}", call.fate, call.told, call.over));
        format!("{} open; {:?}; {}", memory.open, memory.wrong, calls.collect::<Vec<_>>().join(", "))
    }
}

fn serve(listener: TcpListener, memory: Shared) -> JoinHandle<()> {
    let routes = Router::new().route("/orders", on_post(take)).with_state(memory);
    tokio::spawn(async move {
        let _ = axum::serve(listener, routes).await;
    })
}

async fn take(State(memory): State<Shared>, headers: HeaderMap, body: Bytes) -> StatusCode {
    let text = |name| headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
    let signed = Signed { id: text(ID), timestamp: text(TIMESTAMP), signature: text(SIGNATURE) };
    match carry_out(&memory, &signed, &body) {
        Ok(()) => StatusCode::ACCEPTED,
        Err(error) => {
            look(&memory).wrong.push(format!("{error:#}"));
            StatusCode::BAD_REQUEST
        }
    }
}

fn carry_out(memory: &Shared, signed: &Signed, body: &[u8]) -> Result<()> {
    Secrets::read(SECRET)?.verify(signed, body, now(), Millis::from_secs(60))?;
    let order: Value = serde_json::from_slice(body)?;
    let call = order["call"].as_str().unwrap_or_default().to_owned();
    if !look(memory).taken.insert(signed.id.clone()) {
        return Ok(());
    }
    match order["kind"].as_str() {
        Some("dial") => dial(memory, &call, &order),
        Some("connect") => {
            let agent = order["agent"].clone();
            look(memory).extensions.extend(order["extension"].as_str().map(str::to_owned));
            let hung_up = json!({ "kind": "ended", "cause": "customer_hangup" });
            let bridged = json!({ "kind": "bridged", "agent": agent });
            tell(memory, &call, &[bridged, json!({ "kind": "held" }), json!({ "kind": "resumed" }), hung_up]);
            Ok(())
        }
        Some("hang_up") => {
            tell(memory, &call, &[json!({ "kind": "ended", "cause": "completed" })]);
            Ok(())
        }
        _ => bail!("no order: {order}"),
    }
}

fn dial(memory: &Shared, call: &str, order: &Value) -> Result<()> {
    let number = order["number"].as_str().unwrap_or_default();
    ensure!(number.starts_with("+551196123"), "whom is it to dial? {order}");
    ensure!(order["line"] == "trunk-7" && order["ringLeastMs"].is_number(), "{order}");
    let fates = [Fate::Person, Fate::Nobody, Fate::Busy, Fate::Machine, Fate::NoNumber];
    let fate = fates[number.bytes().map(usize::from).sum::<usize>() % fates.len()];
    {
        let mut memory = look(memory);
        let known = memory.calls.entry(call.to_owned()).or_default();
        ensure!(known.fate.is_none(), "it is dialed twice");
        known.fate = Some(fate);
    }
    let ringing = json!({ "kind": "ringing" });
    if look(memory).rings_on {
        tell(memory, call, &[ringing]);
        return Ok(());
    }
    let answered = |by: &str| json!({ "kind": "answered", "by": by });
    let ended = |cause: &str| json!({ "kind": "ended", "cause": cause });
    match fate {
        Fate::Person => tell(memory, call, &[ringing, answered("human")]),
        Fate::Nobody => tell(memory, call, &[ringing, ended("no_answer")]),
        Fate::Busy => tell(memory, call, &[ended("busy")]),
        Fate::Machine => tell(memory, call, &[ringing, answered("machine")]),
        Fate::NoNumber => tell(memory, call, &[ended("invalid_number")]),
    }
    Ok(())
}

/// Tells of what happened next, unless the call is over.
fn tell(memory: &Shared, call: &str, happened: &[Value]) {
    let mut events = Vec::new();
    {
        let mut memory = look(memory);
        let known = memory.calls.entry(call.to_owned()).or_default();
        for happening in happened {
            if known.over {
                break;
            }
            known.told += 1;
            known.over = happening["kind"] == "ended";
            let mut event = json!({ "call": call, "sequence": known.told, "at": now() });
            if let (Some(event), Some(more)) = (event.as_object_mut(), happening.as_object()) {
                event.extend(more.clone());
            }
            events.push((format!("{call}-{}", known.told), event.to_string()));
        }
        memory.open += 2 * events.len();
    }
    for (id, event) in events.iter().rev().chain(events.iter().rev()) {
        tokio::spawn(send(Arc::clone(memory), id.clone(), event.clone()));
    }
}

async fn send(memory: Shared, id: String, event: String) {
    loop {
        let server = look(&memory).server.clone();
        let sent = match server {
            Some(server) => post(&server, &signed(&id, &event), &event).await.ok(),
            None => None,
        };
        match sent.map(|response| response.status()) {
            Some(StatusCode::OK) => break,
            // It is dead, or asks to be told again.
            None | Some(StatusCode::CONFLICT | StatusCode::SERVICE_UNAVAILABLE) => {
                tokio::time::sleep(AGAIN).await
            }
            Some(status) => {
                look(&memory).wrong.push(format!("{event} was answered {status}"));
                break;
            }
        }
    }
    look(&memory).open -= 1;
}
