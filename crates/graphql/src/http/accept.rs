//! What the client can read.

use axum::http::{HeaderMap, header};

/// The forms in which `/graphql` can answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Media {
    /// JSON whose status says whether the request was executed.
    GraphqlResponse,
    /// JSON whose status is 200 for every well-formed request.
    Json,
    /// Server-sent events.
    EventStream,
    /// The IDE, for people who open the address in a browser.
    Html,
}

/// The best form for an `Accept` header; legacy JSON without one, as the specification asks.
pub(crate) fn of(headers: &HeaderMap, html: bool) -> Option<Media> {
    let mut best: Option<(f32, Media)> = None;
    let mut stated = false;
    for value in headers.get_all(header::ACCEPT) {
        for part in value.to_str().unwrap_or_default().split(',').filter(|part| !part.trim().is_empty()) {
            stated = true;
            let Some((quality, media)) = read(part, html) else { continue };
            if quality > 0.0 && best.is_none_or(|(known, _)| quality > known) {
                best = Some((quality, media));
            }
        }
    }
    if stated { best.map(|(_, media)| media) } else { Some(Media::Json) }
}

fn read(part: &str, html: bool) -> Option<(f32, Media)> {
    let (name, charset) = media_type(part);
    if charset.is_some_and(|charset| !charset.eq_ignore_ascii_case("utf-8")) {
        return None;
    }
    let media = match name.as_str() {
        "application/graphql-response+json" => Media::GraphqlResponse,
        "application/json" | "application/*" | "*/*" => Media::Json,
        "text/event-stream" => Media::EventStream,
        "text/html" if html => Media::Html,
        _ => return None,
    };
    let quality = part
        .split(';')
        .skip(1)
        .find_map(|word| word.trim().strip_prefix("q=").map(|quality| quality.parse().unwrap_or(0.0)));
    Some((quality.unwrap_or(1.0), media))
}

/// The name of a media type in lower case, and its charset.
pub(crate) fn media_type(text: &str) -> (String, Option<&str>) {
    let mut words = text.split(';').map(str::trim);
    let name = words.next().unwrap_or_default().to_ascii_lowercase();
    let charset = words.find_map(|word| {
        let (key, value) = word.split_once('=')?;
        key.trim().eq_ignore_ascii_case("charset").then(|| value.trim().trim_matches('"'))
    });
    (name, charset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_of_the_best_forms_is_taken() {
        let cases = [
            (None, Some(Media::Json)),
            (Some("*/*"), Some(Media::Json)),
            (Some("application/json"), Some(Media::Json)),
            (
                Some("application/graphql-response+json; charset=utf-8, application/json"),
                Some(Media::GraphqlResponse),
            ),
            (Some("application/json;q=0.5, application/graphql-response+json"), Some(Media::GraphqlResponse)),
            (Some("text/event-stream"), Some(Media::EventStream)),
            (Some("text/html,application/xhtml+xml,*/*;q=0.8"), Some(Media::Html)),
            (Some("application/json; charset=iso-8859-1"), None),
            (Some("image/png"), None),
            (Some("application/json;q=0"), None),
        ];
        for (accept, expected) in cases {
            let mut headers = HeaderMap::new();
            if let Some(accept) = accept {
                headers.insert(header::ACCEPT, accept.parse().unwrap());
            }
            assert_eq!(of(&headers, true), expected, "{accept:?}");
        }
    }
}
