//! What can have happened in the dialing of a customer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use trunkline_kernel::{CallId, CampaignId, CustomerId};

events! {
    /// What can have happened in the dialing of a customer.
    Dialed = "contact.dialed" v 1;
    Reached = "contact.reached" v 1;
    Abandoned = "contact.abandoned" v 1;
}

/// The customer was dialed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Dialed {
    /// Who.
    pub customer: CustomerId,
    /// By which call.
    pub call: CallId,
    /// For which campaign.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub campaign: Option<CampaignId>,
}

/// An agent spoke with the customer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Reached {
    /// In which call.
    pub call: CallId,
}

/// Somebody answered, and no agent was there in time.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Abandoned {
    /// Which call.
    pub call: CallId,
}
