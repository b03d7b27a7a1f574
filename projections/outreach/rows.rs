//! The tables of campaigns and leads.

use std::collections::BTreeMap;

use trunkline_database::{Json, table};
use trunkline_domain::campaign::{AttemptPolicy, CallingHours, CampaignState, DialingMode};
use trunkline_domain::lead::{AttemptOutcome, BlockReason, LeadOutcome, LeadState};
use trunkline_domain::words::Purpose;
use trunkline_kernel::{CallId, CampaignId, CustomerId, LeadId, Position, Timestamp};

use crate::words::As;

table! {
    /// A campaign as it stands.
    #[derive(Clone, Debug, PartialEq)]
    pub struct CampaignRow = "campaigns" key(campaign_id) {
        /// The campaign.
        pub campaign_id: CampaignId,
        /// What it is called.
        pub name: String,
        /// How far it has come.
        pub state: As<CampaignState>,
        /// Since when.
        pub state_since: Timestamp,
        /// How calls are started.
        pub mode: As<DialingMode>,
        /// What is sold.
        pub product: Option<String>,
        /// The queue that its answered calls wait in.
        pub queue: Option<String>,
        /// What agents say.
        pub script: Option<String>,
        /// How often and how soon a lead is tried.
        pub attempts: Json<AttemptPolicy>,
        /// When customers may be called.
        pub hours: Json<CallingHours>,
        /// Whose law holds, ISO 3166.
        pub jurisdiction: String,
        /// What its customers are called for.
        pub purpose: As<Purpose>,
        /// When it was drawn up.
        pub created_at: Timestamp,
        /// The event that changed it last.
        pub position: Position,
    }
}

table! {
    /// One customer in one campaign, as it stands.
    #[derive(Clone, Debug, PartialEq)]
    pub struct LeadRow = "leads" key(lead_id) {
        /// The lead.
        pub lead_id: LeadId,
        /// The campaign.
        pub campaign_id: CampaignId,
        /// The customer.
        pub customer_id: CustomerId,
        /// How far it has come.
        pub state: As<LeadState>,
        /// Since when.
        pub state_since: Timestamp,
        /// Higher goes first.
        pub priority: i64,
        /// Calls made.
        pub attempts: i64,
        /// How often it was brought back to the list.
        pub recycled: i64,
        /// The last call.
        pub last_call_id: Option<CallId>,
        /// When it was made.
        pub last_called_at: Option<Timestamp>,
        /// How the last attempt ended.
        pub last_outcome: Option<As<AttemptOutcome>>,
        /// Until when it rests.
        pub hold_until: Option<Timestamp>,
        /// How it ended.
        pub outcome: Option<As<LeadOutcome>>,
        /// Why it must not be called.
        pub block_reason: Option<As<BlockReason>>,
        /// Further values in the words of the source.
        pub attributes: Json<BTreeMap<String, String>>,
        /// When it was put on the list.
        pub added_at: Timestamp,
        /// The event that changed it last.
        pub position: Position,
    }
}

table! {
    /// How many leads of a campaign stand where, kept as sums.
    #[derive(Clone, Debug, PartialEq)]
    pub struct LeadCountRow = "lead_counts" key(campaign_id, state) {
        /// The campaign.
        pub campaign_id: CampaignId,
        /// The state.
        pub state: As<LeadState>,
        /// How many leads.
        pub leads: i64,
    }
}
