//! Who is asked about everybody who comes in.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use trunkline_access::{Admission, Door, End, EntryRefusal, Later, Sight, Tenure, Witness};
use trunkline_kernel::{Clock, Timestamp, TokenId};

use crate::bearer::Bearer;
use crate::claims::claimed_issuer;
use crate::known::{Fingerprint, Known, Memory};
use crate::local::{self, LocalTokens};
use crate::revocations::Revocations;

/// What a doorkeeper is made of.
pub struct DoorkeeperOptions {
    /// Our own tokens.
    pub local: LocalTokens,
    /// Which of them were revoked.
    pub revocations: Arc<Revocations>,
    /// Who writes down what is seen.
    pub witness: Arc<dyn Witness>,
    /// How many checked tokens are remembered.
    pub known_max: NonZeroUsize,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
}

/// Tells from a token who somebody is.
pub struct Doorkeeper {
    options: DoorkeeperOptions,
    known: Memory,
}

impl Doorkeeper {
    /// A doorkeeper who knows nobody yet.
    pub fn new(options: DoorkeeperOptions) -> Self {
        let known = Memory::new(options.known_max);
        Self { options, known }
    }

    /// Takes note of a refusal, for the audit trail, and gives it back.
    fn refuse(
        &self,
        because: EntryRefusal,
        address: Option<IpAddr>,
        subject: Option<String>,
    ) -> EntryRefusal {
        self.options.witness.saw(Sight::Refused { address, because, subject });
        because
    }

    async fn enter(&self, authorization: &str, address: Option<IpAddr>) -> Result<Admission, EntryRefusal> {
        let token = Bearer::of(authorization).map_err(|because| self.refuse(because, address, None))?.token();
        let fingerprint = Fingerprint::of(token);
        let (known, first) = match self.known.get(fingerprint) {
            Some(known) => (known, false),
            None => {
                (Arc::new(self.check(token).map_err(|because| self.refuse(because, address, None))?), true)
            }
        };
        if let Err(because) = self.holds(&known) {
            self.known.forget(fingerprint);
            return Err(self.refuse(because, address, Some(known.identity.actor.to_string())));
        }
        let mut identity = known.identity.clone();
        identity.address = address;
        if first {
            self.known.keep(fingerprint, Arc::clone(&known));
            self.options.witness.saw(Sight::Entered(identity.clone()));
        }
        Ok(Admission { identity, tenure: Arc::new(self.term(&known)) })
    }

    /// Checks a token that is not known.
    fn check(&self, token: &str) -> Result<Known, EntryRefusal> {
        match claimed_issuer(token).as_deref() {
            Some(local::ISSUER) => self.options.local.check(token),
            Some(_) => Err(EntryRefusal::Foreign),
            None => Err(EntryRefusal::Signature),
        }
    }

    /// Whether what was found out about a token still holds.
    fn holds(&self, known: &Known) -> Result<(), EntryRefusal> {
        if known.until <= self.options.clock.now() {
            return Err(EntryRefusal::Expired);
        }
        match known.local {
            Some(id) if self.options.revocations.contains(id) => Err(EntryRefusal::Revoked),
            Some(_) | None => Ok(()),
        }
    }

    fn term(&self, known: &Known) -> Term {
        Term {
            until: known.until,
            local: known.local,
            revocations: Arc::clone(&self.options.revocations),
            clock: Arc::clone(&self.options.clock),
        }
    }
}

impl Door for Doorkeeper {
    fn admit<'a>(
        &'a self,
        authorization: &'a str,
        address: Option<IpAddr>,
    ) -> Later<'a, Result<Admission, EntryRefusal>> {
        Box::pin(self.enter(authorization, address))
    }
}

/// How long a token lets its bearer stay.
struct Term {
    until: Timestamp,
    local: Option<TokenId>,
    revocations: Arc<Revocations>,
    clock: Arc<dyn Clock>,
}

impl Tenure for Term {
    fn over(&self) -> Later<'static, End> {
        let left = self.until.since(self.clock.now());
        let ends = tokio::time::sleep(Duration::from_millis(u64::try_from(left.0).unwrap_or_default()));
        let (local, revocations) = (self.local, Arc::clone(&self.revocations));
        Box::pin(async move {
            let revoked = async {
                match local {
                    Some(id) => revocations.revoked(id).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                () = ends => End::Expired,
                () = revoked => End::Revoked,
            }
        })
    }
}
