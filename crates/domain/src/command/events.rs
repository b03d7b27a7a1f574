//! What can have happened to a command that carries an idempotency key.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

events! {
    /// What can have happened to a command that carries an idempotency key.
    Answered = "command.answered" v 1;
}

/// The command was carried out, and this was the answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Answered {
    /// SHA-256 of what was asked, in hexadecimal, so that the same key with another command is refused.
    pub fingerprint: String,
    /// The answer, to be given again. It names things by their ids and holds no personal value.
    pub answer: serde_json::Value,
}
