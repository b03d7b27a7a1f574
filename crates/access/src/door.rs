//! The way in: who is let in with what they bring, and for how long.

use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use crate::{EntryRefusal, Identity};

/// What is answered later.
pub type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Whoever can tell from what somebody brings who they are.
pub trait Door: Send + Sync {
    /// Lets somebody in who brings the value of a header `Authorization`, from this address.
    fn admit<'a>(
        &'a self,
        authorization: &'a str,
        address: Option<IpAddr>,
    ) -> Later<'a, Result<Admission, TurnedAway>>;
}

/// Somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TurnedAway {
    /// Why.
    pub because: EntryRefusal,
    /// How long to wait before it is of use to come again, when it ever is.
    pub retry_after: Option<Duration>,
}

impl From<EntryRefusal> for TurnedAway {
    fn from(because: EntryRefusal) -> Self {
        Self { because, retry_after: None }
    }
}

/// Somebody is in.
#[derive(Clone)]
pub struct Admission {
    /// Who.
    pub identity: Identity,
    /// For how long, and how much they may ask in that time.
    pub tenure: Arc<dyn Tenure>,
}

/// How long somebody is in, and how much they may ask.
pub trait Tenure: Send + Sync {
    /// Takes one request out of what they may ask.
    ///
    /// # Errors
    /// How long to wait until they may ask again.
    fn ask(&self) -> Result<(), Duration>;

    /// Waits until they have to leave.
    fn over(&self) -> Later<'static, End>;
}

/// Why somebody has to leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum End {
    /// Their token has ended.
    Expired,
    /// Their token was revoked.
    Revoked,
}

/// The mark of a request that brought nothing where something is needed. It may see what is shown to everybody, and
/// a WebSocket may still bring its token in its first message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Anonymous;

/// The door that a request came to and the address it came from, for a WebSocket whose token comes later.
#[derive(Clone)]
pub struct Doorstep {
    /// Who is asked.
    pub door: Arc<dyn Door>,
    /// From where.
    pub address: Option<IpAddr>,
}
