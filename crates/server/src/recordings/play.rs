//! Audio goes out, whole or in one range, to those who may hear it and say why.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::Query;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use futures::{StreamExt as _, stream};
use serde::Deserialize;
use trunkline_access::{Permission, Sight, Unrecorded};
use trunkline_app::cases::KnownRecording;
use trunkline_domain::recording::{Refusal, Sealed, over_http};
use trunkline_kernel::Refusal as _;

use super::answer::Refused;
use super::range::{Wanted, wanted};
use super::{Asked, Desk, owner, permission, tus};

/// The header in which a reason can be said.
const REASON_HEADER: &str = "x-trunkline-reason";

/// The longest reason, in characters.
const REASON_CHARS_MAX: usize = 500;

const NOSNIFF: HeaderName = header::X_CONTENT_TYPE_OPTIONS;

/// What the address says beside the recording.
#[derive(Default, Deserialize)]
struct Parameters {
    reason: Option<String>,
    download: Option<String>,
}

impl Parameters {
    fn reason(&self, asked: &Asked) -> String {
        let said = self.reason.as_deref().or_else(|| asked.header(REASON_HEADER));
        said.unwrap_or_default().to_owned()
    }

    fn download(&self) -> bool {
        self.download.as_deref().is_some_and(|download| download != "0" && download != "false")
    }
}

/// `GET`: plays a recording. Who is refused it is recorded as well.
pub(super) async fn play(desk: &Arc<Desk>, asked: &Asked) -> Result<Response, Refused> {
    let parameters = Query::<Parameters>::try_from_uri(&asked.parts.uri);
    let parameters = parameters.map(|Query(said)| said).unwrap_or_default();
    let played = answered(desk, asked, &parameters).await;
    if let Err(refused) = &played {
        desk.witness.saw(Sight::Played {
            identity: asked.identity.clone(),
            refused: Some(refused.code().to_owned()),
            recording: asked.id,
            customer: None,
            reason: parameters.reason(asked),
            download: parameters.download(),
            bytes: (0, 0),
        });
    }
    played
}

async fn answered(desk: &Arc<Desk>, asked: &Asked, parameters: &Parameters) -> Result<Response, Refused> {
    let (reason, download) = (parameters.reason(asked), parameters.download());
    let known = desk.known(asked.id).await?;
    permission::demand(desk, asked, &known, Permission::Playback).await?;
    let sealed = sealed(&known)?;
    if reason.trim().is_empty() || reason.chars().count() > REASON_CHARS_MAX {
        return Err(Refused::new(StatusCode::BAD_REQUEST, over_http::REASON_MISSING));
    }
    if is_unchanged(asked, sealed) {
        let mut response = StatusCode::NOT_MODIFIED.into_response();
        describe_in(response.headers_mut(), sealed);
        return Ok(response);
    }
    let range = match range(asked, sealed) {
        Wanted::Whole => None,
        Wanted::Part(range) => Some(range),
        Wanted::Nothing => return Err(unsatisfiable(sealed)),
    };
    let permit = desk.playbacks.clone().try_acquire_owned().map_err(|_| Refused::too_many())?;
    let bytes = range.clone().unwrap_or(0..sealed.bytes);
    let mut playback =
        desk.archive.play(asked.id, owner(&known), bytes.clone()).await.map_err(Refused::archive)?;
    if playback.bytes() != sealed.bytes {
        return Err(Refused::new(StatusCode::INTERNAL_SERVER_ERROR, over_http::DAMAGED));
    }
    // Before the status is sent, so that what was tampered with is refused and does not merely break off.
    let first = playback.next().await.map_err(Refused::archive)?;
    let played = desk.witness.noted(Sight::Played {
        identity: asked.identity.clone(),
        refused: None,
        recording: asked.id,
        customer: known.customer,
        reason,
        download,
        bytes: (bytes.start, bytes.end.saturating_sub(1)),
    });
    played.await.map_err(|Unrecorded| Refused::unrecorded())?;
    let id = asked.id;
    let rest = playback.into_stream().map(move |piece| {
        let _while_it_plays = &permit;
        piece.inspect_err(|error| {
            tracing::error!(recording = %id, error = error as &dyn std::error::Error, "a playback broke off");
        })
    });
    let body = Body::from_stream(stream::iter(first.map(Ok)).chain(rest));
    Ok(answer(sealed, range, bytes, download, asked, body))
}

fn answer(
    sealed: &Sealed,
    range: Option<std::ops::Range<u64>>,
    bytes: std::ops::Range<u64>,
    download: bool,
    asked: &Asked,
    body: Body,
) -> Response {
    let status = if range.is_some() { StatusCode::PARTIAL_CONTENT } else { StatusCode::OK };
    let mut response = (status, body).into_response();
    let headers = response.headers_mut();
    describe_in(headers, sealed);
    headers.insert(header::CONTENT_LENGTH, (bytes.end - bytes.start).into());
    if range.is_some() {
        let said = format!("bytes {}-{}/{}", bytes.start, bytes.end.saturating_sub(1), sealed.bytes);
        headers.extend(HeaderValue::from_str(&said).ok().map(|said| (header::CONTENT_RANGE, said)));
    }
    let how = if download { "attachment" } else { "inline" };
    let disposition = HeaderValue::from_str(&format!("{how}; filename=\"{}\"", asked.id));
    headers.extend(disposition.ok().map(|disposition| (header::CONTENT_DISPOSITION, disposition)));
    response
}

/// `HEAD` of a recording that has its audio: what a `GET` would say of it. It gives no audio, so it needs no reason.
pub(super) async fn describe(
    desk: &Desk,
    asked: &Asked,
    known: &KnownRecording,
) -> Result<Response, Refused> {
    if permission::demand(desk, asked, known, Permission::Record).await.is_err() {
        permission::demand(desk, asked, known, Permission::Playback).await?;
    }
    let sealed = sealed(known)?;
    let mut response = StatusCode::OK.into_response();
    let headers = response.headers_mut();
    describe_in(headers, sealed);
    headers.insert(header::CONTENT_LENGTH, sealed.bytes.into());
    if tus::is_spoken(asked) {
        tus::mark(headers);
        headers.insert(tus::OFFSET, sealed.bytes.into());
        headers.insert(tus::LENGTH, sealed.bytes.into());
    }
    Ok(response)
}

fn sealed(known: &KnownRecording) -> Result<&Sealed, Refused> {
    let unsealed = || Refused::new(StatusCode::CONFLICT, Refusal::NotSealed(known.state).code());
    known.sealed.as_ref().ok_or_else(unsealed)
}

/// The strong entity tag: the digest of the audio.
pub(super) fn entity_tag(sha256: &str) -> Option<HeaderValue> {
    HeaderValue::from_str(&format!("\"{sha256}\"")).ok()
}

fn describe_in(headers: &mut HeaderMap, sealed: &Sealed) {
    headers.extend(entity_tag(&sealed.sha256).map(|tag| (header::ETAG, tag)));
    headers.extend(HeaderValue::from_str(&sealed.media_type).ok().map(|said| (header::CONTENT_TYPE, said)));
    headers.insert(header::ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("private, no-store"));
    headers.insert(NOSNIFF, HeaderValue::from_static("nosniff"));
}

/// Whether the client has this audio already.
fn is_unchanged(asked: &Asked, sealed: &Sealed) -> bool {
    let tag = format!("\"{}\"", sealed.sha256);
    let Some(known) = asked.header(header::IF_NONE_MATCH.as_str()) else { return false };
    known.split(',').map(str::trim).any(|known| known == "*" || known.trim_start_matches("W/") == tag)
}

/// The range that is asked for. With an `If-Range` that names other audio, or a date, it is all of it.
fn range(asked: &Asked, sealed: &Sealed) -> Wanted {
    let same = asked
        .header(header::IF_RANGE.as_str())
        .is_none_or(|tag| tag.trim() == format!("\"{}\"", sealed.sha256));
    if same { wanted(asked.header(header::RANGE.as_str()), sealed.bytes) } else { Wanted::Whole }
}

fn unsatisfiable(sealed: &Sealed) -> Refused {
    let refused = Refused::new(StatusCode::RANGE_NOT_SATISFIABLE, over_http::RANGE_UNSATISFIABLE);
    match HeaderValue::from_str(&format!("bytes */{}", sealed.bytes)) {
        Ok(length) => refused.with(header::CONTENT_RANGE, length),
        Err(_) => refused,
    }
}
