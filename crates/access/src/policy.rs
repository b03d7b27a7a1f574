//! Roles as data: which rows each sees, how personal values are shown to it, and what it may do.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use trunkline_domain::access_policy::{Applied, RoleRights};

use crate::{Class, Kind, Permission, Role, Show};

/// Which rows of a kind a role sees. The greater sees more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Span {
    /// None.
    #[default]
    None,
    /// Those of the agent that they are.
    Own,
    /// Those of their teams, and their own.
    Team,
    /// All.
    All,
}

impl Span {
    /// The permanent name.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Own => "own",
            Self::Team => "team",
            Self::All => "all",
        }
    }
}

/// What one role sees and may do. What is not named is not seen and not allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Rights {
    /// Which rows of each kind.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub rows: BTreeMap<Kind, Span>,
    /// How values of each class are shown.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub shows: BTreeMap<Class, Show>,
    /// What it may do.
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    pub may: BTreeSet<Permission>,
}

impl Rights {
    /// Which rows of a kind.
    pub fn span(&self, kind: Kind) -> Span {
        self.rows.get(&kind).copied().unwrap_or_default()
    }

    /// How values of a class are shown.
    pub fn show(&self, class: Class) -> Show {
        self.shows.get(&class).copied().unwrap_or_default()
    }

    fn in_words(&self) -> RoleRights {
        RoleRights {
            rows: self.rows.iter().map(|(kind, span)| (kind.to_string(), span.as_str().to_owned())).collect(),
            shows: self
                .shows
                .iter()
                .map(|(class, show)| (class.to_string(), show.as_str().to_owned()))
                .collect(),
            may: self.may.iter().map(ToString::to_string).collect(),
        }
    }
}

/// What each role sees and may do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Policy(pub BTreeMap<Role, Rights>);

impl Policy {
    /// What a role sees and may do; nothing when the policy does not name it.
    pub fn rights(&self, role: Role) -> Option<&Rights> {
        self.0.get(&role)
    }

    /// The policy that holds when the configuration brings none.
    pub fn standard() -> Self {
        Self(Role::ALL.into_iter().map(|role| (role, standard(role))).collect())
    }

    /// This policy with the roles of a file, written in TOML, in place of its own. A role that the file names has the
    /// rights that stand there and no others; one that it does not name keeps its own.
    ///
    /// # Errors
    /// When it is no TOML, or names a role, kind, class or permission that there is not.
    pub fn with(mut self, text: &str) -> Result<Self, InvalidPolicy> {
        let Self(roles) = toml::from_str(text)?;
        self.0.extend(roles);
        Ok(self)
    }

    /// The policy as a file that [`Policy::with`] reads.
    pub fn to_toml(&self) -> String {
        // Names and lists of names always have a form.
        toml::to_string_pretty(self).unwrap_or_default()
    }

    /// The event that puts it in force.
    pub fn applied(&self) -> Applied {
        let roles = self.0.iter().map(|(role, rights)| (role.to_string(), rights.in_words())).collect();
        Applied { roles }
    }
}

/// A file that is no policy.
#[derive(Debug, thiserror::Error)]
#[error("the access policy is refused")]
pub struct InvalidPolicy(#[from] toml::de::Error);

fn standard(role: Role) -> Rights {
    let (spans, shows, may) = match role {
        Role::Agent => (spans(Span::Own), SPEAKS, AGENT.to_vec()),
        Role::TeamLead => (spans(Span::Team), SPEAKS, [AGENT, LEAD].concat()),
        Role::Manager => (everything(), SPEAKS, [AGENT, LEAD, MANAGER].concat()),
        Role::QualityInspector => (inspected(), INSPECTS, INSPECTOR.to_vec()),
        Role::Analyst => (counted(), [Show::Withhold; 4], ANALYST.to_vec()),
        Role::Auditor => (everything(), [Show::Withhold; 4], AUDITOR.to_vec()),
        Role::Administrator => (configured(), CONFIGURES, ADMINISTRATOR.to_vec()),
        Role::Service => (everything(), [Show::Clear; 4], SERVICE.to_vec()),
    };
    Rights {
        rows: spans.into_iter().filter(|(_, span)| *span != Span::None).collect(),
        shows: Class::ALL.iter().copied().zip(shows).collect(),
        may: may.into_iter().collect(),
    }
}

/// Their own or their team's of everything but campaigns, which all who sell must know, and the log.
fn spans(span: Span) -> Vec<(Kind, Span)> {
    let of = |kind: &Kind| match kind {
        Kind::Campaigns => Span::All,
        Kind::Events => Span::None,
        Kind::Customers
        | Kind::Agents
        | Kind::Leads
        | Kind::Calls
        | Kind::Interactions
        | Kind::Tasks
        | Kind::Figures => span,
    };
    Kind::ALL.iter().map(|kind| (*kind, of(kind))).collect()
}

fn everything() -> Vec<(Kind, Span)> {
    Kind::ALL.iter().map(|kind| (*kind, Span::All)).collect()
}

fn only(kinds: &[Kind]) -> Vec<(Kind, Span)> {
    kinds.iter().map(|kind| (*kind, Span::All)).collect()
}

fn inspected() -> Vec<(Kind, Span)> {
    use Kind::{Agents, Calls, Campaigns, Customers, Figures, Interactions};
    only(&[Customers, Agents, Campaigns, Calls, Interactions, Figures])
}

fn counted() -> Vec<(Kind, Span)> {
    use Kind::{Agents, Calls, Campaigns, Customers, Figures, Interactions, Leads, Tasks};
    only(&[Customers, Agents, Campaigns, Leads, Calls, Interactions, Tasks, Figures])
}

fn configured() -> Vec<(Kind, Span)> {
    only(&[Kind::Agents, Kind::Campaigns])
}

/// In the order of [`Class::ALL`]: name, contact, words, staff. Whoever speaks with customers needs their names and
/// words; a number is dialed by the system and shown masked.
const SPEAKS: [Show; 4] = [Show::Clear, Show::Mask, Show::Clear, Show::Clear];
const INSPECTS: [Show; 4] = [Show::Mask, Show::Mask, Show::Clear, Show::Clear];
const CONFIGURES: [Show; 4] = [Show::Withhold, Show::Withhold, Show::Withhold, Show::Clear];

const AGENT: &[Permission] = {
    use Permission::*;
    &[
        EditCustomers,
        RecordConsent,
        RecordInteractions,
        ChangePresence,
        WorkLeads,
        HandleCalls,
        AnswerOffers,
        WorkTasks,
        Record,
        Reveal,
        Delegate,
        Playback,
    ]
};
const LEAD: &[Permission] = {
    use Permission::*;
    &[AssignCustomers, ManageLeads, RouteWork, ManageTasks, BreakGlass]
};
const MANAGER: &[Permission] = {
    use Permission::*;
    &[
        RegisterCustomers,
        EnrichCustomers,
        ManageAgents,
        ManageCampaigns,
        ReportCalls,
        ReviewModels,
        ManageGrants,
        Privacy,
        Operate,
    ]
};
const INSPECTOR: &[Permission] = &[Permission::Playback, Permission::Delegate, Permission::BreakGlass];
const ANALYST: &[Permission] = &[Permission::ReviewModels];
const AUDITOR: &[Permission] = &[Permission::Audit, Permission::ReviewModels, Permission::Operate];
const ADMINISTRATOR: &[Permission] = {
    use Permission::*;
    &[ManageAgents, ManageCampaigns, ManageGrants, BreakGlass, Audit, ReviewModels, Operate]
};
/// Programs do what people do, and what no person does; they neither hear recordings nor open anything in an
/// emergency.
const SERVICE: &[Permission] = {
    use Permission::*;
    &[
        RegisterCustomers,
        EditCustomers,
        AssignCustomers,
        EnrichCustomers,
        RecordConsent,
        RecordInteractions,
        ManageAgents,
        ChangePresence,
        ManageCampaigns,
        ManageLeads,
        WorkLeads,
        HandleCalls,
        ReportCalls,
        RouteWork,
        AnswerOffers,
        ManageTasks,
        WorkTasks,
        Record,
        Operate,
    ]
};
