//! What nobody does in time, the system does: offers run out, after-call work ends, calls that the agent did not
//! classify are classified, and tasks that stand still are flagged.
//!
//! The read models say what may be overdue, the domain decides whether it is. So it does no harm that they lag
//! behind, nor that several servers look at the same time: whoever comes second is refused.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::MissedTickBehavior;
use tokio_util::sync::CancellationToken;
use trunkline_app::cases::{ExpireWrap, TimeOutReservation};
use trunkline_app::{Action, CommandError, Dispatcher, Request, Single};
use trunkline_domain::Policy;
use trunkline_domain::task::{self, Task};
use trunkline_kernel::{Actor, Clock, Millis};
use trunkline_projections::ReadModels;

/// How often the timers look.
const EVERY: Duration = Duration::from_secs(2);

/// How many of each sort are seen to at one look; the rest is next time's.
const AT_ONCE: u32 = 200;

/// Looks for what is overdue until it is told to stop.
pub(crate) struct Timers {
    pub(crate) reads: ReadModels,
    pub(crate) dispatcher: Arc<Dispatcher>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) policy: Policy,
}

impl Timers {
    pub(crate) async fn run(self, stopping: CancellationToken) {
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

    async fn act<A: Action>(&self, action: &A) {
        match self.dispatcher.execute(Request::by(Actor::system("timers")), action).await {
            Ok(_) => {}
            // Somebody was faster, or the read models were behind.
            Err(CommandError::Refused(refused)) => {
                tracing::debug!(code = refused.code, "not overdue any more");
            }
            Err(error) => {
                tracing::warn!(error = &error as &dyn std::error::Error, "a timer's command failed");
            }
        }
    }
}
