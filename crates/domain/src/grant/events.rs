//! What can have happened to a grant.

use std::collections::BTreeSet;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, CustomerId, Timestamp};
use uuid::Uuid;

events! {
    /// What can have happened to a grant.
    Delegated = "grant.delegated" v 1;
    GlassBroken = "grant.glass_broken" v 1;
    ValueRevealed = "grant.value_revealed" v 1;
    Ended = "grant.ended" v 1;
}

/// Somebody let another see and do what they see and do.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delegated {
    /// Whose rights, as an actor.
    pub from: String,
    /// Who has them, as an actor.
    pub to: String,
    /// The roles that are lent.
    pub roles: BTreeSet<String>,
    /// The agent whose things they are about.
    pub agent: Option<AgentId>,
    /// The teams whose things they are about.
    pub teams: BTreeSet<String>,
    /// When it is over.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// Somebody opened everything in an emergency.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GlassBroken {
    /// Who, as an actor.
    pub by: String,
    /// When it is over.
    pub until: Timestamp,
    /// Why.
    pub reason: String,
}

/// A masked value was shown to somebody. The value is not in it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ValueRevealed {
    /// To whom, as an actor.
    pub to: String,
    /// Whose value.
    pub customer: CustomerId,
    /// Which identifier of the customer, by its claim.
    #[schemars(with = "String", extend("format" = "uuid"))]
    pub claim: Uuid,
    /// Why.
    pub reason: String,
}

/// The grant was ended before its time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Ended {
    /// Why.
    pub reason: String,
}
