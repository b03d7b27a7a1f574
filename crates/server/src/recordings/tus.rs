//! The words of tus 1.0.0, the protocol of resumable uploads (tus.io): its core, and the extensions `creation` and
//! `creation-defer-length`.

use std::sync::Arc;

use axum::extract::State;
use axum::http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use trunkline_domain::recording::over_http;
use trunkline_recordings::archive::Upload;

use super::answer::Refused;
use super::{Asked, Desk};

pub(super) const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
pub(super) const LENGTH: HeaderName = HeaderName::from_static("upload-length");
pub(super) const DEFER_LENGTH: HeaderName = HeaderName::from_static("upload-defer-length");
const METADATA: &str = "upload-metadata";
const RESUMABLE: HeaderName = HeaderName::from_static("tus-resumable");
const VERSION: HeaderName = HeaderName::from_static("tus-version");
const EXTENSION: HeaderName = HeaderName::from_static("tus-extension");
const MAX_SIZE: HeaderName = HeaderName::from_static("tus-max-size");

/// The version that is spoken here.
const SPOKEN: HeaderValue = HeaderValue::from_static("1.0.0");

/// The content type of a piece.
pub(super) const PIECE: &str = "application/offset+octet-stream";

/// What may be stored when the client does not say what it is.
const UNTOLD: &str = "application/octet-stream";

/// The longest media type that is taken.
const MEDIA_TYPE_BYTES_MAX: usize = 100;

/// What can be asked of an upload.
pub(super) async fn capabilities(State(desk): State<Arc<Desk>>) -> Response {
    let mut response = StatusCode::NO_CONTENT.into_response();
    let headers = response.headers_mut();
    mark(headers);
    headers.insert(VERSION, SPOKEN);
    headers.insert(EXTENSION, HeaderValue::from_static("creation,creation-defer-length"));
    headers.insert(MAX_SIZE, desk.archive.limits().bytes_max.into());
    response
}

/// Says on an answer which version is spoken.
pub(super) fn mark(headers: &mut HeaderMap) {
    headers.insert(RESUMABLE, SPOKEN);
}

/// Whether the client speaks tus at all.
pub(super) fn is_spoken(asked: &Asked) -> bool {
    asked.parts.headers.contains_key(RESUMABLE)
}

/// Refuses clients that speak another version.
///
/// # Errors
/// 412 with the versions that are spoken, as the protocol demands.
pub(super) fn demand(asked: &Asked) -> Result<(), Refused> {
    let mut versions = asked.parts.headers.get_all(RESUMABLE).iter().peekable();
    if versions.peek().is_some() && versions.all(|version| version == SPOKEN) {
        return Ok(());
    }
    Err(Refused::new(StatusCode::PRECONDITION_FAILED, over_http::UPLOAD_MALFORMED).with(VERSION, SPOKEN))
}

/// A number of bytes in a header.
///
/// # Errors
/// When it is there and is no number.
pub(super) fn bytes(asked: &Asked, name: &HeaderName) -> Result<Option<u64>, Refused> {
    match asked.header(name.as_str()) {
        Some(text) => text.trim().parse().map(Some).map_err(|_| Refused::malformed()),
        None => Ok(None),
    }
}

/// What a `POST` says is to come.
///
/// # Errors
/// When neither the length is said nor that it is not known yet, and when it is no audio.
pub(super) fn upload(asked: &Asked) -> Result<Upload, Refused> {
    let length = bytes(asked, &LENGTH)?;
    let deferred = asked.header(DEFER_LENGTH.as_str()) == Some("1");
    if length.is_some() == deferred {
        return Err(Refused::malformed());
    }
    Ok(Upload { length, media_type: media_type(file_type(asked).as_deref())? })
}

/// A media type that may be stored.
///
/// # Errors
/// When it is no audio, and when it has no such form.
pub(super) fn media_type(said: Option<&str>) -> Result<String, Refused> {
    let said = said.map_or(UNTOLD, str::trim);
    let known = said == UNTOLD || said.starts_with("audio/") || said.starts_with("video/");
    let plain = said.len() <= MEDIA_TYPE_BYTES_MAX && said.bytes().all(|byte| (0x20..0x7f).contains(&byte));
    if known && plain {
        Ok(said.to_owned())
    } else {
        Err(Refused::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, over_http::MEDIA_TYPE))
    }
}

/// `filetype` of the metadata: names and base64 texts, separated by commas. Other metadata, such as names of files,
/// is not kept, for it can name people.
fn file_type(asked: &Asked) -> Option<String> {
    let pairs = asked.header(METADATA)?.split(',').filter_map(|pair| pair.trim().split_once(' '));
    let (_, encoded) = pairs.into_iter().find(|(name, _)| *name == "filetype")?;
    let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
    String::from_utf8(decoded).ok()
}
