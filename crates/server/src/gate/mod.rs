//! The gate: every request passes it, and what it brings decides who asks.

mod answer;
mod build;
mod from;
mod need;

use std::net::IpAddr;
use std::sync::Arc;

use axum::extract::{Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};
use trunkline_access::{
    Admission, Anonymous, Door as _, Doorstep, EntryRefusal, Identity, Role, Sight, TurnedAway, Witness,
};
use trunkline_identity::{Allowances, Doorkeeper, Place};
use trunkline_kernel::Clock;

use crate::transport::ClientCertificate;
pub(crate) use build::{build, door};
pub(crate) use from::Proxies;
use need::Need;

/// What the gate is set to.
#[derive(Clone)]
pub(crate) struct Gate {
    /// Who is asked about tokens.
    pub(crate) door: Arc<Doorkeeper>,
    /// Who writes down what is seen.
    pub(crate) witness: Arc<dyn Witness>,
    /// Whether a token is needed; without that, only programs on this machine can ask, and are everybody.
    pub(crate) token_needed: bool,
    /// Whether the metrics are for everybody.
    pub(crate) metrics_open: bool,
    /// How much may be asked from one place without a token.
    pub(crate) strangers: Arc<Allowances<Place>>,
    /// The proxies that are believed about where a request comes from.
    pub(crate) proxies: Arc<Proxies>,
    /// The origins whose pages may open a WebSocket, beside the server's own.
    pub(crate) origins: Arc<[String]>,
    /// The present moment.
    pub(crate) clock: Arc<dyn Clock>,
}

/// What a request brings to show who asks.
enum Brought {
    /// The value of its header `Authorization`.
    Token(String),
    /// The certificate of its connection.
    Certificate(ClientCertificate),
    /// Nothing.
    Nothing,
}

/// Lets a request through with the identity of whoever asks beside it, or answers it.
pub(crate) async fn pass(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let address = gate.proxies.address(&request);
    if !from::is_own_page(&request, &gate.origins) {
        return (StatusCode::FORBIDDEN, "This page may not open a connection here.").into_response();
    }
    let need = need::of(&request);
    let token_needed = gate.token_needed || from::is_forwarded(&request);
    if !token_needed && !from::is_local_name(&request) {
        return (StatusCode::MISDIRECTED_REQUEST, "This server is asked by a name of this machine only.")
            .into_response();
    }
    let admission = match gate.brought(&request, need) {
        Ok(Brought::Token(token)) => gate.admit(need, &token, address).await.map(Some),
        Ok(Brought::Certificate(certificate)) => {
            let first = certificate.is_first();
            Ok(Some(gate.door.admit_service(certificate.identity, address, first)))
        }
        Ok(Brought::Nothing) => gate.stranger(need, token_needed, address).map(|()| None),
        Err(because) => Err(gate.refuse(because, address)),
    };
    match admission.and_then(Gate::within_allowance) {
        Ok(Some(admission)) => {
            request.extensions_mut().insert(admission.identity.clone());
            request.extensions_mut().insert(admission);
        }
        Ok(None) if token_needed => {
            request.extensions_mut().insert(Anonymous);
        }
        Ok(None) => {}
        Err(away) => return answer::refused(away),
    }
    request.extensions_mut().insert(Doorstep { door: gate.door.clone(), address });
    next.run(request).await
}

impl Gate {
    fn brought(&self, request: &Request, need: Need) -> Result<Brought, EntryRefusal> {
        if need::brings_token_in_address(request) {
            return Err(EntryRefusal::Malformed);
        }
        let authorization = authorization(request.headers())?;
        Ok(match (authorization, request.extensions().get::<ClientCertificate>()) {
            _ if matches!(need, Need::Nothing | Need::Signature) => Brought::Nothing,
            (Some(token), _) => Brought::Token(token.to_owned()),
            (None, Some(certificate)) => Brought::Certificate(certificate.clone()),
            (None, None) => Brought::Nothing,
        })
    }

    /// Who asks with a token.
    async fn admit(&self, need: Need, token: &str, address: Option<IpAddr>) -> Result<Admission, TurnedAway> {
        let admission = self.door.admit(token, address).await?;
        if need == Need::Metrics && !self.metrics_open && !may_read_metrics(&admission.identity) {
            return Err(self.refuse(EntryRefusal::NoRole, address));
        }
        Ok(admission)
    }

    /// Whether somebody who brings nothing may go on.
    fn stranger(&self, need: Need, token_needed: bool, address: Option<IpAddr>) -> Result<(), TurnedAway> {
        // A switch tells of many calls from one place, and what is not signed costs nothing more than that to find out.
        if !token_needed || need == Need::Signature {
            return Ok(());
        }
        let asked = address.map(|address| self.strangers.take(address.into(), self.clock.now()));
        if let Some(Err(wait)) = asked {
            let away = self.refuse(EntryRefusal::TooMany, address);
            return Err(TurnedAway { retry_after: Some(wait), ..away });
        }
        match need {
            Need::Nothing | Need::FirstMessage | Need::Signature => Ok(()),
            Need::Metrics if self.metrics_open => Ok(()),
            Need::Metrics | Need::Token => Err(self.refuse(EntryRefusal::Missing, address)),
        }
    }

    fn within_allowance(admission: Option<Admission>) -> Result<Option<Admission>, TurnedAway> {
        let asked = admission.as_ref().map_or(Ok(()), |admission| admission.tenure.ask());
        match asked {
            Ok(()) => Ok(admission),
            Err(wait) => Err(TurnedAway { because: EntryRefusal::TooMany, retry_after: Some(wait) }),
        }
    }

    fn refuse(&self, because: EntryRefusal, address: Option<IpAddr>) -> TurnedAway {
        self.witness.saw(Sight::Refused { address, because, subject: None });
        because.into()
    }
}

fn may_read_metrics(identity: &Identity) -> bool {
    identity.is(Role::Administrator) || identity.is(Role::Service)
}

/// The one header `Authorization`.
fn authorization(headers: &HeaderMap) -> Result<Option<&str>, EntryRefusal> {
    let mut all = headers.get_all(header::AUTHORIZATION).iter();
    match (all.next(), all.next()) {
        (None, _) => Ok(None),
        (Some(one), None) => one.to_str().map(Some).map_err(|_| EntryRefusal::Malformed),
        (Some(_), Some(_)) => Err(EntryRefusal::Malformed),
    }
}
