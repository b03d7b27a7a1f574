//! Who may see and do what, at this moment: the policy, and what was lent.

use std::sync::Arc;

use trunkline_access::{Identity, Lent, Permission, Policy, Scope};
use trunkline_kernel::{Clock, Timestamp};

/// Answers what somebody sees and may do now. Every way in asks here.
pub struct Authority {
    policy: Policy,
    clock: Arc<dyn Clock>,
}

/// What somebody sees and may do, and until when that can be said.
#[derive(Clone, Debug)]
pub struct Answer {
    /// What.
    pub scope: Arc<Scope>,
    /// When something that was lent ends.
    pub until: Option<Timestamp>,
    /// Which state of what is lent it was made of.
    pub version: u64,
}

impl Authority {
    /// By this policy.
    pub fn new(policy: Policy, clock: Arc<dyn Clock>) -> Self {
        Self { policy, clock }
    }

    /// The policy.
    pub fn policy(&self) -> &Policy {
        &self.policy
    }

    /// What an identity sees and may do now.
    pub fn answer(&self, identity: &Identity) -> Answer {
        let version = self.version();
        let lent = self.lent(identity);
        let until = lent.iter().map(|lent| lent.until).min();
        Answer { scope: Arc::new(Scope::of(&self.policy, identity, &lent)), until, version }
    }

    /// What an identity sees by those of its roles that may do this; see [`Scope::to_do`].
    pub fn to_do(&self, permission: Permission, identity: &Identity) -> Scope {
        Scope::to_do(permission, &self.policy, identity, &self.lent(identity))
    }

    /// Whether an answer still holds.
    pub fn holds(&self, answer: &Answer) -> bool {
        answer.version == self.version() && answer.until.is_none_or(|until| self.clock.now() < until)
    }

    fn version(&self) -> u64 {
        0
    }

    fn lent(&self, _: &Identity) -> Vec<Lent> {
        Vec::new()
    }
}
