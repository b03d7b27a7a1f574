//! By which policy it is decided who sees and may do what. Each change is an event, so that an auditor can tell what
//! somebody was permitted on the day of a read.

mod events;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use trunkline_kernel::{AccessPolicyId, Aggregate, Category, Id as _, Tag, Timestamp};
use uuid::Uuid;

use crate::limits;

pub use events::*;

/// The policy of the centre. Its id is fixed, so that every server finds it.
pub fn of_centre() -> AccessPolicyId {
    AccessPolicyId::from_uuid(Uuid::from_u128(0x706f_6c69_6379_0000_8000_0000_0000_0001))
}

/// What can be asked of the policy.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Decide by this one. Nothing happens when it is in force already, as the standard policy is until another one was
    /// applied.
    Apply {
        /// The policy.
        policy: Applied,
        /// Whether it is the one that Trunkline comes with.
        is_standard: bool,
    },
}

refusals! {
    /// Why a policy was not applied.
    Refusal {
        /// Nobody would see or be allowed anything, so that nobody could put it right through the API.
        Empty = "ACCESS_POLICY_EMPTY" on "roles" {
            "the policy gives no role any rights",
            "name at least one role with rights",
            "该访问策略未授予任何角色权限：请至少为一个角色授权",
        }
    }
}

/// The policy in force.
#[derive(Clone, Debug, Default)]
pub struct AccessPolicy {
    roles: Option<BTreeMap<String, RoleRights>>,
}

impl Aggregate for AccessPolicy {
    const CATEGORY: Category = Category::new("access_policy");
    type Id = AccessPolicyId;
    type Command = Command;
    type Event = Event;
    type Refusal = Refusal;

    fn decide(&self, _now: Timestamp, command: Command) -> Result<Vec<Event>, Refusal> {
        let Command::Apply { policy, is_standard } = command;
        limits::count("roles", policy.roles.len())?;
        if policy.roles.values().all(|rights| *rights == RoleRights::default()) {
            return Err(Refusal::Empty);
        }
        let same = self.roles.as_ref().map_or(is_standard, |roles| *roles == policy.roles);
        Ok(if same { Vec::new() } else { vec![policy.into()] })
    }

    fn evolve(&mut self, _at: Timestamp, event: &Event) {
        let Event::Applied(Applied { roles }) = event;
        self.roles = Some(roles.clone());
    }

    fn tags(&self, _event: &Event) -> Vec<Tag> {
        Vec::new()
    }
}
