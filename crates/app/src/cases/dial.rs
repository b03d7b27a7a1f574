//! Dialing: of a call that is known, and of a lead in one step, as the dialer does.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trunkline_domain::agent::{self, Agent};
use trunkline_domain::call::{self, Call, CallState, Judged, Worth};
use trunkline_domain::campaign::{self, Campaign, CampaignState};
use trunkline_domain::contact::{self, Contact};
use trunkline_domain::customer::Customer;
use trunkline_domain::lead::{self, Lead, LeadOutcome, LeadState};
use trunkline_domain::words::Work as Offered;
use trunkline_kernel::{CallId, Id as _, LeadId, Millis, PhoneNumber, StreamId};
use uuid::Uuid;

use super::call::dialed_customer;
use super::compliance::{Judges, better_hour, candidates, judge};
use super::terms::permit;
use super::{CreateCall, QueueLead};
use crate::{Action, ActionError, Licensing, Work};

/// Dials a call for its lead and its agent, or suppresses it when a rule bars it at this instant. Either way the event
/// says what was known, and what each rule said.
#[derive(Clone, Debug)]
pub struct DialCall {
    /// Which.
    pub call: CallId,
    /// The token of the agent's offer, when the agent was offered the lead.
    pub token: Option<u64>,
    /// Whether an agent is free for this very call and stays so, although the call is not meant for one.
    pub agent_guaranteed: bool,
    /// What it is judged by.
    pub judges: Judges,
    /// Why its lead was put before others, where a model scored it. Of a customer who refuses automated decisions it is not
    /// kept.
    pub worth: Option<Worth>,
    /// Which licences calls ask for, of an agent who begins a call without an offer.
    pub licensing: Arc<Licensing>,
    /// Whether our line is told to dial it.
    pub ordered: bool,
}

impl Action for DialCall {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { call: id, token, agent_guaranteed, judges, worth, licensing, ordered } = self;
        let call = work.state::<Call>(*id).await?;
        let (mut judged, mut slot) = (None, None);
        if let Some(lead_id) = call.lead() {
            let lead = work.state::<Lead>(lead_id).await?;
            running(work, &lead).await?;
            let mut barred = None;
            if let Some(judging) = judge(work, &lead, Some((&call, *agent_guaranteed)), judges).await? {
                (judged, barred, slot) = (Some(judging.judged), judging.barred, judging.slot);
            }
            let number = call.number().map(|(claim, _)| claim);
            work.run::<Lead>(lead_id, lead::Command::Call { call: *id, number, barred }).await?;
        }
        if let Some(ruling) = judged.as_ref().and_then(Judged::barred_by) {
            let (rule, rule_version) = (ruling.rule.clone(), ruling.version.to_string());
            let suppressed = call::Suppressed { rule, rule_version, judged };
            work.run::<Call>(*id, call::Command::Suppress(suppressed)).await?;
            return Ok(id.uuid());
        }
        if let Some(agent) = call.agent() {
            work.run::<Agent>(agent, agent::Command::StartWork { call: *id, token: *token }).await?;
            // An offer was held to them when it was made.
            if token.is_none() {
                permit(work, agent, Offered::Call(*id), licensing).await?;
            }
        }
        let worth = match (worth, call.customer()) {
            (Some(_), Some(id)) if work.require::<Customer>(id).await?.refuses_automated_decisions() => None,
            (worth, _) => worth.clone(),
        };
        work.run::<Call>(*id, call::Command::Dial(call::Dialed { judged, slot, worth, ordered: *ordered }))
            .await?;
        if let Some(customer) = dialed_customer(&call) {
            let dialed = contact::Dialed { customer, call: *id, campaign: call.campaign() };
            work.run::<Contact>(contact::of(customer), contact::Command::Dial(dialed)).await?;
        }
        Ok(id.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.call))
    }
}

/// Brings a lead of a running campaign into the queue and has our line dial it: released when its time has come, judged when
/// it is queued, judged again when it is dialed. Where the campaign asks for it, one that is unlikely to be answered now waits
/// for a better hour ([`Judges::chances`]). Which of the customer's numbers it dials says [`Lead::next_number`]; a lead that
/// has none left is finished as unreachable.
#[derive(Clone, Debug)]
pub struct DialLead {
    /// Which.
    pub lead: LeadId,
    /// What is known of the call; customer and campaign are taken from the lead, the number from the customer, product and
    /// queue from the campaign.
    pub created: call::Created,
    /// The token of the agent's offer, where the call is meant for an agent who was shown the lead.
    pub token: Option<u64>,
    /// Whether an agent is free for this very call and stays so.
    pub agent_guaranteed: bool,
    /// What it is judged by.
    pub judges: Judges,
    /// Why its lead was put before others, where a model scored it. Of a customer who refuses automated decisions it is not
    /// kept.
    pub worth: Option<Worth>,
}

/// What became of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum LeadDialed {
    /// The call is dialed.
    Dialing {
        /// Which.
        call: CallId,
        /// How long it must ring at least.
        ring_least: Millis,
    },
    /// A rule barred it.
    Barred,
    /// It waits for an hour in which somebody is more likely to answer.
    Waits,
    /// The customer has no number, or none that exists: the lead is finished.
    Unreachable,
}

impl Action for DialLead {
    type Answer = LeadDialed;

    async fn perform(&self, work: &mut Work<'_>) -> Result<LeadDialed, ActionError> {
        let Self { lead, created, token, agent_guaranteed, judges, worth } = self;
        if let Some(not_now) = bring_into_queue(work, *lead, judges).await? {
            return Ok(not_now);
        }
        let Some(number) = next_number(work, *lead).await? else {
            let finished = lead::Finished { outcome: LeadOutcome::Unreachable };
            work.run::<Lead>(*lead, lead::Command::Finish(finished)).await?;
            return Ok(LeadDialed::Unreachable);
        };
        let mut created = call::Created { lead: Some(*lead), number: Some(number.into()), ..created.clone() };
        if let Some(campaign) = work.state::<Lead>(*lead).await?.campaign() {
            let campaign = work.state::<Campaign>(campaign).await?;
            created.product = created.product.or(campaign.product().cloned());
            created.queue = created.queue.or(campaign.queue().cloned());
        }
        let call = CallId::from_uuid(CreateCall { created }.perform(work).await?);
        let dial = DialCall {
            call,
            token: *token,
            agent_guaranteed: *agent_guaranteed,
            judges: judges.clone(),
            worth: worth.clone(),
            // It is meant for nobody before it is answered, or for an agent whose offer was held to licences.
            licensing: Arc::default(),
            ordered: true,
        };
        dial.perform(work).await?;
        let dialed = work.state::<Call>(call).await?;
        Ok(if dialed.state() == CallState::Dialing {
            LeadDialed::Dialing { call, ring_least: dialed.ring_least() }
        } else {
            LeadDialed::Barred
        })
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.lead))
    }
}

/// Brings a lead of a running campaign into the queue, where it is not there yet. Gives why it is not to be dialed now, if it
/// is not.
pub(super) async fn bring_into_queue(
    work: &mut Work<'_>,
    lead: LeadId,
    judges: &Judges,
) -> Result<Option<LeadDialed>, ActionError> {
    let known = work.require::<Lead>(lead).await?;
    running(work, &known).await?;
    let state = known.state();
    if matches!(state, LeadState::New | LeadState::OnHold) {
        work.run::<Lead>(lead, lead::Command::Ready).await?;
    }
    if state != LeadState::Queued {
        QueueLead { lead, judges: judges.clone() }.perform(work).await?;
    }
    let queued = work.state::<Lead>(lead).await?;
    if queued.state() != LeadState::Queued {
        return Ok(Some(LeadDialed::Barred));
    }
    if let Some(until) = better_hour(work, &queued, judges).await? {
        let held = lead::Held { until, rule: Some(lead::BETTER_HOUR.to_owned()) };
        work.run::<Lead>(lead, lead::Command::Hold(held)).await?;
        return Ok(Some(LeadDialed::Waits));
    }
    Ok(None)
}

/// Refuses what would dial a lead of a campaign that does not run at this moment, as the log has it.
async fn running(work: &mut Work<'_>, lead: &Lead) -> Result<(), ActionError> {
    let Some(campaign) = lead.campaign() else { return Ok(()) };
    match work.require::<Campaign>(campaign).await?.state() {
        CampaignState::Running => Ok(()),
        state @ (CampaignState::Draft | CampaignState::Paused | CampaignState::Stopped) => {
            Err(ActionError::refused(campaign::Refusal::NotRunning(state)))
        }
    }
}

/// The number that a lead's next attempt dials, opened so that it can be sealed for its call.
async fn next_number(work: &mut Work<'_>, lead: LeadId) -> Result<Option<PhoneNumber>, ActionError> {
    let lead = work.state::<Lead>(lead).await?;
    let Some(customer) = lead.customer() else { return Ok(None) };
    let known = work.require::<Customer>(customer).await?;
    let numbers = candidates(work, &lead, &known).await?;
    match lead.next_number(numbers.into_iter().map(|(claim, _)| claim)) {
        Some(claim) => work.open_number(customer, claim).await,
        None => Ok(None),
    }
}
