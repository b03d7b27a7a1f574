//! What can have happened to a number on do-not-call lists.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

events! {
    /// What can have happened to a number on do-not-call lists.
    Listed = "listing.listed" v 1;
    Delisted = "listing.delisted" v 1;
}

/// The number was put on a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Listed {
    /// The list, in the words of the company.
    pub list: String,
}

/// The number was taken off a list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Delisted {
    /// The list.
    pub list: String,
}
