//! Calls together with the agents who speak in them and the leads that they are attempts of.

use std::collections::BTreeSet;

use trunkline_domain::Policy;
use trunkline_domain::agent::{self, Agent, Presence};
use trunkline_domain::call::{self, Call, CallState, EndCause};
use trunkline_domain::campaign::Campaign;
use trunkline_domain::contact::{self, Contact};
use trunkline_domain::customer::{self, ConsentState, Customer};
use trunkline_domain::identifier::{IdentifierId, IdentifierKind};
use trunkline_domain::lead::{self, AttemptOutcome, BlockReason, Lead, LeadOutcome, LeadState};
use trunkline_domain::words::{Channel, Direction, Purpose, Work as Offered};
use trunkline_kernel::{AgentId, CallId, CustomerId, Id as _, LeadId, Personal, StreamId};
use trunkline_routing::compliance::calling_region;
use uuid::Uuid;

use super::routing;
use crate::{Action, ActionError, Work};

/// Makes a call known. An attempt of a lead takes customer and campaign from the lead.
#[derive(Clone, Debug)]
pub struct CreateCall {
    /// What is known of it.
    pub created: call::Created,
}

impl Action for CreateCall {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let mut created = self.created.clone();
        if let Some(lead) = created.lead {
            let lead = work.state::<Lead>(lead).await?;
            if lead.campaign().is_none() {
                return Err(ActionError::refused(lead::Refusal::Unknown));
            }
            created.campaign = created.campaign.or(lead.campaign());
            created.customer = created.customer.or(lead.customer());
        }
        note_number(work, &mut created);
        let id: CallId = work.new_id();
        work.run::<Call>(id, call::Command::Create(created)).await?;
        Ok(id.uuid())
    }
}

/// Notes by which claim and in which region the number of a call is known, while it can still be read.
pub(super) fn note_number(work: &Work<'_>, created: &mut call::Created) {
    if let Some(number) = created.number.as_ref().and_then(Personal::open) {
        let claim = IdentifierId::of(work.index(), IdentifierKind::Phone, number.as_str());
        created.number_claim = Some(claim);
        created.number_region = calling_region(number.as_str()).map(str::to_owned);
    }
}

/// Connects a call with an agent, who then speaks. The agent may have been offered the call, may be in it already
/// because it was dialed for the agent, or may be free.
#[derive(Clone, Debug)]
pub struct BridgeCall {
    /// Which.
    pub call: CallId,
    /// With whom and after what wait.
    pub bridged: call::Bridged,
}

impl Action for BridgeCall {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let call = self.call;
        work.run::<Call>(call, call::Command::Bridge(self.bridged.clone())).await?;
        if let Some(id) = self.bridged.agent {
            let agent = work.state::<Agent>(id).await?;
            match agent.presence() {
                Presence::Available => {
                    work.run::<Agent>(id, agent::Command::StartWork { call, token: None }).await?;
                }
                Presence::Reserved => {
                    let offer = agent.offer().filter(|offer| offer.work == Offered::Call(call));
                    let token = offer.map(|offer| offer.token);
                    work.run::<Agent>(id, agent::Command::StartWork { call, token }).await?;
                }
                Presence::Offline
                | Presence::Paused
                | Presence::Preview
                | Presence::Ringing
                | Presence::Talking
                | Presence::Holding
                | Presence::Wrapping => {}
            }
            work.run::<Agent>(id, agent::Command::StartTalking { call }).await?;
        }
        let known = work.state::<Call>(call).await?;
        note(work, &known, contact::Command::Reach(contact::Reached { call })).await?;
        Ok(call.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.call))
    }
}

/// Lets the customer wait on the line.
#[derive(Clone, Debug)]
pub struct HoldCall {
    /// Which.
    pub call: CallId,
}

impl Action for HoldCall {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        work.run::<Call>(self.call, call::Command::Hold).await?;
        if let Some((agent, _)) = in_call(work, self.call, &[Presence::Talking]).await? {
            work.run::<Agent>(agent, agent::Command::Hold).await?;
        }
        Ok(self.call.uuid())
    }
}

/// Goes on with the conversation.
#[derive(Clone, Debug)]
pub struct ResumeCall {
    /// Which.
    pub call: CallId,
}

impl Action for ResumeCall {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        work.run::<Call>(self.call, call::Command::Resume).await?;
        if let Some((agent, _)) = in_call(work, self.call, &[Presence::Holding]).await? {
            work.run::<Agent>(agent, agent::Command::Resume).await?;
        }
        Ok(self.call.uuid())
    }
}

/// Ends a call. Its agent goes into after-call work. A lead that nobody was reached for comes back at once; one
/// whose customer was spoken with comes back with the classification.
#[derive(Clone, Debug)]
pub struct EndCall {
    /// Which.
    pub call: CallId,
    /// Why, and after what wait.
    pub ended: call::Ended,
    /// How long after-call work may take.
    pub policy: Policy,
}

impl Action for EndCall {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { call: id, ended, policy } = self;
        let busy = [Presence::Ringing, Presence::Talking, Presence::Holding];
        let agent = in_call(work, *id, &busy).await?.map(|(agent, _)| agent);
        work.run::<Call>(*id, call::Command::End(ended.clone())).await?;
        let assigned =
            routing::end(work, Offered::Call(*id)).await?.filter(|assigned| Some(*assigned) != agent);
        // Whoever accepted the call and was not yet connected has it ringing.
        let ringing = match assigned {
            Some(assigned) if rings_at(work, assigned, *id).await? => Some(assigned),
            Some(_) | None => None,
        };
        for agent in agent.into_iter().chain(ringing) {
            work.run::<Agent>(agent, agent::Command::StartWrap { call: *id, policy: *policy }).await?;
        }
        let call = work.state::<Call>(*id).await?;
        if ended.cause == EndCause::Abandoned || call.kept_waiting(work.now()) {
            note(work, &call, contact::Command::Abandon(contact::Abandoned { call: *id })).await?;
        }
        if let Some((lead, outcome)) = unreached(work, *id, ended.cause).await? {
            give_back(work, lead, *id, outcome, None).await?;
        }
        Ok(id.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.call))
    }
}

/// Classifies a finished call: its lead goes on accordingly, its agent's after-call work ends, and a customer who
/// asked not to be called is not called again.
#[derive(Clone, Debug)]
pub struct ClassifyResult {
    /// Which.
    pub call: CallId,
    /// How it went.
    pub dispositioned: call::Dispositioned,
}

impl Action for ClassifyResult {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { call: id, dispositioned } = self;
        work.run::<Call>(*id, call::Command::Disposition(dispositioned.clone())).await?;
        if let Some((agent, _)) = in_call(work, *id, &[Presence::Wrapping]).await? {
            work.run::<Agent>(agent, agent::Command::EndWrap).await?;
        }
        follow_up(work, *id, dispositioned).await?;
        Ok(id.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.call))
    }
}

/// The time for after-call work is over: it ends, and a call that the agent did not classify the system does.
#[derive(Clone, Debug)]
pub struct ExpireWrap {
    /// Whose.
    pub agent: AgentId,
    /// How long after-call work may take.
    pub policy: Policy,
}

impl Action for ExpireWrap {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { agent: id, policy } = *self;
        let wrapped = work.require::<Agent>(id).await?.call();
        work.run::<Agent>(id, agent::Command::ExpireWrap).await?;
        let Some(call) = wrapped else { return Ok(id.uuid()) };
        if work.require::<Call>(call).await?.state() == CallState::Ended {
            for event in work.run::<Call>(call, call::Command::DispositionBySystem { policy }).await? {
                if let call::Event::Dispositioned(dispositioned) = event {
                    follow_up(work, call, &dispositioned).await?;
                }
            }
        }
        Ok(id.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.agent))
    }
}

/// The customer of an outbound call.
pub(super) fn dialed_customer(call: &Call) -> Option<CustomerId> {
    call.customer().filter(|_| call.direction() == Some(Direction::Outbound))
}

/// Notes what becomes of an outbound call among all dials of its customer, which caps on them count.
async fn note(work: &mut Work<'_>, call: &Call, noted: contact::Command) -> Result<(), ActionError> {
    if let Some(customer) = dialed_customer(call) {
        work.run::<Contact>(contact::of(customer), noted).await?;
    }
    Ok(())
}

/// What a classification means for the lead and for the customer's consent.
async fn follow_up(
    work: &mut Work<'_>,
    id: CallId,
    dispositioned: &call::Dispositioned,
) -> Result<(), ActionError> {
    let call = work.state::<Call>(id).await?;
    if let Some(lead) = call.lead() {
        // The newest state: the call may have been dialed by another server.
        let state = work.require::<Lead>(lead).await?.state();
        if state == LeadState::InCall {
            settle(work, lead, id, dispositioned).await?;
        }
    }
    if let Some(customer) = call.customer().filter(|_| dispositioned.do_not_call) {
        // They refuse to be sold to, whoever called, and what this call was for.
        let mut purposes = BTreeSet::from([Purpose::Marketing]);
        if let Some(campaign) = call.campaign() {
            purposes.insert(work.state::<Campaign>(campaign).await?.purpose());
        }
        for purpose in purposes {
            refuse_calls(work, customer, purpose).await?;
        }
    }
    Ok(())
}

/// Takes a customer's consent to calls of a purpose back, when it is not.
async fn refuse_calls(
    work: &mut Work<'_>,
    customer: CustomerId,
    purpose: Purpose,
) -> Result<(), ActionError> {
    let known = work.require::<Customer>(customer).await?;
    let channel = Channel::Call;
    if known.exists() && known.consent(purpose, channel).state != ConsentState::Withdrawn {
        let withdrawn = customer::ConsentWithdrawn { purpose, channel, reason: None };
        work.run::<Customer>(customer, customer::Command::WithdrawConsent(withdrawn)).await?;
    }
    Ok(())
}

/// The agent of a call, when the agent is in it and in one of these states.
async fn in_call(
    work: &mut Work<'_>,
    call: CallId,
    presences: &[Presence],
) -> Result<Option<(AgentId, Presence)>, ActionError> {
    let Some(id) = work.state::<Call>(call).await?.agent() else { return Ok(None) };
    let agent = work.require::<Agent>(id).await?;
    let there = agent.call() == Some(call) && presences.contains(&agent.presence());
    Ok(there.then(|| (id, agent.presence())))
}

/// Whether a call rings at an agent's.
async fn rings_at(work: &mut Work<'_>, id: AgentId, call: CallId) -> Result<bool, ActionError> {
    let agent = work.require::<Agent>(id).await?;
    Ok(agent.presence() == Presence::Ringing && agent.call() == Some(call))
}

/// The lead of a call that reached nobody, and how the attempt ended.
async fn unreached(
    work: &mut Work<'_>,
    call: CallId,
    cause: EndCause,
) -> Result<Option<(LeadId, AttemptOutcome)>, ActionError> {
    let call = work.state::<Call>(call).await?;
    let Some(lead) = call.lead() else { return Ok(None) };
    // The newest state: the call may have been dialed by another server.
    if work.require::<Lead>(lead).await?.state() != LeadState::InCall {
        return Ok(None);
    }
    let outcome = match cause {
        EndCause::NoAnswer => AttemptOutcome::NoAnswer,
        EndCause::Busy => AttemptOutcome::Busy,
        EndCause::Machine => AttemptOutcome::Machine,
        EndCause::Abandoned => AttemptOutcome::Abandoned,
        EndCause::InvalidNumber => AttemptOutcome::InvalidNumber,
        EndCause::Failed | EndCause::Phantom => AttemptOutcome::Failed,
        // An agent was in it, who says how it went.
        EndCause::Completed | EndCause::AgentHangup | EndCause::CustomerHangup
            if call.was_bridged() || call.agent().is_some() =>
        {
            return Ok(None);
        }
        EndCause::Completed | EndCause::AgentHangup | EndCause::CustomerHangup => {
            if call.kept_waiting(work.now()) {
                AttemptOutcome::Abandoned
            } else if call.was_live() {
                AttemptOutcome::Undecided
            } else {
                AttemptOutcome::NoAnswer
            }
        }
    };
    Ok(Some((lead, outcome)))
}

async fn give_back(
    work: &mut Work<'_>,
    lead: LeadId,
    call: CallId,
    outcome: AttemptOutcome,
    callback_at: Option<trunkline_kernel::Timestamp>,
) -> Result<(), ActionError> {
    let campaign = work.state::<Lead>(lead).await?.campaign();
    let attempts = match campaign {
        Some(campaign) => work.state::<Campaign>(campaign).await?.attempts().clone(),
        None => Default::default(),
    };
    work.run::<Lead>(lead, lead::Command::Return { call, outcome, attempts, callback_at }).await?;
    Ok(())
}

async fn settle(
    work: &mut Work<'_>,
    lead: LeadId,
    call: CallId,
    said: &call::Dispositioned,
) -> Result<(), ActionError> {
    if said.do_not_call {
        let blocked = lead::Blocked { reason: BlockReason::Requested };
        work.run::<Lead>(lead, lead::Command::Block(blocked)).await?;
    } else if said.sale {
        let finished = lead::Finished { outcome: LeadOutcome::Sale };
        work.run::<Lead>(lead, lead::Command::Finish(finished)).await?;
    } else {
        let outcome = match (said.callback_at, said.right_party) {
            (Some(_), _) => AttemptOutcome::Callback,
            (None, true) => AttemptOutcome::Undecided,
            (None, false) => AttemptOutcome::WrongParty,
        };
        give_back(work, lead, call, outcome, said.callback_at).await?;
    }
    Ok(())
}
