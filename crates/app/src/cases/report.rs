//! What a line or a switch tells of a call, brought into the log: whatever it implies with it, and nothing twice.

use trunkline_domain::Policy;
use trunkline_domain::call::{self, Answerer, Call, CallState, EndCause};
use trunkline_domain::customer::Customer;
use trunkline_domain::identifier::Identifier;
use trunkline_domain::routing::{Routing, RoutingState};
use trunkline_domain::words::{By, Direction, Work as Offered};
use trunkline_kernel::{AgentId, CallId, StreamId};

use super::call::note_number;
use super::routing;
use super::{BridgeCall, ClassifyResult, EndCall, HoldCall, RequestRouting, ResumeCall, routing_of};
use crate::{Action, ActionError, Idempotency, Wanted, Work};

/// What happened to a call.
#[derive(Clone, Debug)]
pub enum Report {
    /// A customer calls.
    Arrived(Box<Arrival>),
    /// The other end rings.
    Rang,
    /// Somebody or something answered.
    Answered(Answerer),
    /// Customer and agent are connected.
    Bridged(Option<AgentId>),
    /// The customer waits on the line.
    Held,
    /// The conversation goes on.
    Resumed,
    /// It is over. A cause that cannot be, as far as the call has come, counts as completed, or as failed when no agent
    /// was in it.
    Ended(EndCause),
}

/// A customer calls. Who it is, the number tells.
#[derive(Clone, Debug)]
pub struct Arrival {
    /// What is known of the call.
    pub created: call::Created,
    /// The agent who is wanted for it at once, when it waits in a queue.
    pub wanted: Option<Wanted>,
}

impl Report {
    /// Whether it can be told of a call of which something before it was not told, because it implies that.
    pub fn implies_what_is_missing(&self, call: &Call) -> bool {
        match self {
            Self::Arrived(_) => false,
            Self::Rang | Self::Answered(_) | Self::Bridged(_) | Self::Ended(_) => call.exists(),
            // Nobody says who was connected.
            Self::Held | Self::Resumed => call.was_bridged(),
        }
    }
}

/// Notes what happened to a call. What is noted already, or is over, leads to nothing; what must have happened before is
/// noted first. A call that ends without an agent is classified by its cause.
#[derive(Clone, Debug)]
pub struct ReportCall {
    /// Which.
    pub call: CallId,
    /// What happened.
    pub report: Report,
    /// Earlier reports that did not come, and are too late when they do.
    pub passed_over: Vec<Idempotency>,
    /// How long after-call work may take.
    pub policy: Policy,
}

impl Action for ReportCall {
    /// How far the call has come.
    type Answer = CallState;

    async fn perform(&self, work: &mut Work<'_>) -> Result<CallState, ActionError> {
        self.note(work).await?;
        let state = work.state::<Call>(self.call).await?.state();
        for missing in &self.passed_over {
            work.pass_over(missing, &state)?;
        }
        Ok(state)
    }

    fn contends_on(&self) -> Option<StreamId> {
        Some(StreamId::of(self.call))
    }
}

impl ReportCall {
    async fn note(&self, work: &mut Work<'_>) -> Result<(), ActionError> {
        let id = self.call;
        let call = work.require::<Call>(id).await?;
        if matches!(call.state(), CallState::Ended | CallState::Dispositioned) {
            return Ok(());
        }
        match &self.report {
            Report::Arrived(arrival) => self.arrive(work, (**arrival).clone()).await,
            Report::Rang if is_before(&call, CallState::Ringing) || call.state() == CallState::Suppressed => {
                run(work, id, call::Command::Ring).await
            }
            Report::Answered(answerer) => self.answer(work, &call, *answerer).await,
            Report::Bridged(agent) => self.bridge(work, &call, *agent).await,
            Report::Held if call.state() != CallState::Held => {
                HoldCall { call: id }.perform(work).await.map(drop)
            }
            Report::Resumed if call.state() != CallState::Bridged => {
                ResumeCall { call: id }.perform(work).await.map(drop)
            }
            Report::Ended(cause) => self.end(work, &call, *cause).await,
            Report::Rang | Report::Held | Report::Resumed => Ok(()),
        }
    }

    /// A customer calls, and waits when a queue is named; then an agent is asked for in the same append.
    async fn arrive(&self, work: &mut Work<'_>, arrival: Arrival) -> Result<(), ActionError> {
        let Arrival { mut created, wanted } = arrival;
        note_number(work, &mut created);
        if let Some(claim) = created.number_claim {
            created.customer = work.state::<Identifier>(claim).await?.owner();
        }
        let (queue, customer) = (created.queue.clone(), created.customer);
        run(work, self.call, call::Command::Create(created)).await?;
        let Some(queue) = queue else { return Ok(()) };
        run(work, self.call, call::Command::Queue(call::Queued { queue, priority: None })).await?;
        let Some(wanted) = wanted else { return Ok(()) };
        let owner = match customer.filter(|_| wanted.prefers_owner()) {
            Some(customer) => work.require::<Customer>(customer).await?.owner(),
            None => None,
        };
        RequestRouting(wanted.request(self.call, owner)).perform(work).await.map(drop)
    }

    async fn answer(&self, work: &mut Work<'_>, call: &Call, answerer: Answerer) -> Result<(), ActionError> {
        if is_before(call, CallState::Answered) || call.state() == CallState::Suppressed {
            run(work, self.call, call::Command::Answer).await?;
        }
        let answered = work.state::<Call>(self.call).await?.state() == CallState::Answered;
        if answered && call.direction() == Some(Direction::Outbound) {
            run(work, self.call, call::Command::Classify(call::Classified { answerer })).await?;
        }
        Ok(())
    }

    async fn bridge(
        &self,
        work: &mut Work<'_>,
        call: &Call,
        agent: Option<AgentId>,
    ) -> Result<(), ActionError> {
        if matches!(call.state(), CallState::Bridged | CallState::Held) {
            return Ok(());
        }
        if matches!(call.state(), CallState::Dialing | CallState::Ringing) {
            run(work, self.call, call::Command::Answer).await?;
        }
        let offered = Offered::Call(self.call);
        let search = work.require::<Routing>(routing_of(offered)).await?;
        // A switch that does not say who it was connected whom it was told to: the agent who accepted.
        let accepted = search.assigned().filter(|_| search.state() == RoutingState::Assigned);
        let agent = agent.or(accepted.map(|offer| offer.agent));
        let bridged = call::Bridged { agent, waited_ms: None };
        BridgeCall { call: self.call, bridged }.perform(work).await?;
        // Whoever was connected otherwise than by accepting ends the search: the offers are taken back.
        if matches!(search.state(), RoutingState::Waiting | RoutingState::Offered) {
            routing::end(work, offered).await?;
        }
        Ok(())
    }

    async fn end(&self, work: &mut Work<'_>, call: &Call, cause: EndCause) -> Result<(), ActionError> {
        if cause == EndCause::Machine {
            self.answer(work, call, Answerer::Machine).await?;
        }
        let call = work.state::<Call>(self.call).await?;
        let otherwise = if call.was_bridged() { EndCause::Completed } else { EndCause::Failed };
        let cause = if call.can_end_for(cause) { cause } else { otherwise };
        let ended = call::Ended { cause, waited_ms: None };
        EndCall { call: self.call, ended, policy: self.policy }.perform(work).await?;
        if call.agent().is_some() || call.was_bridged() {
            return Ok(());
        }
        let dispositioned = call::Dispositioned {
            disposition: cause.as_str().to_owned(),
            right_party: false,
            sale: false,
            do_not_call: false,
            callback_at: None,
            note: None,
            by: By::System,
            wrap_ms: None,
        };
        ClassifyResult { call: self.call, dispositioned }.perform(work).await.map(drop)
    }
}

/// Whether a call has not come so far as to ring, or to be answered. One that nobody made known has not.
fn is_before(call: &Call, state: CallState) -> bool {
    match call.state() {
        CallState::Created | CallState::Dialing => true,
        CallState::Ringing => state != CallState::Ringing,
        CallState::Suppressed
        | CallState::Answered
        | CallState::Classified
        | CallState::Queued
        | CallState::Bridged
        | CallState::Held
        | CallState::Ended
        | CallState::Dispositioned => false,
    }
}

async fn run(work: &mut Work<'_>, id: CallId, command: call::Command) -> Result<(), ActionError> {
    work.run::<Call>(id, command).await.map(drop)
}
