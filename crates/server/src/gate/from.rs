//! Where a request comes from: the address, behind proxies as well, and the page in a browser.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderName, header};

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The proxies that are believed about where a request comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Proxies(pub(crate) Vec<IpAddr>);

impl Proxies {
    /// The address that a request comes from. What `X-Forwarded-For` says counts only as far as known proxies said it:
    /// they append, so it is read from its end.
    pub(super) fn address(&self, request: &Request) -> Option<IpAddr> {
        let ConnectInfo(peer) = request.extensions().get::<ConnectInfo<SocketAddr>>()?;
        let peer = peer.ip().to_canonical();
        if !self.0.contains(&peer) {
            return Some(peer);
        }
        let headers = request.headers().get_all(FORWARDED_FOR);
        let said: Vec<&str> = headers.iter().filter_map(|value| value.to_str().ok()).collect();
        let said = said.join(",");
        let mut addresses = said.rsplit(',').map_while(|text| text.trim().parse::<IpAddr>().ok());
        addresses.find(|address| !self.0.contains(&address.to_canonical())).or(Some(peer))
    }
}

/// Whether a proxy passed the request on, so that whoever asks may be anywhere.
pub(super) fn is_forwarded(request: &Request) -> bool {
    request.headers().contains_key(FORWARDED_FOR) || request.headers().contains_key(header::FORWARDED)
}

/// Whether the request names this machine by a name that only this machine can mean. A page from elsewhere that has
/// its own name lead here (DNS rebinding) cannot say such a name.
pub(super) fn is_local_name(request: &Request) -> bool {
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok());
    let Some(host) = host.or_else(|| request.uri().host()) else { return true };
    let name = match host.strip_prefix('[') {
        Some(rest) => rest.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    let name = name.trim_end_matches('.');
    name.eq_ignore_ascii_case("localhost")
        || name.to_ascii_lowercase().ends_with(".localhost")
        || name.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Whether a request that is to become a WebSocket comes from a page of this server or of an origin that is allowed,
/// or from no page at all. Browsers let every page open a WebSocket to everywhere, so that only this keeps a strange
/// page from using what this machine may do.
pub(super) fn is_own_page(request: &Request, origins: &[String]) -> bool {
    let headers = request.headers();
    let Some(origin) = headers.get(header::ORIGIN).filter(|_| headers.contains_key(header::UPGRADE)) else {
        return true;
    };
    let Ok(origin) = origin.to_str() else { return false };
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
    let own = origin
        .split_once("://")
        .is_some_and(|(_, of)| host.is_some_and(|host| of.eq_ignore_ascii_case(host)));
    own || origins.iter().any(|allowed| allowed.eq_ignore_ascii_case(origin))
}

#[cfg(test)]
mod tests {
    use axum::body::Body;

    use super::*;

    fn request(headers: &[(&str, &str)]) -> Request {
        let peer: SocketAddr = "10.0.0.1:5000".parse().unwrap();
        let mut request = Request::builder().extension(ConnectInfo(peer));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(Body::empty()).unwrap()
    }

    #[test]
    fn only_known_proxies_are_believed_about_addresses() {
        let proxies = |all: &[&str]| Proxies(all.iter().map(|one| one.parse().unwrap()).collect());
        let said = request(&[("x-forwarded-for", "6.6.6.6, 192.0.2.9, 10.0.0.2")]);
        let address = |proxies: Proxies| proxies.address(&said).unwrap().to_string();
        assert_eq!(address(proxies(&[])), "10.0.0.1");
        assert_eq!(address(proxies(&["10.0.0.1"])), "10.0.0.2");
        assert_eq!(address(proxies(&["10.0.0.1", "10.0.0.2"])), "192.0.2.9");
        let nonsense = request(&[("x-forwarded-for", "192.0.2.9, unknown")]);
        assert_eq!(proxies(&["10.0.0.1"]).address(&nonsense).unwrap().to_string(), "10.0.0.1");
    }

    #[test]
    fn this_machine_is_known_by_its_own_names_only() {
        for (host, local) in [
            ("127.0.0.1:8080", true),
            ("localhost", true),
            ("LOCALHOST.:80", true),
            ("demo.localhost:1", true),
            ("[::1]:8080", true),
            ("evil.example:8080", false),
            ("localhost.evil.example", false),
            ("192.0.2.1", false),
            ("[2001:db8::1]:1", false),
        ] {
            assert_eq!(is_local_name(&request(&[("host", host)])), local, "{host}");
        }
    }

    #[test]
    fn a_strange_page_opens_no_socket() {
        let allowed = ["https://crm.example".to_owned()];
        let own = |origin, upgrade: &str| {
            is_own_page(&request(&[("host", "a:1"), ("origin", origin), (upgrade, "websocket")]), &allowed)
        };
        assert!(own("http://a:1", "upgrade") && own("https://crm.example", "upgrade"));
        assert!(
            !own("http://a:2", "upgrade")
                && !own("https://evil.example", "upgrade")
                && !own("null", "upgrade")
        );
        assert!(own("https://evil.example", "x-other"), "other requests are the business of CORS");
        assert!(is_own_page(&request(&[("upgrade", "websocket")]), &allowed), "a program has no page");
    }
}
