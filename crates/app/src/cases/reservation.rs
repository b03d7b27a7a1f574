//! Offers of work: the reservation, its agent and the task that is offered change together.

use std::sync::Arc;

use trunkline_domain::Policy;
use trunkline_domain::agent::{self, Agent, Presence};
use trunkline_domain::reservation::{self, Reservation, ReservationState};
use trunkline_domain::task::{self, Task, TaskState};
use trunkline_domain::words::Work as Offer;
use trunkline_kernel::{AgentId, Id as _, ReservationId, StreamId, Timestamp};
use uuid::Uuid;

use super::routing;
use super::terms::permit;
use crate::{Action, ActionError, Licensing, Work};

/// Offers work to an agent, who must be available.
#[derive(Clone, Debug)]
pub struct OfferWork {
    /// To whom.
    pub agent: AgentId,
    /// What.
    pub work: Offer,
    /// How long the offer stands.
    pub policy: Policy,
    /// Which licences calls ask for.
    pub licensing: Arc<Licensing>,
}

impl Action for OfferWork {
    type Answer = Uuid;

    async fn perform(&self, unit: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { agent, work, policy, ref licensing } = *self;
        let id = routing::reserve(unit, agent, work, policy).await?.uuid();
        // After what is wrong with the agent at all.
        permit(unit, agent, work, licensing).await?;
        Ok(id)
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.agent))
    }
}

/// Takes the work, unless another agent has it: a call rings at the agent's, a lead is previewed, a task is assigned.
#[derive(Clone, Debug)]
pub struct AcceptReservation {
    /// Which offer.
    pub reservation: ReservationId,
    /// The token of the offer.
    pub token: u64,
}

impl Action for AcceptReservation {
    type Answer = Uuid;

    async fn perform(&self, unit: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { reservation: id, token } = *self;
        unit.run::<Reservation>(id, reservation::Command::Accept { token }).await?;
        let (agent, work) = parties(unit, id).await?;
        routing::assign(unit, id, agent, work).await?;
        match work {
            Offer::Call(call) => {
                unit.run::<Agent>(agent, agent::Command::StartWork { call, token: Some(token) }).await?;
            }
            Offer::Lead(lead) => {
                unit.run::<Agent>(agent, agent::Command::StartPreview { lead, token }).await?;
            }
            Offer::Task(task) => {
                unit.run::<Task>(task, task::Command::Assign { agent, token: Some(token) }).await?;
                unit.run::<Agent>(agent, agent::Command::ReleaseOffer { reservation: id }).await?;
            }
        }
        Ok(id.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.reservation))
    }
}

/// Turns the work down; it can be offered to somebody else.
#[derive(Clone, Debug)]
pub struct RejectReservation {
    /// Which offer.
    pub reservation: ReservationId,
    /// The token of the offer.
    pub token: u64,
    /// Why.
    pub reason: reservation::RejectReason,
}

impl Action for RejectReservation {
    type Answer = Uuid;

    async fn perform(&self, unit: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { reservation: id, token, reason } = *self;
        unit.run::<Reservation>(id, reservation::Command::Reject { token, reason }).await?;
        give_back(unit, id).await
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.reservation))
    }
}

/// The expiry of an offer has come: the agent has missed it.
#[derive(Clone, Debug)]
pub struct TimeOutReservation {
    /// Which offer.
    pub reservation: ReservationId,
    /// How many misses in a row lead to a pause.
    pub policy: Policy,
}

impl Action for TimeOutReservation {
    type Answer = Uuid;

    async fn perform(&self, unit: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { reservation: id, policy } = *self;
        unit.run::<Reservation>(id, reservation::Command::TimeOut).await?;
        let (agent, work) = parties(unit, id).await?;
        unit.run::<Agent>(agent, agent::Command::MissOffer { reservation: id, policy }).await?;
        release_task(unit, work).await?;
        routing::close(unit, id, work).await?;
        Ok(id.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.reservation))
    }
}

/// The work is gone.
#[derive(Clone, Debug)]
pub struct CancelReservation {
    /// Which offer.
    pub reservation: ReservationId,
    /// Why.
    pub reason: reservation::CancelReason,
}

impl Action for CancelReservation {
    type Answer = Uuid;

    async fn perform(&self, unit: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let cancelled = reservation::Cancelled { reason: self.reason };
        unit.run::<Reservation>(self.reservation, reservation::Command::Cancel(cancelled)).await?;
        give_back(unit, self.reservation).await
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.reservation))
    }
}

/// Takes the offer back from the agent.
#[derive(Clone, Debug)]
pub struct RescindReservation {
    /// Which offer.
    pub reservation: ReservationId,
    /// Why.
    pub reason: reservation::RescindReason,
}

impl Action for RescindReservation {
    type Answer = Uuid;

    async fn perform(&self, unit: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let rescinded = reservation::Rescinded { reason: self.reason };
        unit.run::<Reservation>(self.reservation, reservation::Command::Rescind(rescinded)).await?;
        give_back(unit, self.reservation).await
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.reservation))
    }
}

/// The agent's program is silent: the agent is gone, and what the agent was offered or had not yet begun to speak
/// about goes to somebody else.
#[derive(Clone, Debug)]
pub struct LoseAgent {
    /// Who.
    pub agent: AgentId,
    /// When the program was last heard.
    pub last_heard: Timestamp,
    /// How long it may be silent.
    pub policy: Policy,
}

impl Action for LoseAgent {
    type Answer = Uuid;

    async fn perform(&self, unit: &mut Work<'_>) -> Result<Uuid, ActionError> {
        let Self { agent: id, last_heard, policy } = *self;
        let agent = unit.require::<Agent>(id).await?;
        unit.run::<Agent>(id, agent::Command::LoseHeartbeat { last_heard, policy }).await?;
        let speaks = matches!(agent.presence(), Presence::Talking | Presence::Holding | Presence::Wrapping);
        let Some(offer) = agent.offer().filter(|_| !speaks) else { return Ok(id.uuid()) };
        let state = unit.require::<Reservation>(offer.reservation).await?.state();
        if matches!(state, ReservationState::Pending | ReservationState::Accepted) {
            let rescinded = reservation::Rescinded { reason: reservation::RescindReason::AgentGone };
            unit.run::<Reservation>(offer.reservation, reservation::Command::Rescind(rescinded)).await?;
            give_back(unit, offer.reservation).await?;
        }
        Ok(id.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.agent))
    }
}

/// Who was offered what.
pub(super) async fn parties(unit: &mut Work<'_>, id: ReservationId) -> Result<(AgentId, Offer), ActionError> {
    let reservation = unit.state::<Reservation>(id).await?;
    match (reservation.agent(), reservation.work()) {
        (Some(agent), Some(work)) => Ok((agent, work)),
        (None, _) | (_, None) => Err(ActionError::refused(reservation::Refusal::Unknown)),
    }
}

/// Lets agent and task go, and has an agent looked for again where one was.
async fn give_back(unit: &mut Work<'_>, id: ReservationId) -> Result<Uuid, ActionError> {
    set_free(unit, id).await?;
    let (_, work) = parties(unit, id).await?;
    routing::close(unit, id, work).await?;
    Ok(id.uuid())
}

/// Lets agent and task go, where they still are under this offer.
pub(super) async fn set_free(unit: &mut Work<'_>, id: ReservationId) -> Result<(), ActionError> {
    let (agent, work) = parties(unit, id).await?;
    let state = unit.require::<Agent>(agent).await?;
    let waits = matches!(state.presence(), Presence::Reserved | Presence::Preview);
    if waits && state.offer().is_some_and(|offer| offer.reservation == id) {
        unit.run::<Agent>(agent, agent::Command::ReleaseOffer { reservation: id }).await?;
    }
    release_task(unit, work).await
}

async fn release_task(unit: &mut Work<'_>, work: Offer) -> Result<(), ActionError> {
    if let Offer::Task(task) = work
        && unit.require::<Task>(task).await?.state() == TaskState::Reserved
    {
        unit.run::<Task>(task, task::Command::Release).await?;
    }
    Ok(())
}
