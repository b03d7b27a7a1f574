//! The gate: every request passes it, and what it brings decides who asks.

mod answer;
mod need;

use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, header};
use axum::middleware::Next;
use axum::response::Response;
use trunkline_access::{Admission, Anonymous, Door, Doorstep, EntryRefusal, Identity, Role, Sight, Witness};

use need::Need;

/// What the gate is set to.
#[derive(Clone)]
pub(crate) struct Gate {
    /// Who is asked about tokens.
    pub(crate) door: Arc<dyn Door>,
    /// Who writes down what is seen.
    pub(crate) witness: Arc<dyn Witness>,
    /// Whether a token is needed; without that, only programs on this machine can ask, and are everybody.
    pub(crate) token_needed: bool,
    /// Whether the metrics are for everybody.
    pub(crate) metrics_open: bool,
}

/// Lets a request through with the identity of whoever asks beside it, or answers it.
pub(crate) async fn pass(State(gate): State<Gate>, mut request: Request, next: Next) -> Response {
    let address = address(&request);
    let admission = match gate.brought(&request, address) {
        Ok(Some((need, authorization))) => gate.admit(need, &authorization, address).await.map(Some),
        Ok(None) => Ok(None),
        Err(because) => Err(because),
    };
    match admission {
        Ok(Some(admission)) => {
            request.extensions_mut().insert(admission.identity.clone());
            request.extensions_mut().insert(admission);
        }
        Ok(None) if gate.token_needed => {
            request.extensions_mut().insert(Anonymous);
        }
        Ok(None) => {}
        Err(because) => return answer::refused(because),
    }
    request.extensions_mut().insert(Doorstep { door: Arc::clone(&gate.door), address });
    next.run(request).await
}

impl Gate {
    /// What a request brings and needs; nothing when it may go on without.
    fn brought(
        &self,
        request: &Request,
        address: Option<IpAddr>,
    ) -> Result<Option<(Need, String)>, EntryRefusal> {
        let need = need::of(request);
        if need::brings_token_in_address(request) {
            return Err(self.refuse(EntryRefusal::Malformed, address));
        }
        let authorization =
            authorization(request.headers()).map_err(|because| self.refuse(because, address))?;
        let open = match need {
            Need::Nothing => return Ok(None),
            Need::FirstMessage => true,
            Need::Metrics => self.metrics_open || !self.token_needed,
            Need::Token => !self.token_needed,
        };
        match authorization {
            Some(authorization) => Ok(Some((need, authorization.to_owned()))),
            None if open => Ok(None),
            None => Err(self.refuse(EntryRefusal::Missing, address)),
        }
    }

    /// Who asks.
    async fn admit(
        &self,
        need: Need,
        authorization: &str,
        address: Option<IpAddr>,
    ) -> Result<Admission, EntryRefusal> {
        let admission = self.door.admit(authorization, address).await?;
        if need == Need::Metrics && !self.metrics_open && !may_read_metrics(&admission.identity) {
            return Err(self.refuse(EntryRefusal::NoRole, address));
        }
        Ok(admission)
    }

    fn refuse(&self, because: EntryRefusal, address: Option<IpAddr>) -> EntryRefusal {
        self.witness.saw(Sight::Refused { address, because, subject: None });
        because
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

fn address(request: &Request) -> Option<IpAddr> {
    request.extensions().get::<ConnectInfo<SocketAddr>>().map(|ConnectInfo(peer)| peer.ip().to_canonical())
}
