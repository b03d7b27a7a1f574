//! Leads: a customer on a campaign's list, and whether the customer may be called now.

use std::sync::Arc;

use trunkline_domain::Policy;
use trunkline_domain::campaign::{self, Campaign, CampaignState};
use trunkline_domain::customer::{self, Customer};
use trunkline_domain::lead::{self, Lead};
use trunkline_kernel::{Id as _, LeadId, StreamId};
use trunkline_routing::compliance::RuleBook;
use uuid::Uuid;

use super::compliance::judge;
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

/// Lets a lead wait to be dialed. When its customer may not be called it is blocked instead, or rests until the rule
/// that bars the call lets go.
#[derive(Clone, Debug)]
pub struct QueueLead {
    /// Which.
    pub lead: LeadId,
    /// Whether silence counts as consent.
    pub policy: Policy,
    /// The rules that it is judged by.
    pub rules: Arc<RuleBook>,
}

impl Action for QueueLead {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { lead: id, policy, rules } = self;
        let lead = work.state::<Lead>(*id).await?;
        let judging = judge(work, &lead, None, rules, policy).await?;
        let barred = judging.and_then(|judging| judging.barred);
        work.run::<Lead>(*id, lead::Command::Queue { barred }).await?;
        Ok(id.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.lead))
    }
}
