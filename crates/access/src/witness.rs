//! Where the way in tells what it saw, for the audit trail.

use std::net::IpAddr;

use trunkline_kernel::{CustomerId, RecordingId};

use crate::Identity;

/// Whoever writes down what the way in sees. It is called on the way of a request, so it must not wait: an
/// implementation queues, and writes elsewhere.
pub trait Witness: Send + Sync {
    /// Takes note.
    fn saw(&self, sight: Sight);
}

/// Something about access that belongs into the audit trail. No token and no part of one is ever in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sight {
    /// Somebody came in: the first use of a token on this server, or of a new connection with a client certificate.
    /// Requests that follow with the same token are not told again.
    Entered(Identity),
    /// Somebody was refused at the way in.
    Refused {
        /// The address they asked from.
        address: Option<IpAddr>,
        /// Why.
        because: EntryRefusal,
        /// Whom the token names, when its signature was right; a name that nobody vouches for is not written down.
        subject: Option<String>,
    },
    /// Somebody is about to hear a recording.
    Played {
        /// Who.
        identity: Identity,
        /// Which recording.
        recording: RecordingId,
        /// Whose voice it is, when that is known.
        customer: Option<CustomerId>,
        /// Why, in their own words.
        reason: String,
        /// Whether they take a copy with them.
        download: bool,
        /// Which bytes of it, the last one included.
        bytes: (u64, u64),
    },
}

/// Why somebody was refused at the way in. The asker is told less: RFC 6750 names three reasons and no more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum EntryRefusal {
    /// No token where one is needed.
    Missing,
    /// A header, a message or a token that is not one.
    Malformed,
    /// A signature that is wrong, or made with an algorithm or a key that is not allowed.
    Signature,
    /// The token was not made for this server, or by nobody it trusts.
    Foreign,
    /// The token is over, or not valid yet.
    Expired,
    /// The token was revoked.
    Revoked,
    /// The token is right and gives no role here.
    NoRole,
    /// Too many requests, or too many bad tokens, from this subject or address.
    TooMany,
    /// The provider could not be asked, so that nothing can be said about the token.
    Unproven,
}

impl EntryRefusal {
    /// Its permanent name, as the audit trail and the metrics say it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Missing => "missing",
            Self::Malformed => "malformed",
            Self::Signature => "signature",
            Self::Foreign => "foreign",
            Self::Expired => "expired",
            Self::Revoked => "revoked",
            Self::NoRole => "no_role",
            Self::TooMany => "too_many",
            Self::Unproven => "unproven",
        }
    }
}

/// A witness that looks away: where no audit trail is kept.
#[derive(Clone, Copy, Debug, Default)]
pub struct Blind;

impl Witness for Blind {
    fn saw(&self, _: Sight) {}
}
