//! Preview dialing: a lead is shown to an agent, who has it dialed or skips it.

use trunkline_domain::agent::{self, Agent};
use trunkline_domain::call;
use trunkline_domain::campaign::Campaign;
use trunkline_domain::lead::{self, Lead, LeadState};
use trunkline_domain::reservation::{self, Reservation, ReservationState};
use trunkline_domain::routing::{self, Needs, Routing, RoutingState};
use trunkline_domain::words::Work as Offered;
use trunkline_kernel::{AgentId, Id as _, LeadId, Millis, ReservationId, StreamId};
use uuid::Uuid;

use super::compliance::Judges;
use super::dial::{DialLead, LeadDialed, bring_into_queue};
use super::reservation::parties;
use super::routing::{end, routing_of};
use crate::{Action, ActionError, Work};

/// Brings a lead into the queue, judged as for a dial, and has an agent looked for who is shown it. Says whether it is in the
/// queue; once more changes nothing.
#[derive(Clone, Debug)]
pub struct ShowLead {
    /// Which.
    pub lead: LeadId,
    /// What the agent must have.
    pub needs: Needs,
    /// What it is judged by.
    pub judges: Judges,
}

impl Action for ShowLead {
    type Answer = bool;

    async fn perform(&self, work: &mut Work<'_>) -> Result<bool, ActionError> {
        let Self { lead, needs, judges } = self;
        let waited = work.require::<Lead>(*lead).await?.state() == LeadState::Queued;
        if bring_into_queue(work, *lead, judges).await?.is_some() {
            return Ok(false);
        }
        let of = Offered::Lead(*lead);
        let id = routing_of(of);
        let wanted = match work.require::<Routing>(id).await?.state() {
            RoutingState::Idle | RoutingState::Ended => true,
            // Somebody looks at a lead that was queued before; of others it was an earlier attempt.
            RoutingState::Assigned => !waited,
            RoutingState::Waiting | RoutingState::Offered => false,
        };
        if wanted {
            let requested = routing::Requested::of(of, needs.clone());
            work.run::<Routing>(id, routing::Command::Request(requested)).await?;
        }
        Ok(true)
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.lead))
    }
}

/// The agent who looks at a lead has it dialed. When a rule bars the call by now, or the customer has no number left, the
/// agent is free again.
#[derive(Clone, Debug)]
pub struct DialPreview {
    /// The offer that the agent accepted.
    pub reservation: ReservationId,
    /// Its token.
    pub token: u64,
    /// What is known of the call beside the lead and the agent.
    pub created: call::Created,
    /// What it is judged by.
    pub judges: Judges,
}

impl Action for DialPreview {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { reservation, token, created, judges } = self;
        let (agent, lead) = preview(work, *reservation).await?;
        let created = call::Created { agent: Some(agent), ..created.clone() };
        let (token, judges) = (Some(*token), judges.clone());
        let dial = DialLead { lead, created, token, agent_guaranteed: true, judges, worth: None };
        match dial.perform(work).await? {
            LeadDialed::Dialing { .. } => {}
            LeadDialed::Barred | LeadDialed::Waits | LeadDialed::Unreachable => {
                close(work, *reservation, self.token).await?;
            }
        }
        Ok(lead.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.reservation))
    }
}

/// The agent who looks at a lead does not call it: it rests as after an attempt, without counting as one.
#[derive(Clone, Debug)]
pub struct SkipPreview {
    /// The offer that the agent accepted.
    pub reservation: ReservationId,
    /// Its token.
    pub token: u64,
}

impl Action for SkipPreview {
    type Answer = Uuid;

    async fn perform(&self, work: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let (_, lead) = preview(work, self.reservation).await?;
        close(work, self.reservation, self.token).await?;
        rest(work, lead).await?;
        Ok(lead.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.reservation))
    }
}

/// Who looks at which lead, having accepted it.
async fn preview(work: &mut Work<'_>, id: ReservationId) -> Result<(AgentId, LeadId), ActionError> {
    let (agent, of) = parties(work, id).await?;
    let state = work.require::<Reservation>(id).await?.state();
    if state != ReservationState::Accepted {
        return Err(ActionError::refused(reservation::Refusal::NotAccepted(state)));
    }
    match of {
        Offered::Lead(lead) => Ok((agent, lead)),
        Offered::Call(_) | Offered::Task(_) => Err(ActionError::refused(agent::Refusal::WorkMismatch)),
    }
}

/// Has a lead that was skipped rest for as long as after an attempt; without such a rest it can be shown again at once.
async fn rest(work: &mut Work<'_>, lead: LeadId) -> Result<(), ActionError> {
    let known = work.require::<Lead>(lead).await?;
    let (Some(campaign), LeadState::Ready | LeadState::Queued) = (known.campaign(), known.state()) else {
        return Ok(());
    };
    let rest = work.require::<Campaign>(campaign).await?.attempts().retry_after_ms;
    if rest > Millis::ZERO {
        let held = lead::Held { until: work.now().plus(rest), rule: Some(lead::SKIPPED.to_owned()) };
        work.run::<Lead>(lead, lead::Command::Hold(held)).await?;
    } else if known.state() == LeadState::Queued {
        work.run::<Lead>(lead, lead::Command::Unqueue).await?;
    }
    Ok(())
}

/// The agent looks at it no more.
async fn close(work: &mut Work<'_>, id: ReservationId, token: u64) -> Result<(), ActionError> {
    let (agent, of) = parties(work, id).await?;
    work.run::<Reservation>(id, reservation::Command::Complete { token }).await?;
    work.run::<Agent>(agent, agent::Command::ReleaseOffer { reservation: id }).await?;
    end(work, of).await.map(drop)
}
