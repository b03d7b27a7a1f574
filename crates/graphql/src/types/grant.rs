//! Rights for a time.

use async_graphql::{ID, Object};
use trunkline_access::Role;
use trunkline_app::GrantInForce;

use crate::scalars::{DateTime, Word, Words, global};

/// A role, as the enum `Role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RoleWord(Role);

impl RoleWord {
    pub(crate) fn of(role: Role) -> Self {
        Self(role)
    }

    pub(crate) fn role(self) -> Role {
        self.0
    }
}

impl Words for RoleWord {
    const NAME: &'static str = "Role";
    const MEANING: &'static str = "What somebody is in the centre. One person can be several of these.";

    fn all() -> &'static [Self] {
        const ALL: [RoleWord; 8] = [
            RoleWord(Role::Agent),
            RoleWord(Role::TeamLead),
            RoleWord(Role::Manager),
            RoleWord(Role::QualityInspector),
            RoleWord(Role::Analyst),
            RoleWord(Role::Auditor),
            RoleWord(Role::Administrator),
            RoleWord(Role::Service),
        ];
        &ALL
    }

    fn word(self) -> &'static str {
        self.0.as_str()
    }

    fn means(self) -> &'static str {
        match self.0 {
            Role::Agent => "Speaks with customers, and sees their own.",
            Role::TeamLead => "Leads a team, and sees what is the team's.",
            Role::Manager => "Runs the centre.",
            Role::QualityInspector => "Judges how calls were led.",
            Role::Analyst => "Reads sums and pseudonyms.",
            Role::Auditor => "Reads all that happened, and no personal value in the clear.",
            Role::Administrator => "Sets the system up.",
            Role::Service => "Another program.",
        }
    }
}

/// Rights that somebody has for a time: lent by somebody else, or taken in an emergency.
pub(crate) struct Grant(pub GrantInForce);

/// Rights that somebody has for a time: lent by somebody else, or taken in an emergency.
#[Object]
impl Grant {
    /// The id, `grant:UUID`.
    async fn id(&self) -> ID {
        global(self.0.id)
    }

    /// Whether it was taken in an emergency: then every row is seen, and every value in the clear.
    async fn emergency(&self) -> bool {
        self.0.from.is_none()
    }

    /// Whose rights they are, as an actor; absent in an emergency.
    async fn from(&self) -> Option<String> {
        self.0.from.as_ref().map(ToString::to_string)
    }

    /// Who has them, as an actor.
    async fn to(&self) -> String {
        self.0.to.to_string()
    }

    /// The roles that are lent; none in an emergency.
    async fn roles(&self) -> Vec<Word<RoleWord>> {
        self.0.roles.iter().map(|role| Word(RoleWord(*role))).collect()
    }

    /// The agent whose things they are about.
    async fn agent_id(&self) -> Option<ID> {
        self.0.agent.map(global)
    }

    /// The teams whose things they are about, by name.
    async fn teams(&self) -> Vec<&str> {
        self.0.teams.iter().map(String::as_str).collect()
    }

    /// Since when.
    async fn since(&self) -> DateTime {
        self.0.since.into()
    }

    /// When it is over.
    async fn until(&self) -> DateTime {
        self.0.until.into()
    }

    /// Why, as whoever gave or took it said.
    async fn reason(&self) -> &str {
        &self.0.reason
    }
}
