//! The pages of the GraphQL IDE, embedded in the binary.
//!
//! GraphiQL is embedded when `cargo xtask` has built it (where Node is present); our own plain page is always
//! there, and takes GraphiQL's place when it is not. No page asks for anything outside the server:
//! [`CONTENT_SECURITY_POLICY`] has the browser enforce that.
//!
//! The server gives [`index`] to a browser that opens `/graphql`, and [`asset`] for what lies under `/ide/`.

include!(concat!(env!("OUT_DIR"), "/files.rs"));

/// The name of our own plain page under `/ide/`.
pub const PLAIN_PAGE: &str = "plain.html";

/// The header `Content-Security-Policy` for every page and asset: nothing comes from anywhere else.
///
/// The editor of GraphiQL sets styles from scripts, and starts its workers from blobs.
pub const CONTENT_SECURITY_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; \
    img-src 'self' data:; font-src 'self' data:; connect-src 'self'; worker-src 'self' blob:; base-uri 'none'; \
    form-action 'none'; frame-ancestors 'none'";

/// One embedded file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Asset {
    /// Its media type, for the header `Content-Type`.
    pub mime: &'static str,
    /// Its content.
    pub bytes: &'static [u8],
    /// What to say in the header `Cache-Control`: files whose name carries a hash of their content never change.
    pub cache_control: &'static str,
}

/// The page of the IDE: GraphiQL when it is embedded, our plain page when it is not.
pub fn index() -> Asset {
    asset("index.html").or_else(|| asset(PLAIN_PAGE)).unwrap_or(Asset {
        mime: "text/plain; charset=utf-8",
        bytes: b"no page is embedded",
        cache_control: "no-cache",
    })
}

/// Whether GraphiQL is embedded.
pub fn has_graphiql() -> bool {
    asset("index.html").is_some()
}

/// The file at `path` under `/ide/`, for instance `plain.html`.
pub fn asset(path: &str) -> Option<Asset> {
    let (name, bytes) = FILES.iter().find(|(name, _)| *name == path)?;
    let hashed = name.starts_with("assets/");
    let cache_control = if hashed { "public, max-age=31536000, immutable" } else { "no-cache" };
    Some(Asset { mime: mime(name), bytes, cache_control })
}

fn mime(name: &str) -> &'static str {
    match name.rsplit_once('.').map(|(_, extension)| extension) {
        Some("html") => "text/html; charset=utf-8",
        Some("js") => "text/javascript; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("json" | "map") => "application/json",
        Some("svg") => "image/svg+xml",
        Some("png") => "image/png",
        Some("ttf") => "font/ttf",
        Some("woff") => "font/woff",
        Some("woff2") => "font/woff2",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_plain_page_and_what_it_uses_are_always_there() {
        let page = asset(PLAIN_PAGE).unwrap();
        assert_eq!(page.mime, "text/html; charset=utf-8");
        let text = std::str::from_utf8(page.bytes).unwrap();
        for name in ["plain.js", "plain.css"] {
            assert!(text.contains(&format!("/ide/{name}")), "the page uses {name}");
            assert!(asset(name).is_some(), "{name} is embedded");
        }
    }

    #[test]
    fn no_page_of_ours_names_an_address_outside() {
        for (name, bytes) in FILES.iter().filter(|(name, _)| name.starts_with("plain.")) {
            let text = std::str::from_utf8(bytes).unwrap();
            assert!(!text.contains("http://") && !text.contains("https://"), "{name} names an address");
        }
    }

    #[test]
    fn the_index_is_a_page() {
        assert_eq!(index().mime, "text/html; charset=utf-8");
        assert_eq!(asset("../Cargo.toml"), None);
    }
}
