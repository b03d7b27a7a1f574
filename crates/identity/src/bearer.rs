//! What a header `Authorization` brings.

use std::fmt;

use trunkline_access::EntryRefusal;

/// The longest token that is looked at, in bytes. Providers' tokens are 1 to 3 KiB; headers end at 8 KiB or so in
/// most proxies.
pub const TOKEN_BYTES_MAX: usize = 8 * 1024;

/// A token as RFC 6750 carries it. It has no way to be printed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Bearer<'a>(&'a str);

impl<'a> Bearer<'a> {
    /// Takes the token out of the value of a header `Authorization`.
    ///
    /// # Errors
    /// [`EntryRefusal::Missing`] when it brings something else than a bearer token, [`EntryRefusal::Malformed`] when
    /// it brings one that does not have the form of one.
    pub fn of(header: &'a str) -> Result<Self, EntryRefusal> {
        let (scheme, token) = header.split_once(' ').unwrap_or((header, ""));
        if !scheme.eq_ignore_ascii_case("bearer") {
            return Err(EntryRefusal::Missing);
        }
        let token = token.trim_matches(' ');
        // RFC 6750, 2.1: b64token = 1*( ALPHA / DIGIT / "-" / "." / "_" / "~" / "+" / "/" ) *"="
        let body = token.trim_end_matches('=');
        let holds = !body.is_empty()
            && token.len() <= TOKEN_BYTES_MAX
            && body.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._~+/".contains(&byte));
        if holds { Ok(Self(token)) } else { Err(EntryRefusal::Malformed) }
    }

    /// The token itself.
    pub(crate) fn token(self) -> &'a str {
        self.0
    }
}

impl fmt::Debug for Bearer<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Bearer(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_taken_out_of_its_header() {
        for header in ["Bearer abc.def-_~+/==", "bearer abc.def-_~+/==", "BEARER  abc.def-_~+/== "] {
            assert_eq!(Bearer::of(header).unwrap().token(), "abc.def-_~+/==", "{header}");
        }
    }

    #[test]
    fn what_is_no_bearer_token_is_missing_and_what_looks_wrong_is_malformed() {
        let long = format!("Bearer {}", "x".repeat(TOKEN_BYTES_MAX + 1));
        for (header, refusal) in [
            ("Basic dXNlcg==", EntryRefusal::Missing),
            ("", EntryRefusal::Missing),
            ("Bearer", EntryRefusal::Malformed),
            ("Bearer ", EntryRefusal::Malformed),
            ("Bearer a b", EntryRefusal::Malformed),
            ("Bearer a\"b", EntryRefusal::Malformed),
            ("Bearer =", EntryRefusal::Malformed),
            (&long, EntryRefusal::Malformed),
        ] {
            assert_eq!(Bearer::of(header), Err(refusal), "{header}");
        }
    }

    #[test]
    fn it_cannot_be_printed() {
        assert_eq!(format!("{:?}", Bearer::of("Bearer secret").unwrap()), "Bearer(…)");
    }
}
