//! What a request has to bring.

use axum::extract::Request;
use axum::http::{HeaderMap, Method, Uri, header};

/// What a request has to bring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Need {
    /// Nothing: it asks for what everybody may see.
    Nothing,
    /// A token, in its first message when not in a header: browsers give a WebSocket no headers.
    FirstMessage,
    /// A token that lets its bearer read the metrics, unless they are open.
    Metrics,
    /// A token.
    Token,
    /// A signature, which whoever takes the request checks.
    Signature,
}

/// What this request has to bring. Whatever is not listed here needs a token.
pub(super) fn of(request: &Request) -> Need {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD);
    match request.uri().path() {
        "/" | "/healthz" | "/readyz" if reads => Need::Nothing,
        "/graphql" if reads && request.headers().contains_key(header::UPGRADE) => Need::FirstMessage,
        // The page of the IDE holds nothing but itself; what it asks for then needs a token.
        "/graphql" if reads && request.uri().query().is_none() && wants_page(request.headers()) => {
            Need::Nothing
        }
        path if reads && path.starts_with("/ide/") => Need::Nothing,
        "/metrics" => Need::Metrics,
        "/cti/openapi.json" if reads => Need::Nothing,
        "/cti/events" => Need::Signature,
        _ => Need::Token,
    }
}

fn wants_page(headers: &HeaderMap) -> bool {
    let accept = headers.get(header::ACCEPT).and_then(|accept| accept.to_str().ok()).unwrap_or_default();
    accept.contains("text/html")
}

/// Whether a token was put into the address, where proxies and histories keep it (RFC 6750, 5.3).
pub(super) fn brings_token_in_address(request: &Request) -> bool {
    has_parameter(request.uri(), "access_token")
}

fn has_parameter(uri: &Uri, name: &str) -> bool {
    let mut pairs = uri.query().unwrap_or_default().split('&');
    pairs.any(|pair| pair.split_once('=').map_or(pair, |(key, _)| key) == name)
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn need(method: &str, uri: &str, headers: &[(&str, &str)]) -> Need {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        of(&request.body(Body::empty()).unwrap())
    }

    #[test]
    fn only_what_everybody_may_see_needs_nothing() {
        let page = [("accept", "text/html,application/xhtml+xml")];
        for uri in ["/", "/healthz", "/readyz", "/ide/plain.html"] {
            assert_eq!(need("GET", uri, &[]), Need::Nothing, "{uri}");
            assert_eq!(need("POST", uri, &[]), Need::Token, "{uri}");
        }
        assert_eq!(need("GET", "/graphql", &page), Need::Nothing);
        assert_eq!(need("GET", "/graphql?query={__typename}", &page), Need::Token);
        assert_eq!(need("GET", "/graphql", &[]), Need::Token);
        assert_eq!(need("POST", "/graphql", &page), Need::Token);
        assert_eq!(need("GET", "/graphql", &[("upgrade", "websocket")]), Need::FirstMessage);
        assert_eq!(need("POST", "/graphql", &[("upgrade", "websocket")]), Need::Token);
        assert_eq!(need("GET", "/metrics", &[]), Need::Metrics);
        assert_eq!(need("POST", "/cti/events", &[]), Need::Signature);
        assert_eq!(need("GET", "/cti/openapi.json", &[]), Need::Nothing);
        assert_eq!(need("GET", "/anything/else", &page), Need::Token);
    }

    #[test]
    fn a_token_in_the_address_is_seen() {
        let at =
            |uri: &str| brings_token_in_address(&Request::builder().uri(uri).body(Body::empty()).unwrap());
        assert!(
            at("/graphql?access_token=x") && at("/graphql?query=a&access_token") && !at("/graphql?query=a")
        );
    }
}
