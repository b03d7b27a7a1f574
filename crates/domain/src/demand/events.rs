//! What can have happened to the demand.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

events! {
    /// What can have happened to the demand.
    Shifted = "demand.shifted" v 1;
}

/// A kind of customer comes more often, or less often, than a moment ago: its specialists count for more, or less, from
/// now on.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Shifted {
    /// The column that such customers and their specialists have, `industry=retail`.
    pub column: String,
    /// What is added to the worth of such a pairing from now on, 0 to 1.
    pub amount: f64,
    /// How many such customers come in an hour, by what was seen lately.
    pub per_hour: f64,
    /// How many come on a usual day.
    pub usual_per_hour: f64,
}
