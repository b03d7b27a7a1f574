//! How the campaigns that this server dials are going: written by the dialer, shown to supervisors.

use std::collections::BTreeMap;

use parking_lot::RwLock;
use trunkline_kernel::{CampaignId, Timestamp};
use trunkline_routing::compliance::AbandonmentBound;
use trunkline_routing::pacing::{Ledger, Pace};

/// One campaign at its last look.
#[derive(Clone, Debug, PartialEq)]
pub struct Pacing {
    /// When the dialer looked.
    pub at: Timestamp,
    /// What it decided.
    pub pace: Pace,
    /// What became of its calls in the window of the formula that it follows.
    pub ledger: Ledger,
    /// What its share of abandoned calls is held to, and how it is counted; nothing without a rule.
    pub bound: Option<AbandonmentBound>,
    /// Agents who were free for it.
    pub free: usize,
    /// Calls that rang.
    pub ringing: usize,
    /// Calls in which somebody waited for an agent.
    pub waiting: usize,
}

/// The last look at every campaign that is being dialed.
#[derive(Debug, Default)]
pub struct PacingBoard(RwLock<BTreeMap<CampaignId, Pacing>>);

impl PacingBoard {
    /// How a campaign is going; nothing when this server does not dial it.
    pub fn of(&self, campaign: CampaignId) -> Option<Pacing> {
        self.0.read().get(&campaign).cloned()
    }

    /// Notes a look.
    pub fn note(&self, campaign: CampaignId, pacing: Pacing) {
        self.0.write().insert(campaign, pacing);
    }

    /// Forgets a campaign that is dialed no more.
    pub fn forget(&self, campaign: CampaignId) {
        self.0.write().remove(&campaign);
    }
}
