//! What can have happened to the access policy.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

events! {
    /// What can have happened to the access policy.
    Applied = "access_policy.applied" v 1;
}

/// From now on servers decide by this policy who sees and may do what.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Applied {
    /// What each role sees and may do, in the words of the policy file.
    pub roles: BTreeMap<String, RoleRights>,
}

/// What one role sees and may do. What is not named is not seen and not allowed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoleRights {
    /// Which rows of each kind of thing: `customers` to `own`, `team` or `all`.
    pub rows: BTreeMap<String, String>,
    /// How personal values of each class are shown: `name` to `withhold`, `mask` or `clear`.
    pub shows: BTreeMap<String, String>,
    /// What it may do.
    pub may: BTreeSet<String>,
}
