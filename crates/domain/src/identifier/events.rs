//! What can have happened to the claim on an identifier.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::CustomerId;

use super::IdentifierKind;

events! {
    /// What can have happened to the claim on an identifier.
    Claimed = "identifier.claimed" v 1;
    Released = "identifier.released" v 1;
}

/// The identifier is one customer's.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Claimed {
    /// Whose.
    pub customer: CustomerId,
    /// What sort of identifier.
    pub kind: IdentifierKind,
}

/// The identifier is nobody's any more.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Released {
    /// Whose it was.
    pub customer: CustomerId,
}
