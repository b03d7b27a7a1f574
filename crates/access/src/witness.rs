//! Where the ways in tell what they saw, for the record of reads.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use trunkline_domain::access::{Outcome, Way};
use trunkline_kernel::{CustomerId, GrantId, RecordingId};

use crate::{Identity, Later, Seen};

/// Whoever writes down what the ways in see. An implementation queues, and writes elsewhere.
pub trait Witness: Send + Sync {
    /// Takes note when it can, and keeps nobody waiting: for what shows no personal value.
    fn saw(&self, sight: Sight);

    /// Takes note, and says when that is durable: what shows personal values is only given out then.
    fn noted(&self, sight: Sight) -> Later<'_, Result<(), Unrecorded>>;
}

/// What was seen could not be written down, so that it must not be shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record of reads cannot be written")]
pub struct Unrecorded;

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
    /// Somebody asked the API for something.
    Asked(Box<Asked>),
    /// Somebody is about to hear a recording, or was refused it.
    Played {
        /// Who.
        identity: Identity,
        /// The code of the refusal, when they were refused.
        refused: Option<String>,
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

/// What somebody asked the API for, and what they got.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Asked {
    /// Who.
    pub identity: Identity,
    /// What was lent to them or taken in an emergency, in force at the time.
    pub grants: BTreeSet<GrantId>,
    /// Whether an emergency was in force.
    pub emergency: bool,
    /// On which way.
    pub way: Way,
    /// What the client calls the operation.
    pub operation: Option<String>,
    /// The hash of the operation without what its caller put in.
    pub shape: Option<String>,
    /// The fields of the operation itself.
    pub fields: BTreeSet<String>,
    /// What they got to see.
    pub seen: Seen,
    /// What became of it.
    pub outcome: Outcome,
    /// The stable code of a refusal or an error.
    pub code: Option<String>,
    /// How long it took.
    pub took: Duration,
    /// What names the request in the server's log.
    pub trace: String,
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

    fn noted(&self, _: Sight) -> Later<'_, Result<(), Unrecorded>> {
        Box::pin(std::future::ready(Ok(())))
    }
}
