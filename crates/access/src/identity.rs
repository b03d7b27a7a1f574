//! Who asks.

use std::collections::BTreeSet;
use std::net::IpAddr;

use trunkline_kernel::{Actor, AgentId, Timestamp};

use crate::Role;

/// Who asks, as the way in has established it: from a token, or from the configuration where none is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// Who, as events name them.
    pub actor: Actor,
    /// What they are in the centre.
    pub roles: BTreeSet<Role>,
    /// The agent that they are, when they are one.
    pub agent: Option<AgentId>,
    /// The teams they belong to or lead, by name.
    pub teams: BTreeSet<String>,
    /// The id of their token (`jti`).
    pub token: Option<String>,
    /// When their token ends.
    pub expires_at: Option<Timestamp>,
    /// The address they ask from.
    pub address: Option<IpAddr>,
}

impl Identity {
    /// Somebody with every role: who asks where the configuration asks for no token.
    pub fn unrestricted(actor: Actor) -> Self {
        Self {
            actor,
            roles: Role::ALL.into(),
            agent: None,
            teams: BTreeSet::new(),
            token: None,
            expires_at: None,
            address: None,
        }
    }

    /// Somebody who brought nothing, and may do nothing but see what everybody sees.
    pub fn nobody(address: Option<IpAddr>) -> Self {
        Self {
            actor: Actor::system("nobody"),
            roles: BTreeSet::new(),
            agent: None,
            teams: BTreeSet::new(),
            token: None,
            expires_at: None,
            address,
        }
    }

    /// Whether they have this role.
    pub fn is(&self, role: Role) -> bool {
        self.roles.contains(&role)
    }
}
