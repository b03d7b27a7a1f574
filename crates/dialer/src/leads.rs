//! Which leads are dialed next.

use std::cmp::Reverse;

use trunkline_app::cases::{DialLead, LeadDialed};
use trunkline_app::{CommandError, Request};
use trunkline_domain::call::{self, EndCause};
use trunkline_domain::campaign::DialingMode;
use trunkline_domain::lead::{AttemptOutcome, LeadState};
use trunkline_domain::words::Direction;
use trunkline_kernel::{Actor, CallId, CampaignId, LeadId, Millis, Timestamp};
use trunkline_projections::PageRequest;
use trunkline_projections::outreach::{CampaignRow, LeadRow};
use trunkline_projections::reads::{LeadFilter, ReadError};

use crate::desk::Flight;
use crate::line::Order;
use crate::{ACTOR, Dialer, PAGE};

impl Dialer {
    /// Dials so many leads of a campaign, as far as there are any that are due and lawful.
    pub(crate) async fn dial(
        &mut self,
        campaign: &CampaignRow,
        count: usize,
        now: Timestamp,
    ) -> Result<(), ReadError> {
        if count == 0 {
            return Ok(());
        }
        let mut left = count;
        for lead in self.due(campaign, now).await? {
            if left == 0 {
                break;
            }
            left -= usize::from(self.dial_lead(campaign, lead, now).await);
        }
        Ok(())
    }

    /// The leads that are due, the next one first.
    async fn due(&self, campaign: &CampaignRow, now: Timestamp) -> Result<Vec<LeadId>, ReadError> {
        let filter = LeadFilter {
            campaign: Some(campaign.campaign_id),
            states: vec![LeadState::New, LeadState::Ready, LeadState::Queued, LeadState::OnHold],
            due: Some(now),
            ..LeadFilter::default()
        };
        let mut leads: Vec<LeadRow> =
            self.around.reads.leads(&filter, &PageRequest::first(PAGE)).await?.rows();
        leads.sort_by_key(order);
        let flights = self.desks.get(&campaign.campaign_id).map(|desk| &desk.flights);
        let is_dialed =
            |lead: &LeadId| flights.is_some_and(|all| all.values().any(|flight| flight.lead == Some(*lead)));
        Ok(leads.into_iter().map(|lead| lead.lead_id).filter(|lead| !is_dialed(lead)).collect())
    }

    /// Dials one lead; false when a rule bars it, or somebody was faster.
    async fn dial_lead(&mut self, campaign: &CampaignRow, lead: LeadId, now: Timestamp) -> bool {
        let action = DialLead {
            lead,
            created: call::Created {
                direction: Direction::Outbound,
                customer: None,
                lead: Some(lead),
                campaign: None,
                agent: None,
                number: None,
                number_claim: None,
                number_region: None,
                queue: campaign.queue.clone(),
                product: campaign.product.clone(),
                industry: None,
                line: self.around.caller_line.clone(),
                priority: None,
                attributes: Default::default(),
            },
            agent_guaranteed: campaign.mode.0 == DialingMode::Progressive,
            policy: self.around.policy,
            rules: self.around.rules.clone(),
        };
        match self.around.dispatcher.execute(Request::by(Actor::system(ACTOR)), &action).await {
            Ok(outcome) => match outcome.answer {
                LeadDialed::Dialing { call, ring_least } => {
                    let id = campaign.campaign_id;
                    if let Some(desk) = self.desks.get_mut(&id) {
                        let lead = Some(lead);
                        desk.flights.insert(call, Flight { lead, dialed_at: now, waiting_since: None });
                    }
                    self.order(call, self.around.caller_line.clone(), id, ring_least).await;
                    true
                }
                LeadDialed::Barred | LeadDialed::Unreachable => false,
            },
            Err(CommandError::Refused(refused)) => {
                tracing::debug!(code = refused.code, "a lead was not dialed");
                false
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a lead could not be dialed");
                false
            }
        }
    }
}

impl Dialer {
    /// Gives a call to the line, its number opened for that alone. One without a number that can be read has failed.
    pub(crate) async fn order(
        &self,
        call: CallId,
        line: Option<String>,
        campaign: CampaignId,
        ring_least: Millis,
    ) {
        match self.around.dispatcher.number_of(call).await {
            Ok(Some(number)) => {
                self.line.dial(Order { call, number, line, campaign: Some(campaign), ring_least });
            }
            Ok(None) => self.end(call, EndCause::Failed).await,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a number cannot be opened");
                self.end(call, EndCause::Failed).await;
            }
        }
    }
}

/// Calls that were promised come first, then what is most important, then what was tried least and rested longest.
fn order(lead: &LeadRow) -> impl Ord + use<> {
    let promised = lead.last_outcome.is_some_and(|outcome| outcome.0 == AttemptOutcome::Callback);
    (!promised, Reverse(lead.priority), lead.attempts, lead.state_since, lead.lead_id)
}
