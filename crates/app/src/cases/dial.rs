//! Dialing: of a call that is known, and of a lead in one step, as the dialer does.

use std::sync::Arc;

use serde::{Deserialize, Serialize};
use trunkline_domain::Policy;
use trunkline_domain::agent::{self, Agent};
use trunkline_domain::call::{self, Call, CallState, Judged};
use trunkline_domain::contact::{self, Contact};
use trunkline_domain::customer::Customer;
use trunkline_domain::lead::{self, Lead, LeadOutcome, LeadState};
use trunkline_kernel::{CallId, Id as _, LeadId, Millis, PhoneNumber, StreamId};
use trunkline_routing::compliance::RuleBook;
use uuid::Uuid;

use super::call::dialed_customer;
use super::compliance::{candidates, judge};
use super::{CreateCall, QueueLead};
use crate::{Action, ActionError, Work};

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
    /// Whether silence counts as consent.
    pub policy: Policy,
    /// The rules that it is judged by.
    pub rules: Arc<RuleBook>,
}

impl Action for DialCall {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { call: id, token, agent_guaranteed, policy, rules } = self;
        let call = work.state::<Call>(*id).await?;
        let mut judged = None;
        if let Some(lead_id) = call.lead() {
            let lead = work.state::<Lead>(lead_id).await?;
            let judging = judge(work, &lead, Some((&call, *agent_guaranteed)), rules, policy).await?;
            let (barred, of_lead) = judging.map(|judging| (judging.barred, judging.judged)).unzip();
            judged = of_lead;
            let barred = barred.flatten();
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
        }
        work.run::<Call>(*id, call::Command::Dial(call::Dialed { judged })).await?;
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

/// Brings a lead into the queue and dials it: released when its time has come, judged when it is queued, judged again
/// when it is dialed. Which of the customer's numbers it dials says [`Lead::next_number`]; a lead that has none left is
/// finished as unreachable.
#[derive(Clone, Debug)]
pub struct DialLead {
    /// Which.
    pub lead: LeadId,
    /// What is known of the call; customer and campaign are taken from the lead, the number from the customer.
    pub created: call::Created,
    /// Whether an agent is free for this very call and stays so.
    pub agent_guaranteed: bool,
    /// Whether silence counts as consent.
    pub policy: Policy,
    /// The rules that it is judged by.
    pub rules: Arc<RuleBook>,
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
    /// The customer has no number, or none that exists: the lead is finished.
    Unreachable,
}

impl Action for DialLead {
    type Answer = LeadDialed;

    async fn perform(&self, work: &mut Work<'_>) -> Result<LeadDialed, ActionError> {
        let Self { lead, created, agent_guaranteed, policy, rules } = self;
        let state = work.require::<Lead>(*lead).await?.state();
        if matches!(state, LeadState::New | LeadState::OnHold) {
            work.run::<Lead>(*lead, lead::Command::Ready).await?;
        }
        if state != LeadState::Queued {
            let queue = QueueLead { lead: *lead, policy: *policy, rules: Arc::clone(rules) };
            queue.perform(work).await?;
        }
        if work.state::<Lead>(*lead).await?.state() != LeadState::Queued {
            return Ok(LeadDialed::Barred);
        }
        let Some(number) = next_number(work, *lead).await? else {
            let finished = lead::Finished { outcome: LeadOutcome::Unreachable };
            work.run::<Lead>(*lead, lead::Command::Finish(finished)).await?;
            return Ok(LeadDialed::Unreachable);
        };
        let created = call::Created { lead: Some(*lead), number: Some(number.into()), ..created.clone() };
        let call = CallId::from_uuid(CreateCall { created }.perform(work).await?);
        let dial = DialCall {
            call,
            token: None,
            agent_guaranteed: *agent_guaranteed,
            policy: *policy,
            rules: Arc::clone(rules),
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
