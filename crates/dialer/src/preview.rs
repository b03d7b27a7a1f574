//! Preview dialing: each free agent is shown a lead and has it dialed. The router finds the agent, as it does for any work;
//! the call that the agent then wants is made by the line and connected with that agent.

use trunkline_app::cases::{ShowLead, routing_of};
use trunkline_domain::call::{Call, CallState};
use trunkline_domain::lead::{Lead, LeadState};
use trunkline_domain::routing::{Routing, RoutingState};
use trunkline_domain::words::Work;
use trunkline_kernel::{CallId, CampaignId, LeadId, Timestamp};
use trunkline_projections::outreach::CampaignRow;

use crate::desk::Flight;
use crate::look::needs;
use crate::{Dialer, Trouble};

impl Dialer {
    /// Has a lead shown to an agent; false when a rule bars it, or somebody was faster.
    pub(crate) async fn show(&mut self, campaign: &CampaignRow, lead: LeadId) -> bool {
        let show = ShowLead { lead, needs: needs(campaign), judges: self.judges() };
        let shown = self.execute(&show).await == Some(true);
        if let Some(desk) = self.desks.get_mut(&campaign.campaign_id).filter(|_| shown) {
            desk.shown.insert(lead, true);
        }
        shown
    }

    /// Learns what became of the leads of a campaign that were to be shown.
    pub(crate) async fn follow_shown(&mut self, campaign: CampaignId) -> Result<(), Trouble> {
        let shown: Vec<LeadId> =
            self.desks.get(&campaign).map(|desk| desk.shown.keys().copied().collect()).unwrap_or_default();
        for lead in shown {
            let waits = self.waits(lead).await?;
            let Some(desk) = self.desks.get_mut(&campaign) else { return Ok(()) };
            match waits {
                Some(wanted) => _ = desk.shown.insert(lead, wanted),
                None => _ = desk.shown.remove(&lead),
            }
        }
        Ok(())
    }

    /// Whether an agent is looked for who is shown the lead; nothing when it is in the queue no more.
    async fn waits(&self, lead: LeadId) -> Result<Option<bool>, Trouble> {
        let dispatcher = &self.around.dispatcher;
        if dispatcher.newest::<Lead>(lead).await?.state() != LeadState::Queued {
            return Ok(None);
        }
        let routing = dispatcher.newest::<Routing>(routing_of(Work::Lead(lead))).await?;
        Ok(match routing.state() {
            RoutingState::Waiting => Some(true),
            RoutingState::Offered | RoutingState::Assigned => Some(false),
            RoutingState::Idle | RoutingState::Ended => None,
        })
    }

    /// An agent has the lead dialed that was shown: the line is told.
    pub(crate) async fn dial_previewed(&mut self, id: CallId, at: Timestamp) {
        match self.previewed(id).await {
            Ok(Some((call, row))) => {
                let (lead, agent) = (call.lead(), call.agent());
                let desk = self.open_desk(&row);
                desk.flights.insert(id, Flight { lead, dialed_at: at, waiting_since: None, agent });
                desk.shown.retain(|shown, _| Some(*shown) != lead);
                let line = self.around.caller_line.clone();
                self.order(id, line, row.campaign_id, call.ring_least()).await;
            }
            Ok(None) => {}
            Err(error) => {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "a call of an agent cannot be dialed"
                );
            }
        }
    }

    /// A call that our line is to dial for an agent, and its campaign.
    async fn previewed(&self, id: CallId) -> Result<Option<(Call, CampaignRow)>, Trouble> {
        let call = self.around.dispatcher.newest::<Call>(id).await?;
        let Some(campaign) = call.campaign().filter(|_| call.is_ordered() && call.agent().is_some()) else {
            return Ok(None);
        };
        let row = self.campaigns(&[campaign]).await?.into_iter().next();
        Ok(row.filter(|_| call.state() == CallState::Dialing).map(|row| (call, row)))
    }
}
