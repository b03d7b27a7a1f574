//! What the claims of a provider mean here.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;
use trunkline_access::{EntryRefusal, Identity, Role};
use trunkline_kernel::{Actor, ActorKind, AgentId};

use crate::claims::Claims;

/// Which claims say what, each by its path (`realm_access.roles`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// Who.
    pub subject: String,
    /// What they are: a list, or a text with spaces between.
    pub roles: String,
    /// What the provider's names for roles mean; empty when it uses ours.
    pub role_names: BTreeMap<String, Role>,
    /// Their teams.
    pub teams: String,
    /// The id of the agent that they are.
    pub agent: String,
}

impl Mapping {
    /// Who the bearer is.
    ///
    /// # Errors
    /// [`EntryRefusal::NoRole`] when the claims give no role here, [`EntryRefusal::Foreign`] when they name nobody.
    pub(super) fn identity(&self, claims: &Claims) -> Result<Identity, EntryRefusal> {
        let words = |path: &str| claims.at(path).map(words).unwrap_or_default();
        let roles: BTreeSet<Role> =
            words(&self.roles).into_iter().filter_map(|name| self.role(name)).collect();
        if roles.is_empty() {
            return Err(EntryRefusal::NoRole);
        }
        let agent: Option<AgentId> = claims.text(&self.agent).and_then(|id| id.parse().ok());
        let kind = if roles.iter().all(|role| *role == Role::Service) {
            ActorKind::Service
        } else {
            ActorKind::User
        };
        let subject = claims.text(&self.subject).ok_or(EntryRefusal::Foreign)?;
        let actor = match agent {
            Some(agent) => Actor::new(ActorKind::Agent, &agent.to_string()),
            None => Actor::new(kind, subject),
        };
        Ok(Identity {
            actor: actor.map_err(|_| EntryRefusal::Foreign)?,
            roles,
            agent,
            teams: words(&self.teams).into_iter().map(str::to_owned).collect(),
            token: claims.text("jti").map(str::to_owned),
            expires_at: claims.moment("exp"),
            address: None,
        })
    }

    fn role(&self, name: &str) -> Option<Role> {
        if self.role_names.is_empty() { name.parse().ok() } else { self.role_names.get(name).copied() }
    }
}

fn words(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => text.split_whitespace().collect(),
        Value::Array(values) => values.iter().filter_map(Value::as_str).collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Vec::new(),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn identity(mapping: &Mapping, claims: Value) -> Result<Identity, EntryRefusal> {
        let Value::Object(claims) = claims else { panic!("claims are an object") };
        mapping.identity(&Claims(claims))
    }

    fn ours() -> Mapping {
        let text = str::to_owned;
        Mapping {
            subject: text("sub"),
            roles: text("realm_access.roles"),
            role_names: BTreeMap::new(),
            teams: text("https://crm.example/teams"),
            agent: text("agent"),
        }
    }

    #[test]
    fn claims_are_found_by_their_path_or_whole_name() {
        let claims = json!({
            "sub": "li.wei", "realm_access": {"roles": ["team_lead", "of something else", "analyst"]},
            "https://crm.example/teams": "north south", "exp": 1_772_442_000.5, "jti": "x",
        });
        let found = identity(&ours(), claims).unwrap();
        assert_eq!(found.actor.to_string(), "user:li.wei");
        assert_eq!(found.roles, [Role::TeamLead, Role::Analyst].into());
        assert_eq!(found.teams.into_iter().collect::<Vec<_>>(), ["north", "south"]);
        assert_eq!(found.expires_at.unwrap().to_string(), "2026-03-02T09:00:00Z");
    }

    #[test]
    fn the_provider_s_names_for_roles_are_translated_and_nothing_else_counts() {
        let mapping =
            Mapping { role_names: [("crm-admins".to_owned(), Role::Administrator)].into(), ..ours() };
        let with = |roles: Value| identity(&mapping, json!({"sub": "a", "realm_access": {"roles": roles}}));
        assert_eq!(with(json!(["crm-admins"])).unwrap().roles, [Role::Administrator].into());
        for nothing in [json!(["administrator"]), json!([]), json!(7), json!({"crm-admins": true})] {
            assert_eq!(with(nothing).unwrap_err(), EntryRefusal::NoRole);
        }
    }

    #[test]
    fn agents_and_services_are_named_as_such_and_nobody_is_not_let_in() {
        let with = |claims: Value| identity(&ours(), claims).map(|identity| identity.actor.to_string());
        let roles = |roles: &str| json!({"roles": roles});
        let id = "0190b5f4-0000-7000-8000-000000000001";
        assert_eq!(with(json!({"sub": "a", "realm_access": roles("service")})).unwrap(), "service:a");
        let agent = json!({"sub": "a", "agent": id, "realm_access": roles("agent")});
        assert_eq!(with(agent).unwrap(), format!("agent:{id}"));
        let nobody = json!({"realm_access": roles("agent")});
        assert_eq!(with(nobody).unwrap_err(), EntryRefusal::Foreign);
        let strange = json!({"sub": "a b", "realm_access": roles("agent")});
        assert_eq!(with(strange).unwrap_err(), EntryRefusal::Foreign);
    }
}
