//! What can have happened to an interaction.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{AgentId, CallId, CustomerId, Personal};

use crate::words::{Attributes, Channel, Direction, Insight};

events! {
    /// What can have happened to an interaction.
    Recorded = "interaction.recorded" v 1;
    Annotated = "interaction.annotated" v 1;
}

/// Something was said or done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Recorded {
    /// By or to whom.
    pub customer: CustomerId,
    /// On which channel.
    pub channel: Channel,
    /// Who began it.
    pub direction: Direction,
    /// The agent who took part.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent: Option<AgentId>,
    /// The call that it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub call: Option<CallId>,
    /// What it was about.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "customer"))]
    pub subject: Option<Personal<String>>,
    /// What was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("x-subject" = "customer"))]
    pub text: Option<Personal<String>>,
    /// Further values in the words of the source.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub attributes: Attributes,
}

/// It was understood what was said.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Annotated {
    /// What was understood; replaces what was understood before.
    pub insight: Insight,
}
