//! What nobody does in time, the system does: offers run out, after-call work ends, calls that the agent did not
//! classify are classified, agents whose programs are silent are signed out, and tasks that stand still are flagged.
//!
//! The read models say what may be overdue, the domain decides whether it is. So it does no harm that they lag
//! behind, nor that several servers look at the same time: whoever comes second is refused.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinHandle;
use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use trunkline_app::cases::{ExpireWrap, LoseAgent, TimeOutReservation};
use trunkline_app::{Action, CommandError, Dispatcher, Request, Single};
use trunkline_domain::Policy;
use trunkline_domain::task::{self, Task};
use trunkline_kernel::{Actor, Clock, Millis};
use trunkline_pool::AgentPool;
use trunkline_projections::ReadModels;

use crate::recordings::Around;

/// How often the timers look.
const EVERY: Duration = Duration::from_secs(2);

/// How many of each sort are seen to at one look; the rest is next time's.
const AT_ONCE: u32 = 200;

/// Looks for what is overdue.
pub(crate) struct Timers {
    reads: ReadModels,
    dispatcher: Arc<Dispatcher>,
    clock: Arc<dyn Clock>,
    pool: Arc<AgentPool>,
    policy: Policy,
}

impl Timers {
    /// Looks until it is told to stop.
    pub(crate) fn start(
        around: &Around,
        pool: &Arc<AgentPool>,
        policy: Policy,
        stopping: &CancellationToken,
    ) -> JoinHandle<()> {
        let timers = Self {
            reads: around.reads.clone(),
            dispatcher: Arc::clone(&around.dispatcher),
            clock: Arc::clone(&around.clock),
            pool: Arc::clone(pool),
            policy,
        };
        tokio::spawn(timers.run(stopping.clone()))
    }

    async fn run(self, stopping: CancellationToken) {
        let mut ticks = tokio::time::interval(EVERY);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while stopping.run_until_cancelled(ticks.tick()).await.is_some() {
            self.look().await;
        }
    }

    async fn look(&self) {
        let now = self.clock.now();
        let stuck_since = now.plus(Millis(-self.policy.stuck_after.0));
        let overdue = match self.reads.overdue(now, stuck_since, AT_ONCE).await {
            Ok(overdue) => overdue,
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "what is overdue cannot be told");
                return;
            }
        };
        let heard_since = now.plus(Millis(-self.policy.heartbeat.0));
        for (agent, last_heard) in self.pool.silent(heard_since, AT_ONCE as usize).await {
            // Whether it was signed out now or before, nothing more is expected of it.
            if self.act(&LoseAgent { agent, last_heard, policy: self.policy }).await {
                self.pool.forget(agent).await;
            }
        }
        for reservation in overdue.offers {
            self.act(&TimeOutReservation { reservation, policy: self.policy }).await;
        }
        for agent in overdue.wraps {
            self.act(&ExpireWrap { agent, policy: self.policy }).await;
        }
        for id in overdue.tasks {
            let command = task::Command::FlagStuck { policy: self.policy };
            self.act(&Single::<Task> { id, command }).await;
        }
    }

    /// Gives whether there is nothing left to do.
    async fn act<A: Action>(&self, action: &A) -> bool {
        match self.dispatcher.execute(Request::by(Actor::system("timers")), action).await {
            Ok(_) => true,
            // Somebody was faster, or the read models were behind.
            Err(CommandError::Refused(refused)) => {
                tracing::debug!(code = refused.code, "not overdue any more");
                true
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a timer's command failed");
                false
            }
        }
    }
}
