//! Recordings over HTTP: audio comes in with tus 1.0.0 or one PUT, and goes out in ranges, for a reason.
//!
//! tus and not the IETF's draft of resumable uploads: tus 1.0.0 has been stable for years and has clients in every
//! language, while the draft still changes its headers from version to version.

mod answer;
mod eraser;
mod permission;
mod place;
mod play;
mod range;
mod room;
#[cfg(test)]
mod tests;
mod tus;
mod upload;
mod wrap;

use std::sync::Arc;

use axum::Router;
use axum::extract::{Request, State};
use axum::http::request::Parts;
use axum::response::Response;
use axum::routing::get;
use tokio::sync::Semaphore;
use trunkline_access::{Identity, Witness};
use trunkline_app::cases::{KnownRecording, LookUpRecording};
use trunkline_app::{Authority, Dispatcher};
use trunkline_domain::recording::RecordingState;
use trunkline_kernel::{Actor, ActorKind, Id as _, RecordingId};
use trunkline_projections::ReadModels;
use trunkline_recordings::{Archive, Owner};

use crate::config::RecordingSettings;
use answer::Refused;

pub(crate) use eraser::Eraser;
pub(crate) use room::{Around, Room, open_archive};

/// The header that names the actor where no token is asked for; the same as the API's.
const ACTOR_HEADER: &str = "x-trunkline-actor";

/// What the handlers share.
pub(crate) struct Desk {
    pub(crate) archive: Arc<Archive>,
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) reads: ReadModels,
    pub(crate) authority: Arc<Authority>,
    pub(crate) witness: Arc<dyn Witness>,
    pub(crate) settings: RecordingSettings,
    pub(crate) uploads: Arc<Semaphore>,
    pub(crate) playbacks: Arc<Semaphore>,
}

impl Desk {
    fn new(
        archive: Arc<Archive>,
        dispatcher: Arc<Dispatcher>,
        reads: ReadModels,
        authority: Arc<Authority>,
        witness: Arc<dyn Witness>,
        settings: &RecordingSettings,
    ) -> Arc<Self> {
        Arc::new(Self {
            archive,
            dispatcher,
            reads,
            authority,
            witness,
            uploads: Arc::new(Semaphore::new(settings.uploads_max)),
            playbacks: Arc::new(Semaphore::new(settings.playbacks_max)),
            settings: settings.clone(),
        })
    }

    /// What is known of a recording that is there.
    async fn known(&self, id: RecordingId) -> Result<KnownRecording, Refused> {
        let asked = trunkline_app::Request::by(Actor::system("recordings"));
        let known = self.dispatcher.execute(asked, &LookUpRecording(id)).await.map_err(Refused::command)?;
        let known = known.answer.ok_or_else(Refused::unknown)?;
        if known.state == RecordingState::Erased { Err(Refused::erased()) } else { Ok(known) }
    }
}

/// Whose key a recording's key is wrapped under.
pub(crate) fn owner(known: &KnownRecording) -> Owner {
    known.customer.map_or(Owner::Call(known.call), Owner::Customer)
}

/// The routes.
fn routes(desk: Arc<Desk>) -> Router {
    let methods = get(answer).post(answer).put(answer).patch(answer).head(answer).options(tus::capabilities);
    Router::new().route("/recordings/{id}", methods).with_state(desk)
}

/// One request from its method to its answer; what is refused is told in the language of the request.
async fn answer(State(desk): State<Arc<Desk>>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    let told = answer::Told::of(&parts);
    let answered = async {
        let id = id_of(&parts).ok_or_else(Refused::unknown)?;
        let identity = identity_of(&parts)?;
        let asked = Asked { id, identity, parts };
        match asked.parts.method.as_str() {
            "GET" => play::play(&desk, &asked).await,
            "HEAD" => upload::head(&desk, &asked).await,
            "POST" => upload::begin(&desk, &asked).await,
            "PATCH" => upload::append(&desk, &asked, body).await,
            _ => upload::put(&desk, &asked, body).await,
        }
    };
    answered.await.unwrap_or_else(|refused| refused.into_response(&told))
}

/// A request that names a recording and somebody.
pub(crate) struct Asked {
    pub(crate) id: RecordingId,
    pub(crate) identity: Identity,
    pub(crate) parts: Parts,
}

impl Asked {
    /// A header, when it is there once and is text.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.parts.headers.get(name)?.to_str().ok()
    }
}

fn id_of(parts: &Parts) -> Option<RecordingId> {
    let last = parts.uri.path().rsplit('/').next()?;
    let key = last.strip_prefix("recording:").unwrap_or(last);
    key.parse().ok().filter(|id: &RecordingId| !id.uuid().is_nil())
}

/// Who asks: as the gate established it, or, where no token is asked for, as the request says.
fn identity_of(parts: &Parts) -> Result<Identity, Refused> {
    if let Some(identity) = parts.extensions.get::<Identity>() {
        return Ok(identity.clone());
    }
    let named = parts.headers.get(ACTOR_HEADER).and_then(|value| value.to_str().ok());
    let actor = match named {
        Some(text) => text.parse(),
        None => Actor::new(ActorKind::Service, "api"),
    };
    actor.map(Identity::unrestricted).map_err(|_| Refused::malformed())
}
