//! Who may see and do what, at this moment: the policy, and what was lent.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Weak};
use std::time::Duration;

use parking_lot::Mutex;
use tokio::sync::watch;
use tokio::task::JoinHandle;
use trunkline_access::{Identity, Lent, Permission, Policy, Scope};
use trunkline_domain::grant;
use trunkline_kernel::{Actor, Clock, EventId, EventType, Millis, Timestamp};
use trunkline_log::{Direction, Feed, Filter, Log, LogError, Query, Subscription};

use crate::grants::{GrantInForce, Grants, REVEALS_WITHIN};

/// What bounds grants. All of it can be set under `[access]` in the configuration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AccessLimits {
    /// How long rights may be lent at most. Default 30 days.
    pub delegation_longest: Millis,
    /// How long an emergency access lasts at most. Default 60 minutes.
    pub emergency_longest: Millis,
    /// How many masked values one person may have shown in an hour. Default 20.
    pub reveals_per_hour_max: u32,
}

impl Default for AccessLimits {
    fn default() -> Self {
        Self {
            delegation_longest: Millis::from_mins(30 * 24 * 60),
            emergency_longest: Millis::from_mins(60),
            reveals_per_hour_max: 20,
        }
    }
}

/// How long an answer waits for this server to have taken note of a grant that it gave.
const NOTED_MAX: Duration = Duration::from_secs(2);
const PAGE: usize = 500;

/// Answers what somebody sees and may do now. Every way in asks here.
///
/// What is lent is followed in the log: on this server it holds as soon as it is answered, on others as soon as their
/// feed has it, which `feed.reread_ms` bounds while the log can be reached. What ends by its time ends everywhere at
/// that time. When the grants cannot be followed any more, nothing is lent.
pub struct Authority {
    policy: Policy,
    limits: AccessLimits,
    clock: Arc<dyn Clock>,
    grants: Mutex<Grants>,
    version: AtomicU64,
    blind: AtomicBool,
    noted: watch::Sender<u64>,
    revealing: tokio::sync::Mutex<()>,
    follower: Mutex<Option<JoinHandle<()>>>,
}

/// What somebody sees and may do, and until when that can be said.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What.
    pub scope: Arc<Scope>,
    /// What was lent to them or taken in an emergency, as far as the scope is made of it.
    pub grants: Arc<[GrantInForce]>,
    /// When something that was lent ends.
    pub until: Option<Timestamp>,
    /// Which state of what is lent it was made of.
    pub version: u64,
}

impl Authority {
    /// By this policy alone, with the limits as they are by default: nothing is lent, and nobody's reveals are counted.
    /// For tests and measurements; a server starts one that follows its log.
    pub fn new(policy: Policy, clock: Arc<dyn Clock>) -> Self {
        Self {
            policy,
            limits: AccessLimits::default(),
            clock,
            grants: Mutex::default(),
            version: AtomicU64::new(0),
            blind: AtomicBool::new(false),
            noted: watch::Sender::new(0),
            revealing: tokio::sync::Mutex::default(),
            follower: Mutex::default(),
        }
    }

    /// By this policy, following the grants of a log: those in force are known when this returns.
    ///
    /// # Errors
    /// When the log fails.
    pub async fn start(
        policy: Policy,
        limits: AccessLimits,
        clock: Arc<dyn Clock>,
        log: &dyn Log,
        feed: &Feed,
    ) -> Result<Arc<Self>, LogError> {
        // Nothing that is older can still be in force, or be counted.
        let longest = limits.delegation_longest.max(limits.emergency_longest).max(REVEALS_WITHIN);
        let oldest = Timestamp::from_micros(clock.now().micros() - longest.0.saturating_mul(1_000));
        let mut from = log.position_at(oldest).await?;
        let mut this = Self::new(policy, clock);
        this.limits = limits;
        let this = Arc::new(this);
        // By their types, for which the log has an index; of a category alone it would look at every event.
        let types = grant::Event::DECLARED.iter().map(|event| EventType::known(event.name)).collect();
        let filter = Filter { types, ..Filter::default() };
        loop {
            let direction = Direction::Forwards;
            let query =
                Query { filter: filter.clone(), direction, from: Some(from), until: None, limit: PAGE };
            let page = log.read(&query).await?;
            for recorded in &page.events {
                this.take(recorded);
            }
            let whole = page.events.len() < PAGE;
            from = page.events.last().map_or(from, |last| last.position);
            if whole {
                break;
            }
        }
        let follower = tokio::spawn(follow(Arc::downgrade(&this), feed.subscribe(filter, from)));
        *this.follower.lock() = Some(follower);
        Ok(this)
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What bounds grants.
    pub fn limits(&self) -> &AccessLimits {
        &self.limits
    }

    /// What an identity sees and may do now.
    pub fn answer(&self, identity: &Identity) -> Answer {
        let version = self.version.load(Ordering::Acquire);
        let grants: Arc<[GrantInForce]> = self.held(identity).into();
        let until = grants.iter().map(|grant| grant.until).min();
        let scope = Arc::new(Scope::of(&self.policy, identity, &lent(&grants)));
        Answer { scope, grants, until, version }
    }

    /// What an identity sees by those of its roles that may do this; see [`Scope::to_do`].
    pub fn to_do(&self, permission: Permission, identity: &Identity) -> Scope {
        Scope::to_do(permission, &self.policy, identity, &lent(&self.held(identity)))
    }

    /// Whether an answer still holds.
    pub fn holds(&self, answer: &Answer) -> bool {
        answer.version == self.version.load(Ordering::Acquire)
            && answer.until.is_none_or(|until| self.clock.now() < until)
    }

    /// Every grant that is in force.
    pub fn in_force(&self) -> Vec<GrantInForce> {
        self.grants.lock().in_force(self.clock.now())
    }

    /// How many values were revealed to somebody in the last hour.
    pub fn reveals_to(&self, actor: &Actor) -> usize {
        self.grants.lock().reveals_to(actor, self.clock.now())
    }

    /// Lets one reveal after the other through, so that several at once are counted.
    pub async fn revealing(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.revealing.lock().await
    }

    /// Waits until this server has taken note of an event that changes a grant, so that whoever is told of it finds that
    /// it holds. It gives up after two seconds: then the log's feed is behind, and the grant holds a little later.
    pub async fn noted(&self, event: EventId) {
        let mut noted = self.noted.subscribe();
        let wait = noted.wait_for(|_| self.grants.lock().has_noted(event));
        if tokio::time::timeout(NOTED_MAX, wait).await.is_err() {
            tracing::warn!(%event, "a grant is not in force yet: the feed is behind");
        }
    }

    fn held(&self, identity: &Identity) -> Vec<GrantInForce> {
        if self.blind.load(Ordering::Acquire) {
            return Vec::new();
        }
        self.grants.lock().held_by(identity, self.clock.now())
    }

    fn take(&self, recorded: &trunkline_kernel::Recorded) {
        let mut grants = self.grants.lock();
        grants.forget(self.clock.now());
        match grants.take(recorded) {
            Ok(true) => {
                self.version.fetch_add(1, Ordering::AcqRel);
            }
            Ok(false) => {}
            // An event that this build cannot read lends nothing; one that ended something ends by its time.
            Err(error) => tracing::error!(%error, position = recorded.position.0, "a grant cannot be read"),
        }
        drop(grants);
        self.noted.send_modify(|noted| *noted += 1);
    }
}

fn lent(grants: &[GrantInForce]) -> Vec<Lent> {
    grants.iter().map(GrantInForce::lent).collect()
}

impl Drop for Authority {
    fn drop(&mut self) {
        if let Some(follower) = self.follower.lock().take() {
            follower.abort();
        }
    }
}

async fn follow(authority: Weak<Authority>, mut grants: Subscription) {
    loop {
        let batch = grants.next().await;
        let Some(authority) = authority.upgrade() else { return };
        match batch {
            Ok(batch) => batch.events.iter().for_each(|recorded| authority.take(recorded)),
            Err(error) => {
                if !matches!(error, LogError::Closed) {
                    tracing::error!(%error, "grants cannot be followed any more: nothing is lent from now on");
                }
                authority.blind.store(true, Ordering::Release);
                authority.version.fetch_add(1, Ordering::AcqRel);
                return;
            }
        }
    }
}
