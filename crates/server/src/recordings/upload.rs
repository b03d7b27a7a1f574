//! Audio comes in.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use futures::{Stream, StreamExt as _};
use tokio::sync::OwnedSemaphorePermit;
use trunkline_access::Permission;
use trunkline_app::CommandError;
use trunkline_app::cases::{KnownRecording, SealRecording};
use trunkline_domain::recording::{Refusal, Sealed, over_http};
use trunkline_kernel::Refusal as _;
use trunkline_recordings::ArchiveError;
use trunkline_recordings::archive::{Audio, Upload};

use super::answer::Refused;
use super::{Asked, Desk, owner, permission, play, tus};

/// `POST`: an upload begins.
pub(super) async fn begin(desk: &Desk, asked: &Asked) -> Result<Response, Refused> {
    tus::demand(asked)?;
    let known = open(desk, asked).await?;
    let upload = tus::upload(asked)?;
    desk.archive.begin(asked.id, owner(&known), &upload).await.map_err(Refused::archive)?;
    let mut response = StatusCode::CREATED.into_response();
    let headers = response.headers_mut();
    tus::mark(headers);
    headers.insert(tus::OFFSET, 0.into());
    if let Ok(location) = HeaderValue::from_str(&format!("/recordings/{}", asked.id)) {
        headers.insert(header::LOCATION, location);
    }
    Ok(response)
}

/// `PATCH`: a piece of it comes. With the last one the recording is read back and sealed.
pub(super) async fn append(desk: &Arc<Desk>, asked: &Asked, body: Body) -> Result<Response, Refused> {
    tus::demand(asked)?;
    if asked.header(header::CONTENT_TYPE.as_str()) != Some(tus::PIECE) {
        return Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, over_http::UPLOAD_MALFORMED));
    }
    let offset = tus::bytes(asked, &tus::OFFSET)?.ok_or_else(Refused::malformed)?;
    let length = tus::bytes(asked, &tus::LENGTH)?;
    let known = open(desk, asked).await?;
    let _room = room(desk)?;
    if let Some(length) = length {
        desk.archive.set_length(asked.id, length).await.map_err(Refused::archive)?;
    }
    let body = patient(desk, body);
    let appended = desk.archive.append(asked.id, owner(&known), offset, body).await;
    let (end, _) = appended.map_err(Refused::archive)?;
    seal_if_complete(desk, asked, &known).await?;
    let mut response = StatusCode::NO_CONTENT.into_response();
    tus::mark(response.headers_mut());
    response.headers_mut().insert(tus::OFFSET, end.into());
    Ok(response)
}

/// `PUT`: all of it comes at once, from clients that know no tus. When the connection breaks, what came is kept, and
/// tus can go on with it.
pub(super) async fn put(desk: &Arc<Desk>, asked: &Asked, body: Body) -> Result<Response, Refused> {
    let known = open(desk, asked).await?;
    let _room = room(desk)?;
    let said = asked.header(header::CONTENT_TYPE.as_str());
    let length = tus::bytes(asked, &header::CONTENT_LENGTH)?;
    let upload = Upload { length, media_type: tus::media_type(said)? };
    desk.archive.begin(asked.id, owner(&known), &upload).await.map_err(Refused::archive)?;
    let appended = desk.archive.append(asked.id, owner(&known), 0, patient(desk, body)).await;
    let (end, ended) = appended.map_err(Refused::archive)?;
    if ended.is_err() {
        // Nobody hears this; it is for whoever reads how requests ended.
        return Err(Refused::new(StatusCode::BAD_REQUEST, over_http::UPLOAD_CONFLICT).with(tus::OFFSET, end));
    }
    if length.is_none() {
        desk.archive.set_length(asked.id, end).await.map_err(Refused::archive)?;
    }
    let audio = seal(desk, asked, &known).await?;
    let mut response = StatusCode::CREATED.into_response();
    response.headers_mut().extend(play::entity_tag(&audio.sha256).map(|tag| (header::ETAG, tag)));
    Ok(response)
}

/// `HEAD`: how far an upload is, or what could be heard.
pub(super) async fn head(desk: &Arc<Desk>, asked: &Asked) -> Result<Response, Refused> {
    let known = desk.known(asked.id).await?;
    if known.sealed.is_some() {
        return play::describe(desk, asked, &known).await;
    }
    permission::demand(desk, asked, &known, Permission::Record).await?;
    let progress = desk.archive.progress(asked.id).await.map_err(Refused::archive)?;
    let unknown = || Refused::new(StatusCode::NOT_FOUND, over_http::UPLOAD_UNKNOWN);
    let progress = progress.ok_or_else(unknown)?;
    // The last piece was stored and the server died before it could say so.
    seal_if_complete(desk, asked, &known).await?;
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    tus::mark(headers);
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(tus::OFFSET, progress.offset.into());
    match progress.upload.length {
        Some(length) => headers.insert(tus::LENGTH, length.into()),
        None => headers.insert(tus::DEFER_LENGTH, HeaderValue::from_static("1")),
    };
    Ok(response)
}

/// A recording that waits for its audio, and somebody who may bring it.
async fn open(desk: &Desk, asked: &Asked) -> Result<KnownRecording, Refused> {
    let known = desk.known(asked.id).await?;
    permission::demand(desk, asked, &known, Permission::Record).await?;
    match known.sealed {
        Some(_) => Err(Refused::new(StatusCode::CONFLICT, Refusal::AlreadySealed(known.state).code())),
        None => Ok(known),
    }
}

fn room(desk: &Desk) -> Result<OwnedSemaphorePermit, Refused> {
    desk.uploads.clone().try_acquire_owned().map_err(|_| Refused::too_many())
}

/// The body, which ends as a broken connection does when nothing comes for too long.
fn patient(desk: &Desk, body: Body) -> impl Stream<Item = Result<Bytes, ()>> + use<> {
    let stall_max = desk.settings.stall_max;
    futures::stream::unfold(Some(body.into_data_stream()), move |stream| async move {
        let mut stream = stream?;
        match tokio::time::timeout(stall_max, stream.next()).await {
            Ok(Some(Ok(piece))) => Some((Ok(piece), Some(stream))),
            Ok(None) => None,
            Ok(Some(Err(_))) | Err(_) => Some((Err(()), None)),
        }
    })
}

async fn seal_if_complete(desk: &Desk, asked: &Asked, known: &KnownRecording) -> Result<(), Refused> {
    let progress = desk.archive.progress(asked.id).await.map_err(Refused::archive)?;
    if progress.is_some_and(|progress| progress.is_complete()) {
        seal(desk, asked, known).await?;
    }
    Ok(())
}

/// Reads everything back and says that it is there.
async fn seal(desk: &Desk, asked: &Asked, known: &KnownRecording) -> Result<Audio, Refused> {
    let audio = match desk.archive.finish(asked.id, owner(known)).await {
        Err(error @ (ArchiveError::Damaged { .. } | ArchiveError::Missing)) => {
            desk.archive.start_over(asked.id).await.map_err(Refused::archive)?;
            return Err(Refused::archive(error).with(tus::OFFSET, 0));
        }
        finished => finished.map_err(Refused::archive)?,
    };
    let sealed = Sealed {
        key: audio.key.clone(),
        media_type: audio.media_type.clone(),
        bytes: audio.bytes,
        stored_bytes: audio.stored_bytes,
        sha256: audio.sha256.clone(),
        stored_sha256: audio.stored_sha256.clone(),
        chunk_bytes: desk.archive.limits().chunk.get(),
        parts: audio.parts,
        agent: None,
    };
    let action = SealRecording { recording: asked.id, sealed, retention: desk.settings.retention };
    let request = trunkline_app::Request::by(asked.identity.actor.clone());
    match desk.dispatcher.execute(request, &action).await {
        Ok(_) => {}
        // Another request has ended the same upload and was faster; what it sealed is the same.
        Err(CommandError::Refused(refused)) if refused.code == Refusal::AlreadySealed(known.state).code() => {
        }
        Err(error) => return Err(Refused::command(error)),
    }
    desk.archive.settle(asked.id).await.map_err(Refused::archive)?;
    Ok(audio)
}
