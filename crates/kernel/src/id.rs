//! Ids of different things are different types, so that mixing two of them does not compile.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// What all ids share. `KIND` is the noun used in streams, tags and GraphQL node ids.
pub trait Id: Copy + Eq + Ord + std::hash::Hash + fmt::Display + fmt::Debug + Send + Sync + 'static {
    /// The permanent noun of the thing identified, for instance `customer`.
    const KIND: &'static str;

    /// Wraps a UUID that is known to identify a thing of this kind.
    fn from_uuid(uuid: Uuid) -> Self;

    /// The bare UUID.
    fn uuid(self) -> Uuid;
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(transparent)]
        pub struct $name(#[schemars(with = "String", extend("format" = "uuid"))] Uuid);

        impl Id for $name {
            const KIND: &'static str = $kind;

            fn from_uuid(uuid: Uuid) -> Self {
                Self(uuid)
            }

            fn uuid(self) -> Uuid {
                self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, concat!($kind, ":{}"), self.0)
            }
        }

        impl FromStr for $name {
            type Err = uuid::Error;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Uuid::try_parse(text).map(Self)
            }
        }
    )*};
}

ids! {
    /// A natural person or company that may be contacted: one OneID.
    CustomerId = "customer";
    /// A person who speaks with customers.
    AgentId = "agent";
    /// A list, a script, a dialing mode, an attempt policy and calling hours.
    CampaignId = "campaign";
    /// One customer in one campaign.
    LeadId = "lead";
    /// One telephone call.
    CallId = "call";
    /// Every dial of one customer, in all campaigns; the same UUID as the customer's.
    ContactId = "contact";
    /// A telephone number on do-not-call lists, by its keyed hash.
    ListingId = "listing";
    /// An offer of work to one agent.
    ReservationId = "reservation";
    /// The search for an agent for one piece of work; its UUID is that of the work.
    RoutingId = "routing";
    /// By what it is decided who sees and may do what.
    AccessPolicyId = "access_policy";
    /// What there is more demand for than usual.
    DemandId = "demand";
    /// What dials campaigns, on one server at a time.
    DialerId = "dialer";
    /// A server, from its start to its end.
    ServerId = "server";
    /// What routing decided at one moment, and from what.
    DecisionId = "decision";
    /// The models of one purpose: what scores, and what did.
    ModelsId = "model";
    /// Anything said on any channel.
    InteractionId = "interaction";
    /// Work to be done by a person by a time.
    TaskId = "task";
    /// The recorded voices of one call.
    RecordingId = "recording";
    /// An access token that Trunkline signed itself.
    TokenId = "token";
    /// A request of a person about their own data.
    RightsRequestId = "rights_request";
    /// Rights for a time: lent, taken in an emergency, or used up at once to see one value.
    GrantId = "grant";
    /// A rule about accesses that was met.
    AlertId = "alert";
    /// One event in the log; UUID version 7, chosen by the writer.
    EventId = "event";
    /// One command; repeated when the same command is sent again.
    CommandId = "command";
    /// Everything that follows from one first cause.
    CorrelationId = "correlation";
}

/// A W3C trace id: 16 bytes, written as 32 lower-case hexadecimal digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TraceId(u128);

impl TraceId {
    /// Wraps the 128 bits of a trace id; zero is "no trace" in W3C terms and gives `None`.
    pub fn new(bits: u128) -> Option<Self> {
        (bits != 0).then_some(Self(bits))
    }

    /// The 128 bits.
    pub fn bits(self) -> u128 {
        self.0
    }
}

impl fmt::Display for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:032x}", self.0)
    }
}

impl fmt::Debug for TraceId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "trace:{self}")
    }
}

impl FromStr for TraceId {
    type Err = std::num::ParseIntError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        u128::from_str_radix(text, 16).map(Self)
    }
}
