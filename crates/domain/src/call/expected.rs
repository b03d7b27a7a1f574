//! What was expected of a dial: of its hour on the customer's clock, and of its customer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The hour of a dial on the customer's clock, and what was to be expected of it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DialSlot {
    /// The hour of the customer's day, 0 to 23.
    pub hour: u8,
    /// Whether it was a Saturday or a Sunday for the customer.
    pub weekend: bool,
    /// The chance that a person answers, as it was learned; absent when nothing was, and when the customer refuses automated
    /// decisions.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub chance: Option<f64>,
    /// Below which chance the campaign lets leads wait for a better hour; absent when it does not.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub least: Option<f64>,
}

/// What a lead was worth when it was put before others: the mean of the scores that its customer has with the agents who may
/// speak with them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Worth {
    /// The mean score; what it means is the model's.
    pub score: f64,
    /// The model that scored, by its hash.
    pub model: String,
    /// How many leads were compared.
    pub among: u32,
}

impl DialSlot {
    /// Whether less was to be expected than the campaign waits for.
    pub fn is_poor(&self) -> bool {
        self.chance.zip(self.least).is_some_and(|(chance, least)| chance < least)
    }
}
