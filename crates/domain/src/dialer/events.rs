//! What can have happened to the dialer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::ServerId;

events! {
    /// What can have happened to the dialer.
    Seated = "dialer.seated" v 1;
}

/// A server dials from now on, and no other does.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Seated {
    /// The server.
    pub server: ServerId,
    /// Its term, one more than that of the server before it.
    pub term: u64,
}
