//! Leads: a customer on a campaign's list, and whether the customer may be called now.

use trunkline_domain::campaign::{self, Campaign, CampaignState};
use trunkline_domain::customer::{self, Customer};
use trunkline_domain::lead::{self, Lead};
use trunkline_kernel::{CampaignId, Id as _, LeadId, StreamId};
use uuid::Uuid;

use super::compliance::{Judges, judge};
use crate::{Action, ActionError, Work};

/// Puts a customer on a campaign's list.
#[derive(Clone, Debug)]
pub struct AddLead {
    /// Whom, and where.
    pub added: lead::Added,
}

impl Action for AddLead {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let customer = work.state::<Customer>(self.added.customer).await?;
        if !customer.exists() {
            return Err(ActionError::refused(customer::Refusal::Unknown));
        }
        if customer.is_erased() {
            return Err(ActionError::refused(customer::Refusal::Erased));
        }
        let campaign = work.state::<Campaign>(self.added.campaign).await?;
        if !campaign.exists() {
            return Err(ActionError::refused(campaign::Refusal::Unknown));
        }
        if campaign.state() == CampaignState::Stopped {
            return Err(ActionError::refused(campaign::Refusal::Stopped));
        }
        let id: LeadId = work.new_id();
        work.run::<Lead>(id, lead::Command::Add(self.added.clone())).await?;
        Ok(id.uuid())
    }
}

/// How many leads are brought back together at most; an append takes twice as many streams.
pub const RECYCLED_TOGETHER_MAX: usize = 100;

/// Brings leads of a campaign that ended without an answer back to its list. Those that cannot be brought back, or no
/// longer, are passed over.
#[derive(Clone, Debug)]
pub struct RecycleLeads {
    /// The campaign.
    pub campaign: CampaignId,
    /// Which; at most [`RECYCLED_TOGETHER_MAX`].
    pub leads: Vec<LeadId>,
}

impl Action for RecycleLeads {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let campaign = work.require::<Campaign>(self.campaign).await?;
        if !campaign.exists() {
            return Err(ActionError::refused(campaign::Refusal::Unknown));
        }
        if campaign.state() == CampaignState::Stopped {
            return Err(ActionError::refused(campaign::Refusal::Stopped));
        }
        for id in &self.leads {
            let lead = work.require::<Lead>(*id).await?;
            if lead.campaign() == Some(self.campaign) && lead.is_recyclable(campaign.attempts()) {
                let attempts = campaign.attempts().clone();
                work.run::<Lead>(*id, lead::Command::Recycle { attempts }).await?;
            }
        }
        Ok(self.campaign.uuid())
    }
}

/// Lets a lead wait to be dialed. When its customer may not be called it is blocked instead, or rests until the rule
/// that bars the call lets go.
#[derive(Clone, Debug)]
pub struct QueueLead {
    /// Which.
    pub lead: LeadId,
    /// What it is judged by.
    pub judges: Judges,
}

impl Action for QueueLead {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { lead: id, judges } = self;
        let lead = work.state::<Lead>(*id).await?;
        let judging = judge(work, &lead, None, judges).await?;
        let barred = judging.and_then(|judging| judging.barred);
        work.run::<Lead>(*id, lead::Command::Queue { barred }).await?;
        Ok(id.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.lead))
    }
}
