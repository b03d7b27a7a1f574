//! Who is asked about everybody who comes in.

use std::net::IpAddr;
use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Duration;

use trunkline_access::{
    Admission, Door, End, EntryRefusal, Identity, Later, Sight, Tenure, TurnedAway, Witness,
};
use trunkline_kernel::{Actor, Clock, Timestamp, TokenId};

use crate::allowance::{Allowances, Grudges, Patience, Place, Rate};
use crate::bearer::Bearer;
use crate::claims::claimed_issuer;
use crate::known::{Fingerprint, Known, Memory};
use crate::local::{self, LocalTokens};
use crate::oidc::Provider;
use crate::revocations::Revocations;

/// What a doorkeeper is made of.
pub struct DoorkeeperOptions {
    /// Our own tokens.
    pub local: LocalTokens,
    /// The provider whose tokens are taken as well.
    pub provider: Option<Arc<Provider>>,
    /// Which of them were revoked.
    pub revocations: Arc<Revocations>,
    /// Who writes down what is seen.
    pub witness: Arc<dyn Witness>,
    /// How many checked tokens are remembered.
    pub known_max: NonZeroUsize,
    /// How much each subject may ask.
    pub rate: Rate,
    /// How whoever brings bad tokens is kept waiting.
    pub patience: Patience,
    /// How many subjects and how many places are remembered for that.
    pub remembered_max: NonZeroUsize,
    /// The present moment.
    pub clock: Arc<dyn Clock>,
}

/// Tells from a token who somebody is.
pub struct Doorkeeper {
    options: DoorkeeperOptions,
    known: Memory,
    grudges: Grudges,
    allowances: Arc<Allowances<Actor>>,
}

impl Doorkeeper {
    /// A doorkeeper who knows nobody yet.
    pub fn new(options: DoorkeeperOptions) -> Self {
        let most = options.remembered_max;
        Self {
            known: Memory::new(options.known_max),
            grudges: Grudges::new(options.patience, most),
            allowances: Arc::new(Allowances::new(options.rate, most)),
            options,
        }
    }

    /// Lets a service in whose certificate the transport has checked; `first` on the first request of a connection.
    pub fn admit_service(&self, mut identity: Identity, address: Option<IpAddr>, first: bool) -> Admission {
        identity.address = address;
        if first {
            self.options.witness.saw(Sight::Entered(identity.clone()));
        }
        let actor = identity.actor.clone();
        let tenure =
            Connection { actor, allowances: Arc::clone(&self.allowances), clock: self.options.clock.clone() };
        Admission { identity, tenure: Arc::new(tenure) }
    }

    async fn enter(&self, authorization: &str, address: Option<IpAddr>) -> Result<Admission, TurnedAway> {
        let token = Bearer::of(authorization).map_err(|because| self.refuse(because, address, None))?.token();
        let fingerprint = Fingerprint::of(token);
        let now = self.options.clock.now();
        let (known, first) = match self.known.get(fingerprint).filter(|known| now < known.fresh_until) {
            Some(known) => (known, false),
            None => (Arc::new(self.meet(token, address).await?), true),
        };
        if let Err(because) = self.holds(&known, token).await {
            self.known.forget(fingerprint);
            return Err(self.refuse(because, address, Some(known.identity.actor.to_string())));
        }
        let mut identity = known.identity.clone();
        identity.address = address;
        if first {
            self.known.keep(fingerprint, Arc::clone(&known));
            self.options.witness.saw(Sight::Entered(identity.clone()));
        }
        Ok(Admission { identity, tenure: Arc::new(self.term(&known, token)) })
    }

    /// Checks a token that is not known. Whoever brought bad ones before may have to wait; those who are known from
    /// the same place need not.
    async fn meet(&self, token: &str, address: Option<IpAddr>) -> Result<Known, TurnedAway> {
        let place = address.map(Place::from);
        let now = self.options.clock.now();
        if let Some(Err(wait)) = place.map(|place| self.grudges.hear(place, now)) {
            let away = self.refuse(EntryRefusal::TooMany, address, None);
            return Err(TurnedAway { retry_after: Some(wait), ..away });
        }
        self.check(token).await.map_err(|because| {
            if let (Some(place), true) = (place, is_bad(because)) {
                self.grudges.note(place, now);
            }
            self.refuse(because, address, None)
        })
    }

    /// Checks a token.
    async fn check(&self, token: &str) -> Result<Known, EntryRefusal> {
        match (claimed_issuer(token).as_deref(), &self.options.provider) {
            (Some(local::ISSUER), _) => self.options.local.check(token),
            (Some(issuer), Some(provider)) if provider.is(issuer) => provider.check_signed(token).await,
            (Some(_), _) => Err(EntryRefusal::Foreign),
            (None, Some(provider)) if provider.knows_opaque() => provider.check_opaque(token).await,
            (None, _) => Err(EntryRefusal::Signature),
        }
    }

    /// Whether what was found out about a token still holds.
    async fn holds(&self, known: &Known, token: &str) -> Result<(), EntryRefusal> {
        if known.until <= self.options.clock.now() {
            return Err(EntryRefusal::Expired);
        }
        if known.local.is_some_and(|id| self.options.revocations.contains(id)) {
            return Err(EntryRefusal::Revoked);
        }
        match (&self.options.provider, &known.asked) {
            (Some(provider), Some(asked)) => provider.confirm(token, asked).await,
            (Some(_) | None, _) => Ok(()),
        }
    }

    fn term(&self, known: &Known, token: &str) -> Term {
        let asked = known.asked.is_some().then(|| self.options.provider.clone()).flatten();
        Term {
            asked: asked.map(|provider| (provider, token.into())),
            until: known.until,
            local: known.local,
            actor: known.identity.actor.clone(),
            revocations: Arc::clone(&self.options.revocations),
            allowances: Arc::clone(&self.allowances),
            clock: Arc::clone(&self.options.clock),
        }
    }

    /// Takes note of a refusal, for the audit trail.
    fn refuse(&self, because: EntryRefusal, address: Option<IpAddr>, subject: Option<String>) -> TurnedAway {
        self.options.witness.saw(Sight::Refused { address, because, subject });
        because.into()
    }
}

/// Whether a token that is refused so is held against whoever brought it. One that was right once is not.
fn is_bad(because: EntryRefusal) -> bool {
    match because {
        EntryRefusal::Signature | EntryRefusal::Foreign | EntryRefusal::Malformed => true,
        EntryRefusal::Missing
        | EntryRefusal::Expired
        | EntryRefusal::Revoked
        | EntryRefusal::NoRole
        | EntryRefusal::TooMany
        | EntryRefusal::Unproven => false,
    }
}

impl Door for Doorkeeper {
    fn admit<'a>(
        &'a self,
        authorization: &'a str,
        address: Option<IpAddr>,
    ) -> Later<'a, Result<Admission, TurnedAway>> {
        Box::pin(self.enter(authorization, address))
    }
}

/// How long a token lets its bearer stay.
struct Term {
    /// The provider that is asked about the token from time to time, and the token.
    asked: Option<(Arc<Provider>, Arc<str>)>,
    until: Timestamp,
    local: Option<TokenId>,
    actor: Actor,
    revocations: Arc<Revocations>,
    allowances: Arc<Allowances<Actor>>,
    clock: Arc<dyn Clock>,
}

impl Tenure for Term {
    fn ask(&self) -> Result<(), Duration> {
        self.allowances.take(self.actor.clone(), self.clock.now())
    }

    fn over(&self) -> Later<'static, End> {
        let left = self.until.since(self.clock.now());
        let ends = tokio::time::sleep(Duration::from_millis(u64::try_from(left.0).unwrap_or_default()));
        let (local, revocations, asked) = (self.local, Arc::clone(&self.revocations), self.asked.clone());
        Box::pin(async move {
            let revoked = async {
                match (local, asked) {
                    (Some(id), _) => revocations.revoked(id).await,
                    (None, Some((provider, token))) => provider.revoked(&token).await,
                    (None, None) => std::future::pending().await,
                }
            };
            tokio::select! {
                () = ends => End::Expired,
                () = revoked => End::Revoked,
            }
        })
    }
}

/// A connection with a certificate lets its service stay as long as it lasts.
struct Connection {
    actor: Actor,
    allowances: Arc<Allowances<Actor>>,
    clock: Arc<dyn Clock>,
}

impl Tenure for Connection {
    fn ask(&self) -> Result<(), Duration> {
        self.allowances.take(self.actor.clone(), self.clock.now())
    }

    fn over(&self) -> Later<'static, End> {
        Box::pin(std::future::pending())
    }
}
