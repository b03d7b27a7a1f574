//! Calls under way: what is learned of them, who is connected, and who is given up.

use trunkline_app::cases::{BridgeCall, BridgeDecided, Report, ReportCall};
use trunkline_domain::agent::Agent;
use trunkline_domain::call::{self, Answerer, EndCause};
use trunkline_kernel::{Actor, AgentId, CallId, CampaignId, Id as _, Recorded, RoutingId, Timestamp};
use trunkline_pool::Taker;
use trunkline_projections::outreach::CampaignRow;

use crate::desk::Desk;
use crate::line::Seat;
use crate::look::needs;
use crate::{ACTOR, Dialer, cti};

impl Dialer {
    /// Learns what became of a call of its own; of others it learns nothing. Whatever ended otherwise than by the word of
    /// the switch, the line hangs up on.
    pub(crate) async fn learn(&mut self, recorded: &Recorded) {
        if let Some(search) = recorded.stream.id::<RoutingId>() {
            // Of calls, a search is named as they are; of leads and tasks, no switch knows.
            return self.connect_arrived(CallId::from_uuid(search.uuid())).await;
        }
        let Some(id) = recorded.stream.id::<CallId>() else { return };
        let event = &recorded.event;
        let at = event.occurred_at;
        if self.seat.term().is_none() {
            return;
        }
        if event.event_type.as_str() == "call.ended" && event.cause.actor != cti::actor() {
            self.line.hang_up(id);
        }
        if event.event_type.as_str() == "call.dialed" {
            if event.cause.actor != Actor::system(ACTOR) {
                self.dial_previewed(id, at).await;
            }
            return;
        }
        if self.desk_of(id).is_none() {
            return;
        }
        let events = match trunkline_domain::decode_as::<call::Event>(recorded) {
            Ok(events) => events,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "an event of a call cannot be read"
                );
                return;
            }
        };
        for event in events {
            let Some(desk) = self.desk_of(id) else { return };
            if let call::Event::Classified(call::Classified { answerer }) = event {
                self.answered(id, answerer, at).await;
            } else if let call::Event::Bridged(call::Bridged { agent: Some(agent), .. }) = event {
                desk.taken(id, agent, at);
            } else {
                desk.over(id, at);
            }
        }
    }

    async fn answered(&mut self, id: CallId, answerer: Answerer, at: Timestamp) {
        let Some(desk) = self.desk_of(id) else { return };
        if answerer == Answerer::Machine {
            desk.machine(id, at);
            self.end(id, EndCause::Machine).await;
            return;
        }
        desk.answered(id, at);
        if let Err(error) = self.look().await {
            tracing::warn!(error = &error as &dyn std::error::Error, "the dialer cannot look who is free");
        }
    }

    fn desk_of(&mut self, call: CallId) -> Option<&mut Desk> {
        self.desks.values_mut().find(|desk| desk.flights.contains_key(&call))
    }

    /// Connects who waits with the agent who had the call dialed, or else with the best match of those who are free.
    pub(crate) async fn connect(&mut self, campaign: &CampaignRow, call: CallId, since: Timestamp) {
        let flight = self.desks.get(&campaign.campaign_id).and_then(|desk| desk.flights.get(&call));
        if let Some(agent) = flight.and_then(|flight| flight.agent) {
            let bridged = call::Bridged { agent: Some(agent), waited_ms: None };
            if self.act(&BridgeCall { call, bridged }).await {
                self.connected(campaign.campaign_id, call, agent).await;
                return;
            }
        }
        loop {
            let taker = match self.around.router.taker(call, since, needs(campaign)).await {
                Ok(Some(taker)) => taker,
                Ok(None) => return,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "nobody can be connected now");
                    return;
                }
            };
            let Taker { agent, record, decision } = taker;
            if let Some(id) = self.execute(&BridgeDecided { call, agent, record }).await {
                self.around.router.shadow(id, &decision);
                self.connected(campaign.campaign_id, call, agent).await;
                return;
            }
            self.around.router.missed(agent);
            if self.seat.term().is_none() {
                return;
            }
        }
    }

    /// The log has given a call to an agent.
    async fn connected(&mut self, campaign: CampaignId, call: CallId, agent: AgentId) {
        let now = self.around.clock.now();
        if let Some(desk) = self.desks.get_mut(&campaign) {
            desk.taken(call, agent, now);
        }
        self.desks.values_mut().for_each(|desk| _ = desk.free.remove(&agent));
        self.connect_line(call, agent).await;
    }

    /// Nobody is there for who waits.
    pub(crate) async fn give_up(&mut self, campaign: CampaignId, call: CallId) {
        if let Some(desk) = self.desks.get_mut(&campaign) {
            desk.abandoned(call);
        }
        self.end(call, EndCause::Abandoned).await;
    }

    /// Ends a call in which no agent was.
    pub(crate) async fn end(&mut self, call: CallId, cause: EndCause) {
        self.report(call, Report::Ended(cause)).await;
    }

    async fn report(&mut self, call: CallId, report: Report) {
        let policy = self.around.policy;
        self.act(&ReportCall { call, report, passed_over: Vec::new(), policy }).await;
    }

    /// Connects a call with the agent to whom the log has given it.
    pub(crate) async fn connect_line(&mut self, call: CallId, agent: AgentId) {
        match self.around.dispatcher.newest::<Agent>(agent).await {
            Ok(known) => {
                let extension = known.extension().map(str::to_owned);
                self.line.connect(call, Seat { agent, extension });
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "an agent cannot be connected");
                self.end(call, EndCause::Failed).await;
            }
        }
    }
}
