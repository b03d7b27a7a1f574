//! The caller of one request, and what the caller sees at each moment of it.

use std::sync::Arc;

use parking_lot::Mutex;
use trunkline_access::{Identity, Permission, Scope};
use trunkline_app::{Answer, Authority, GrantInForce};

/// The caller of one request. A subscription can outlive what was lent to its caller, so it asks again and again.
#[derive(Clone)]
pub(crate) struct Seer(Arc<Inner>);

struct Inner {
    authority: Arc<Authority>,
    identity: Identity,
    answer: Mutex<Answer>,
}

impl Seer {
    pub(crate) fn of(authority: Arc<Authority>, identity: Identity) -> Self {
        let answer = Mutex::new(authority.answer(&identity));
        Self(Arc::new(Inner { authority, identity, answer }))
    }

    /// What the caller sees and may do now.
    pub(crate) fn scope(&self) -> Arc<Scope> {
        let mut answer = self.0.answer.lock();
        if !self.0.authority.holds(&answer) {
            *answer = self.0.authority.answer(&self.0.identity);
        }
        Arc::clone(&answer.scope)
    }

    /// What was lent to the caller or taken in an emergency, when they were last asked about.
    pub(crate) fn grants(&self) -> Arc<[GrantInForce]> {
        Arc::clone(&self.0.answer.lock().grants)
    }

    /// What the caller sees by the roles that may do this, and so can do it to.
    pub(crate) fn to_do(&self, permission: Permission) -> Scope {
        self.0.authority.to_do(permission, &self.0.identity)
    }
}
