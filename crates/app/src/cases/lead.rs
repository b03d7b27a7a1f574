//! Leads: a customer on a campaign's list, and whether the customer may be called now.

use trunkline_domain::Policy;
use trunkline_domain::campaign::{self, Campaign, CampaignState};
use trunkline_domain::customer::{self, Customer};
use trunkline_domain::lead::{self, BlockReason, Lead};
use trunkline_domain::words::{Channel, Purpose};
use trunkline_kernel::{CustomerId, Id as _, LeadId, StreamId};
use uuid::Uuid;

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

/// Lets a lead wait to be dialed, or blocks it when its customer may not be called.
#[derive(Clone, Debug)]
pub struct QueueLead {
    /// Which.
    pub lead: LeadId,
    /// Whether silence counts as consent.
    pub policy: Policy,
}

impl Action for QueueLead {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let customer = work.state::<Lead>(self.lead).await?.customer();
        let barred = bar(work, customer, &self.policy).await?;
        work.run::<Lead>(self.lead, lead::Command::Queue { barred }).await?;
        Ok(self.lead.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.lead))
    }
}

/// What bars a marketing call to this customer at the present moment. The answer still holds when the append
/// commits.
pub(super) async fn bar(
    work: &mut Work<'_>,
    customer: Option<CustomerId>,
    policy: &Policy,
) -> Result<Option<BlockReason>, ActionError> {
    let Some(customer) = customer else { return Ok(None) };
    let now = work.now();
    let customer = work.require::<Customer>(customer).await?;
    Ok(customer.bar(Purpose::Marketing, Channel::Call, now, policy))
}
