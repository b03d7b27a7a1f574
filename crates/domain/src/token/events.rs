//! What can have happened to an access token.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, Timestamp};

events! {
    /// What can have happened to an access token.
    Issued = "token.issued" v 1;
    Revoked = "token.revoked" v 1;
}

/// A token was signed and handed out. The token itself is nowhere in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Issued {
    /// Who it names, as events name actors: `user:li.wei`.
    pub subject: String,
    /// The names of the roles that it gives.
    pub roles: Vec<String>,
    /// The agent that the bearer is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// The teams that the bearer belongs to or leads.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub teams: Vec<String>,
    /// When it ends by itself.
    pub expires_at: Timestamp,
}

/// A token was revoked before its end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Revoked {
    /// When it would have ended by itself; nobody needs to remember the revocation after that.
    pub expires_at: Timestamp,
    /// Why.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}
