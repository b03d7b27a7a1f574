//! Which leads are dialed next.

use std::cmp::Reverse;
use std::sync::Arc;

use trunkline_app::cases::{DialLead, Judges, LeadDialed};
use trunkline_domain::call::{self, EndCause, Worth};
use trunkline_domain::campaign::DialingMode;
use trunkline_domain::lead::AttemptOutcome;
use trunkline_domain::words::Direction;
use trunkline_kernel::{CallId, CampaignId, LeadId, Millis, Timestamp};
use trunkline_pool::Worths;
use trunkline_projections::outreach::{CampaignRow, LeadRow};
use trunkline_projections::reads::ReadError;

use crate::line::Order;
use crate::look::needs;
use crate::{Dialer, PAGE};

impl Dialer {
    /// Dials so many leads of a campaign, or has them shown to agents, as its mode says; as far as there are any that are due
    /// and lawful.
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
        for (lead, worth) in self.due(campaign, now).await? {
            if left == 0 {
                break;
            }
            let under_way = match campaign.mode.0 {
                DialingMode::Preview => self.show(campaign, lead).await,
                DialingMode::Manual | DialingMode::Progressive | DialingMode::Predictive => {
                    self.dial_lead(campaign, lead, worth, now).await
                }
            };
            left -= usize::from(under_way);
        }
        Ok(())
    }

    /// The leads that are due and not under way, the next one first, and what each is worth where a model scores it.
    async fn due(
        &self,
        campaign: &CampaignRow,
        now: Timestamp,
    ) -> Result<Vec<(LeadId, Option<Worth>)>, ReadError> {
        let mut leads = self.around.reads.leads_to_dial(campaign.campaign_id, now, PAGE).await?;
        let desk = self.desks.get(&campaign.campaign_id);
        leads.retain(|lead| desk.is_none_or(|desk| !desk.is_under_way(lead.lead_id)));
        let worths = self.around.router.worths(campaign, &needs(campaign), &leads).await?;
        let Some(Worths { model, scores }) = worths else {
            leads.sort_by_key(|lead| (first(lead), then(lead)));
            return Ok(leads.into_iter().map(|lead| (lead.lead_id, None)).collect());
        };
        let among = u32::try_from(scores.len()).unwrap_or(u32::MAX);
        // Who cannot or may not be scored is neither preferred nor put back.
        let mean = scores.values().sum::<f64>() / f64::from(among.max(1));
        let score = |lead: &LeadRow| scores.get(&lead.lead_id).copied();
        let rated = |lead: &LeadRow| score(lead).unwrap_or(mean);
        leads.sort_by(|a, b| {
            let worth = rated(b).total_cmp(&rated(a));
            first(a).cmp(&first(b)).then(worth).then_with(|| then(a).cmp(&then(b)))
        });
        let worth = |score| Worth { score, model: model.as_str().to_owned(), among };
        Ok(leads.iter().map(|lead| (lead.lead_id, score(lead).map(worth))).collect())
    }

    /// Dials one lead; false when a rule bars it, or somebody was faster.
    async fn dial_lead(
        &mut self,
        campaign: &CampaignRow,
        lead: LeadId,
        worth: Option<Worth>,
        now: Timestamp,
    ) -> bool {
        let action = DialLead {
            lead,
            created: call::Created {
                line: self.around.caller_line.clone(),
                ..call::Created::new(Direction::Outbound)
            },
            token: None,
            agent_guaranteed: campaign.mode.0 == DialingMode::Progressive,
            judges: self.judges(),
            worth,
        };
        match self.execute(&action).await {
            Some(LeadDialed::Dialing { call, ring_least }) => {
                let id = campaign.campaign_id;
                if let Some(desk) = self.desks.get_mut(&id) {
                    desk.dialed(call, lead, now);
                }
                self.order(call, self.around.caller_line.clone(), id, ring_least).await;
                true
            }
            Some(LeadDialed::Barred | LeadDialed::Waits | LeadDialed::Unreachable) | None => false,
        }
    }
}

impl Dialer {
    pub(crate) fn judges(&self) -> Judges {
        Judges {
            rules: Arc::clone(&self.around.rules),
            policy: self.around.policy,
            chances: Arc::clone(&self.chances),
        }
    }

    /// Gives a call to the line, its number opened for that alone. One without a number that can be read has failed.
    pub(crate) async fn order(
        &mut self,
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

/// Calls that were promised come first, then what is most important.
fn first(lead: &LeadRow) -> impl Ord + use<> {
    let promised = lead.last_outcome.is_some_and(|outcome| outcome.0 == AttemptOutcome::Callback);
    (!promised, Reverse(lead.priority))
}

/// Of leads that are worth the same, those that were tried least and rested longest come first.
fn then(lead: &LeadRow) -> impl Ord + use<> {
    (lead.attempts, lead.state_since, lead.lead_id)
}
