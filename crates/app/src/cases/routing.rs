//! Work and the agents it is offered to: asking for an agent, offering what was decided, and who has it in the end.

use serde::{Deserialize, Serialize};
use trunkline_domain::Policy;
use trunkline_domain::agent::{self, Agent};
use trunkline_domain::call::{self, Call, CallState};
use trunkline_domain::campaign::{Campaign, CampaignState};
use trunkline_domain::customer::Customer;
use trunkline_domain::decision::{self, Decision};
use trunkline_domain::lead::{Lead, LeadState};
use trunkline_domain::reservation::{self, Reservation};
use trunkline_domain::routing::{self, EndReason, Routing, RoutingState};
use trunkline_domain::task::{self, Task, TaskState};
use trunkline_domain::words::Work as Offered;
use trunkline_kernel::{
    AgentId, CallId, CampaignId, CustomerId, DecisionId, Id as _, LeadId, ReservationId, RoutingId, StreamId,
    TaskId, Timestamp,
};
use uuid::Uuid;

use super::BridgeCall;
use super::reservation::set_free;
use crate::{Action, ActionError, Dispatcher, Work};

/// The search for an agent for this piece of work.
pub fn routing_of(work: Offered) -> RoutingId {
    RoutingId::from_uuid(match work {
        Offered::Call(id) => id.uuid(),
        Offered::Lead(id) => id.uuid(),
        Offered::Task(id) => id.uuid(),
    })
}

/// Asks for an agent. The work has to be there and to wait for one.
#[derive(Clone, Debug)]
pub struct RequestRouting(pub routing::Requested);

impl Action for RequestRouting {
    type Answer = Uuid;

    async fn perform(&self, unit: &mut Work<'_>) -> Result<Uuid, ActionError> {
        if !waits(unit, self.0.work).await? {
            return Err(ActionError::refused(routing::Refusal::NothingToDo));
        }
        let id = routing_of(self.0.work);
        unit.run::<Routing>(id, routing::Command::Request(self.0.clone())).await?;
        Ok(id.uuid())
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(routing_of(self.0.work)))
    }
}

/// What whoever decides has to know of a piece of work, as it is at this moment.
#[derive(Clone, Debug, PartialEq)]
pub struct KnownWork {
    /// Since when an agent is wanted, and what was asked for.
    pub requested: (Timestamp, routing::Requested),
    /// The customer, when identified.
    pub customer: Option<CustomerId>,
    /// Whether the customer has opted out of automated decisions.
    pub refuses_automated_decisions: bool,
    /// The agent who is responsible for the customer.
    pub owner: Option<AgentId>,
    /// The campaign it belongs to.
    pub campaign: Option<CampaignId>,
    /// The product it is about.
    pub product: Option<String>,
    /// The customer's line of business, as the call says.
    pub industry: Option<String>,
    /// The queue that the call waits in.
    pub queue: Option<String>,
}

impl KnownWork {
    /// Nothing but what was asked for.
    pub fn asked(since: Timestamp, requested: routing::Requested) -> Self {
        Self {
            requested: (since, requested),
            customer: None,
            refuses_automated_decisions: false,
            owner: None,
            campaign: None,
            product: None,
            industry: None,
            queue: None,
        }
    }

    fn learn_call(&mut self, call: &Call) {
        (self.customer, self.campaign) = (call.customer(), call.campaign());
        (self.product, self.industry) = (call.product().cloned(), call.industry().cloned());
        self.queue = call.queue().cloned();
    }

    /// It asks the log, not a read model, for an opt-out holds from the moment that it is answered.
    async fn learn_customer(&mut self, dispatcher: &Dispatcher) -> Result<(), ActionError> {
        if let Some(customer) = self.customer {
            let customer = dispatcher.newest::<Customer>(customer).await?;
            self.refuses_automated_decisions = customer.refuses_automated_decisions();
            self.owner = customer.owner();
        }
        Ok(())
    }
}

/// What is known of work for which an agent is wanted; nothing when none is wanted any more. What has changed on other
/// servers meanwhile, the offer finds.
///
/// # Errors
/// When the log fails or holds an event that this build cannot read.
pub async fn look_up(dispatcher: &Dispatcher, work: Offered) -> Result<Option<KnownWork>, ActionError> {
    let id = routing_of(work);
    let mut routing = dispatcher.kept::<Routing>(id).await?;
    if routing.state() != RoutingState::Waiting {
        routing = dispatcher.newest::<Routing>(id).await?;
    }
    let Some((since, requested)) = routing.requested().filter(|_| routing.state() == RoutingState::Waiting)
    else {
        return Ok(None);
    };
    let mut known = KnownWork::asked(*since, requested.clone());
    match work {
        Offered::Call(id) => known.learn_call(&dispatcher.kept::<Call>(id).await?),
        Offered::Lead(id) => {
            let lead = dispatcher.kept::<Lead>(id).await?;
            (known.customer, known.campaign) = (lead.customer(), lead.campaign());
        }
        Offered::Task(id) => known.customer = dispatcher.kept::<Task>(id).await?.customer(),
    }
    known.learn_customer(dispatcher).await?;
    Ok(Some(known))
}

/// What is known of a dialed call that somebody answered, for which nobody asks an agent in the log: the dialer connects it
/// at once. Nothing when it does not wait any more.
///
/// # Errors
/// As [`look_up`].
pub async fn look_up_answer(
    dispatcher: &Dispatcher,
    id: CallId,
    since: Timestamp,
    needs: routing::Needs,
) -> Result<Option<KnownWork>, ActionError> {
    let call = dispatcher.newest::<Call>(id).await?;
    if !can_be_given(&call) {
        return Ok(None);
    }
    let mut known = KnownWork::asked(since, routing::Requested::of(Offered::Call(id), needs));
    known.learn_call(&call);
    known.learn_customer(dispatcher).await?;
    Ok(Some(known))
}

/// Connects an answered call with the agent who was decided on; the record of the decision, whose id it gives, is in the
/// same append.
#[derive(Clone, Debug)]
pub struct BridgeDecided {
    /// The call.
    pub call: CallId,
    /// The agent.
    pub agent: AgentId,
    /// What was decided and from what.
    pub record: serde_json::Value,
}

impl Action for BridgeDecided {
    type Answer = DecisionId;

    async fn perform(&self, unit: &mut Work<'_>) -> Result<DecisionId, ActionError> {
        let bridged = call::Bridged { agent: Some(self.agent), waited_ms: None };
        BridgeCall { call: self.call, bridged }.perform(unit).await?;
        let decision: DecisionId = unit.new_id();
        let made = decision::Made { works: vec![Offered::Call(self.call)], record: self.record.clone() };
        unit.run::<Decision>(decision, decision::Command::Make(made)).await?;
        Ok(decision)
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.call))
    }
}

/// One piece of work and the agents whom it was decided to be offered to, the best first.
#[derive(Clone, Debug)]
pub struct DecidedWork {
    /// What.
    pub work: Offered,
    /// To whom.
    pub agents: Vec<AgentId>,
}

/// Offers what was decided: reservations, what they follow from and the record of the decision in one append.
#[derive(Clone, Debug)]
pub struct OfferDecided {
    /// The work, each with its agents.
    pub works: Vec<DecidedWork>,
    /// What was decided and from what.
    pub record: serde_json::Value,
    /// How long offers stand.
    pub policy: Policy,
}

/// What became of a decision.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct OffersMade {
    /// Its id, when anything was offered.
    pub decision: Option<DecisionId>,
    /// The work that was offered.
    pub offered: Vec<(Offered, Vec<routing::Offer>)>,
    /// Agents who could not be offered anything: who decided did not know the newest of them.
    pub busy: Vec<AgentId>,
    /// The work for which no agent is wanted any more.
    pub over: Vec<Offered>,
}

impl Action for OfferDecided {
    type Answer = OffersMade;

    async fn perform(&self, unit: &mut Work<'_>) -> Result<OffersMade, ActionError> {
        let decision: DecisionId = unit.new_id();
        let mut made = OffersMade::default();
        for decided in &self.works {
            let work = decided.work;
            let id = routing_of(work);
            if unit.require::<Routing>(id).await?.state() != RoutingState::Waiting {
                made.over.push(work);
                continue;
            }
            if !waits(unit, work).await? {
                let ended = routing::Ended { reason: EndReason::WorkGone };
                unit.run::<Routing>(id, routing::Command::End(ended)).await?;
                made.over.push(work);
                continue;
            }
            let mut offers = Vec::new();
            for agent in &decided.agents {
                match reserve(unit, *agent, work, self.policy).await {
                    Ok(reservation) => offers.push(routing::Offer { reservation, agent: *agent }),
                    Err(ActionError::Refused(_)) => made.busy.push(*agent),
                    Err(error) => return Err(error),
                }
            }
            if !offers.is_empty() {
                let offered = routing::Offered { decision, offers: offers.clone() };
                unit.run::<Routing>(id, routing::Command::Offer(offered)).await?;
                made.offered.push((work, offers));
            }
        }
        if !made.offered.is_empty() {
            let works = self.works.iter().map(|decided| decided.work).collect();
            let record = decision::Made { works, record: self.record.clone() };
            unit.run::<Decision>(decision, decision::Command::Make(record)).await?;
            made.decision = Some(decision);
        }
        Ok(made)
    }
}

/// Reserves an agent for work and makes the offer.
pub(super) async fn reserve(
    unit: &mut Work<'_>,
    agent: AgentId,
    work: Offered,
    policy: Policy,
) -> Result<ReservationId, ActionError> {
    let id: ReservationId = unit.new_id();
    let reserve = agent::Command::Reserve { reservation: id, work, policy };
    for event in unit.run::<Agent>(agent, reserve).await? {
        if let agent::Event::Reserved(reserved) = event {
            let (token, expires_at) = (reserved.token, reserved.expires_at);
            let offered = reservation::Offered { agent, work, token, expires_at };
            unit.run::<Reservation>(id, reservation::Command::Offer(offered)).await?;
            if let Offered::Task(task) = work {
                let reserved = task::Reserved { agent, reservation: id, token };
                unit.run::<Task>(task, task::Command::Reserve(reserved)).await?;
            }
        }
    }
    Ok(id)
}

/// Gives the work to the agent who accepted, unless another still has it; the other offers are taken back.
pub(super) async fn assign(
    unit: &mut Work<'_>,
    reservation: ReservationId,
    agent: AgentId,
    work: Offered,
) -> Result<(), ActionError> {
    let id = routing_of(work);
    let routing = unit.require::<Routing>(id).await?;
    if let Some(before) = routing.assigned().filter(|before| before.reservation != reservation) {
        let holder = unit.require::<Agent>(before.agent).await?;
        if holder.offer().is_some_and(|offer| offer.reservation == before.reservation) {
            return Err(ActionError::refused(routing::Refusal::Taken));
        }
    }
    let others = routing.pending().iter().filter(|offer| offer.reservation != reservation);
    for other in others.map(|offer| offer.reservation) {
        let rescinded = reservation::Rescinded { reason: reservation::RescindReason::TakenByAnother };
        unit.run::<Reservation>(other, reservation::Command::Rescind(rescinded)).await?;
        set_free(unit, other).await?;
    }
    let assigned = routing::Assigned { work, reservation, agent };
    unit.run::<Routing>(id, routing::Command::Assign(assigned)).await?;
    Ok(())
}

/// An offer is over without an acceptance: when it was the last one, an agent is wanted again.
pub(super) async fn close(
    unit: &mut Work<'_>,
    reservation: ReservationId,
    work: Offered,
) -> Result<(), ActionError> {
    let id = routing_of(work);
    // The newest state: an older one may not know of the offer.
    if unit.require::<Routing>(id).await?.state() != RoutingState::Idle {
        unit.run::<Routing>(id, routing::Command::Close { reservation }).await?;
    }
    Ok(())
}

/// The work is over: what is offered is taken back, and no agent is looked for any more. Gives who had it.
pub(super) async fn end(unit: &mut Work<'_>, work: Offered) -> Result<Option<AgentId>, ActionError> {
    let id = routing_of(work);
    let routing = unit.require::<Routing>(id).await?;
    for offer in routing.pending() {
        let cancelled = reservation::Cancelled { reason: reservation::CancelReason::WorkGone };
        unit.run::<Reservation>(offer.reservation, reservation::Command::Cancel(cancelled)).await?;
        set_free(unit, offer.reservation).await?;
    }
    let ended = routing::Ended { reason: EndReason::WorkGone };
    unit.run::<Routing>(id, routing::Command::End(ended)).await?;
    Ok(routing.assigned().map(|offer| offer.agent))
}

/// Whether there is work that an agent could be given.
async fn waits(unit: &mut Work<'_>, work: Offered) -> Result<bool, ActionError> {
    Ok(match work {
        Offered::Call(id) => call_waits(unit, id).await?,
        Offered::Lead(id) => lead_waits(unit, id).await?,
        Offered::Task(id) => task_waits(unit, id).await?,
    })
}

async fn call_waits(unit: &mut Work<'_>, id: CallId) -> Result<bool, ActionError> {
    Ok(can_be_given(&unit.require::<Call>(id).await?))
}

/// Whether a call is there that an agent could be given.
fn can_be_given(call: &Call) -> bool {
    call.exists()
        && match call.state() {
            CallState::Created | CallState::Answered | CallState::Classified | CallState::Queued => true,
            CallState::Suppressed
            | CallState::Dialing
            | CallState::Ringing
            | CallState::Bridged
            | CallState::Held
            | CallState::Ended
            | CallState::Dispositioned => false,
        }
}

async fn lead_waits(unit: &mut Work<'_>, id: LeadId) -> Result<bool, ActionError> {
    let lead = unit.require::<Lead>(id).await?;
    let Some(campaign) = lead.campaign() else { return Ok(false) };
    let runs = unit.require::<Campaign>(campaign).await?.state() == CampaignState::Running;
    Ok(runs && matches!(lead.state(), LeadState::Ready | LeadState::Queued))
}

async fn task_waits(unit: &mut Work<'_>, id: TaskId) -> Result<bool, ActionError> {
    let task = unit.require::<Task>(id).await?;
    Ok(task.exists() && task.state() == TaskState::Pending)
}
