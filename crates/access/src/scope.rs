//! What a caller sees and may do: the policy, applied to who they are.

use std::collections::{BTreeMap, BTreeSet};

use trunkline_kernel::{AgentId, Timestamp};

use crate::{Class, Identity, Kind, Permission, Policy, Role, Show, Span};

/// The agents and teams whose things somebody sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Circle {
    /// Agents.
    pub agents: BTreeSet<AgentId>,
    /// Teams, by name.
    pub teams: BTreeSet<String>,
}

impl Circle {
    /// Whether something of this agent and team is in it.
    pub fn has(&self, agent: Option<AgentId>, team: Option<&str>) -> bool {
        agent.is_some_and(|agent| self.agents.contains(&agent))
            || team.is_some_and(|team| self.teams.contains(team))
    }

    fn is_empty(&self) -> bool {
        self.agents.is_empty() && self.teams.is_empty()
    }
}

/// Which rows of one kind somebody sees.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Rows {
    /// None.
    #[default]
    None,
    /// Those of some agents and teams.
    Of(Circle),
    /// All.
    All,
}

impl Rows {
    fn of(span: Span, part: &Part) -> Self {
        let agents = || part.agent.into_iter().collect();
        let circle = match span {
            Span::None => return Self::None,
            Span::All => return Self::All,
            Span::Own => Circle { agents: agents(), teams: BTreeSet::new() },
            Span::Team => Circle { agents: agents(), teams: part.teams.clone() },
        };
        // Somebody who is no agent and in no team has nothing of their own.
        if circle.is_empty() { Self::None } else { Self::Of(circle) }
    }

    fn and(self, other: &Self) -> Self {
        match (self, other) {
            (Self::All, _) | (_, Self::All) => Self::All,
            (Self::None, rows) => rows.clone(),
            (rows, Self::None) => rows,
            (Self::Of(mut circle), Self::Of(more)) => {
                circle.agents.extend(&more.agents);
                circle.teams.extend(more.teams.iter().cloned());
                Self::Of(circle)
            }
        }
    }
}

/// Rights that somebody has for a time beside their own: delegated by somebody else, or taken in an emergency.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lent {
    /// The roles.
    pub roles: BTreeSet<Role>,
    /// The agent whose things they are about.
    pub agent: Option<AgentId>,
    /// The teams they are about.
    pub teams: BTreeSet<String>,
    /// Whether it is an emergency: then all rows are seen and every value in the clear.
    pub everything: bool,
    /// When it ends.
    pub until: Timestamp,
}

/// One role of somebody, with whom it is about.
struct Part {
    role: Role,
    agent: Option<AgentId>,
    teams: BTreeSet<String>,
}

/// What somebody sees and may do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scope {
    rows: BTreeMap<Kind, Rows>,
    shows: BTreeMap<(Kind, Class), Show>,
    may: BTreeSet<Permission>,
}

const NO_ROWS: &Rows = &Rows::None;

impl Scope {
    /// Everything: for trusted parts of the server itself, which answer to nobody.
    pub fn everything() -> Self {
        let classes =
            |kind: &Kind| Class::ALL.iter().map(|class| ((*kind, *class), Show::Clear)).collect::<Vec<_>>();
        Self {
            rows: Kind::ALL.iter().map(|kind| (*kind, Rows::All)).collect(),
            shows: Kind::ALL.iter().flat_map(classes).collect(),
            may: Permission::ALL.iter().copied().collect(),
        }
    }

    /// Nothing.
    pub fn nothing() -> Self {
        Self { rows: BTreeMap::new(), shows: BTreeMap::new(), may: BTreeSet::new() }
    }

    /// What an identity sees and may do under a policy, with what was lent to it. What is over must not be among
    /// `lent`.
    ///
    /// Somebody who has several roles sees the rows of all of them. A value is then shown as the most generous of
    /// those roles shows it that see all these rows alone; where each sees a part only, as the strictest does. So no
    /// role's rows are shown as clearly as another role shows fewer.
    pub fn of(policy: &Policy, identity: &Identity, lent: &[Lent]) -> Self {
        if lent.iter().any(|lent| lent.everything) {
            let own = Self::of(policy, identity, &[]);
            return Self { may: own.may, ..Self::everything() };
        }
        let own = identity.roles.iter().map(|role| Part {
            role: *role,
            agent: identity.agent,
            teams: identity.teams.clone(),
        });
        let lent = lent.iter().flat_map(|lent| {
            lent.roles.iter().map(|role| Part { role: *role, agent: lent.agent, teams: lent.teams.clone() })
        });
        let parts: Vec<Part> = own.chain(lent).collect();
        let mut scope = Self::nothing();
        for part in &parts {
            if let Some(rights) = policy.rights(part.role) {
                scope.may.extend(&rights.may);
            }
        }
        for &kind in Kind::ALL {
            let seen: Vec<(Rows, Role)> = parts
                .iter()
                .filter_map(|part| {
                    let rows = Rows::of(policy.rights(part.role)?.span(kind), part);
                    (rows != Rows::None).then_some((rows, part.role))
                })
                .collect();
            let all = seen.iter().fold(Rows::None, |all, (rows, _)| all.and(rows));
            for &class in Class::ALL {
                let show =
                    |role: &Role| policy.rights(*role).map_or(Show::Withhold, |rights| rights.show(class));
                let whole = seen.iter().filter(|(rows, _)| *rows == all).map(|(_, role)| show(role)).max();
                let parts = seen.iter().map(|(_, role)| show(role)).min();
                scope.shows.insert((kind, class), whole.or(parts).unwrap_or_default());
            }
            scope.rows.insert(kind, all);
        }
        scope
    }

    /// What somebody sees by those of their roles alone that may do this: what they can do it to. A role that sees
    /// more does not widen what another role may change.
    pub fn to_do(permission: Permission, policy: &Policy, identity: &Identity, lent: &[Lent]) -> Self {
        let may = |role: &Role| policy.rights(*role).is_some_and(|rights| rights.may.contains(&permission));
        let mut identity = identity.clone();
        identity.roles.retain(may);
        let lent: Vec<Lent> = lent
            .iter()
            .filter(|lent| !lent.everything)
            .map(|lent| {
                let mut lent = lent.clone();
                lent.roles.retain(may);
                lent
            })
            .collect();
        Self::of(policy, &identity, &lent)
    }

    /// Which rows of a kind.
    pub fn rows(&self, kind: Kind) -> &Rows {
        self.rows.get(&kind).unwrap_or(NO_ROWS)
    }

    /// How values of a class in rows of a kind are shown.
    pub fn show(&self, kind: Kind, class: Class) -> Show {
        self.shows.get(&(kind, class)).copied().unwrap_or_default()
    }

    /// Whether they may do this.
    pub fn may(&self, permission: Permission) -> bool {
        self.may.contains(&permission)
    }

    /// Whether all rows of all kinds are seen.
    pub fn sees_all(&self) -> bool {
        Kind::ALL.iter().all(|kind| *self.rows(*kind) == Rows::All)
    }

    /// The same with these rows of one kind: for tests and for what follows from another kind.
    #[must_use]
    pub fn with_rows(mut self, kind: Kind, rows: Rows) -> Self {
        self.rows.insert(kind, rows);
        self
    }
}
