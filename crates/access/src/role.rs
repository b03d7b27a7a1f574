//! What somebody is in the centre.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What somebody is in the centre. One person can be several of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Speaks with customers, and sees their own.
    Agent,
    /// Leads a team, and sees what is the team's.
    TeamLead,
    /// Runs the centre.
    Manager,
    /// Judges how calls were led.
    QualityInspector,
    /// Reads sums and pseudonyms.
    Analyst,
    /// Reads all that happened, and no personal value in the clear.
    Auditor,
    /// Sets the system up.
    Administrator,
    /// Another program.
    Service,
}

/// A text that is not a role.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "not a role; roles are agent, team_lead, manager, quality_inspector, analyst, auditor, administrator, service"
)]
pub struct InvalidRole;

impl Role {
    /// Every role.
    pub const ALL: [Self; 8] = [
        Self::Agent,
        Self::TeamLead,
        Self::Manager,
        Self::QualityInspector,
        Self::Analyst,
        Self::Auditor,
        Self::Administrator,
        Self::Service,
    ];

    /// The permanent name, as tokens carry it.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::TeamLead => "team_lead",
            Self::Manager => "manager",
            Self::QualityInspector => "quality_inspector",
            Self::Analyst => "analyst",
            Self::Auditor => "auditor",
            Self::Administrator => "administrator",
            Self::Service => "service",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::ALL.into_iter().find(|role| role.as_str() == text).ok_or(InvalidRole)
    }
}
