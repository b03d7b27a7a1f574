//! Calls that arrived at the switch: whoever accepts one is connected with it.

use trunkline_app::cases::routing_of;
use trunkline_domain::call::Call;
use trunkline_domain::routing::{Routing, RoutingState};
use trunkline_domain::words::Work;
use trunkline_kernel::{AgentId, CallId, StreamId, Version};

use crate::taken_up::WAITING;
use crate::{Dialer, Trouble, cti};

impl Dialer {
    /// Has the switch connect a call that it told us of with the agent who accepted it. Ordered twice it does so once, so
    /// that whoever takes the seat orders it again.
    pub(crate) async fn connect_arrived(&mut self, call: CallId) {
        if self.seat.term().is_none() || !self.line.outlives_us() {
            return;
        }
        match self.accepted(call).await {
            Ok(Some(agent)) => self.connect_line(call, agent).await,
            Ok(None) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::warn!(error, %call, "who accepted a call cannot be connected");
            }
        }
    }

    /// Who has accepted a call that arrived at the switch and waits to be connected.
    async fn accepted(&self, id: CallId) -> Result<Option<AgentId>, Trouble> {
        let dispatcher = &self.around.dispatcher;
        let call = dispatcher.newest::<Call>(id).await?;
        if !call.exists() || !WAITING.contains(&call.state()) {
            return Ok(None);
        }
        let first = self.around.log.read_stream(&StreamId::of(id), Version::EMPTY, 1).await?;
        if first.iter().all(|created| created.event.cause.actor != cti::actor()) {
            return Ok(None);
        }
        let search = dispatcher.newest::<Routing>(routing_of(Work::Call(id))).await?;
        let accepted = search.assigned().filter(|_| search.state() == RoutingState::Assigned);
        Ok(accepted.map(|offer| offer.agent))
    }
}
