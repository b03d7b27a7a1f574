//! Who takes an answered call of a campaign: decided at once and by the same matching as everything else, but connected and
//! not offered, for the customer is on the line.

use trunkline_app::CommandError;
use trunkline_app::cases::{KnownWork, look_up_answer, routing_of};
use trunkline_domain::routing::{Needs, Requested};
use trunkline_domain::words::Work;
use trunkline_kernel::{AgentId, CallId, DecisionId, Id as _, Millis, Timestamp};
use trunkline_projections::ReadError;
use trunkline_routing::matching::{self, Decision};
use uuid::Uuid;

use super::round::Open;
use super::{Router, Trouble};

/// Who takes an answered call.
#[derive(Clone, Debug)]
pub struct Taker {
    /// The agent.
    pub agent: AgentId,
    /// The record of the decision, to be kept with the connection.
    pub record: serde_json::Value,
    /// The decision itself, for [`Router::shadow`].
    pub decision: Decision,
}

/// Nobody can be decided on: the log or the read models failed.
#[derive(Debug, thiserror::Error)]
#[error("it cannot be decided who takes an answered call")]
pub struct Undecided(#[source] Trouble);

impl From<CommandError> for Undecided {
    fn from(error: CommandError) -> Self {
        Self(error.into())
    }
}

impl From<ReadError> for Undecided {
    fn from(error: ReadError) -> Self {
        Self(error.into())
    }
}

impl Router {
    /// Decides who takes a call that somebody answered, and keeps that agent for as long as a claim is held. Nothing when
    /// nobody who may is free, or the call does not wait any more.
    ///
    /// # Errors
    /// When the log or the read models fail.
    pub async fn taker(
        &self,
        call: CallId,
        since: Timestamp,
        needs: Needs,
    ) -> Result<Option<Taker>, Undecided> {
        let known = look_up_answer(&self.parts.dispatcher, call, since, needs).await;
        let Some(known) = known.map_err(CommandError::from)? else { return Ok(None) };
        let work = Work::Call(call);
        let open = [Open { id: routing_of(work), work, known }];
        let now = self.parts.clock.now();
        let calls = self.calls(&open, now).await.map_err(Undecided)?;
        let claim = i64::try_from(self.parts.settings.claim.as_millis()).unwrap_or(i64::MAX);
        let (decision, chosen) = self.decide(&open, &calls, now, now.plus(Millis(claim)));
        let Some(agent) = chosen.into_iter().flatten().next() else { return Ok(None) };
        let record = serde_json::to_value(&decision).map_err(|error| Undecided(error.into()))?;
        Ok(Some(Taker { agent, record, decision }))
    }

    /// Has a decision that was kept scored by the models that score beside the one that decides.
    pub fn shadow(&self, id: DecisionId, decision: &Decision) {
        if let Some(models) = &self.parts.models {
            models.shadowing().offer(id, decision);
        }
    }

    /// The agent who was decided on could not be connected: somebody was faster. Nobody decides on them for a moment.
    pub fn missed(&self, agent: AgentId) {
        self.roster.hold(agent, self.parts.clock.now().plus(self.parts.settings.leave));
    }

    /// The agents who are free for calls of a product and a queue now, the longest idle first.
    pub fn free_for(&self, product: Option<&String>, queue: Option<&String>, needs: Needs) -> Vec<AgentId> {
        let now = self.parts.clock.now();
        let nobody = CallId::from_uuid(Uuid::nil());
        let mut known = KnownWork::asked(now, Requested::of(Work::Call(nobody), needs));
        (known.product, known.queue) = (product.cloned(), queue.cloned());
        let call = self.asked(&known);
        self.roster.choose(now, now, |table| (matching::free_for(table, &call, now), Vec::new()))
    }
}
