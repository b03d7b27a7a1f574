//! A simulated call centre for the demo. It is a client like any other: everything it does goes through the public
//! GraphQL API over HTTP.
//!
//! Its population is bounded and recognised when it starts again, by idempotency keys, so it can run for days and
//! goes on with the data it finds.

mod agent;
mod api;
mod chance;
mod population;
mod words;

use std::sync::Arc;
use std::time::Duration;

use futures::future::join_all;
use tokio_util::sync::CancellationToken;

use agent::AgentLoop;
use api::Api;
use chance::Chance;

/// How the call centre is run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plan {
    /// How many calls are started a second, on average. A call's phases last as long as that needs.
    pub calls_per_second: f64,
    /// The seed of all chances. What happens also depends on when the server answers.
    pub seed: u64,
    /// How many agents work.
    pub agents: usize,
    /// How many customers there are.
    pub customers: usize,
}

impl Plan {
    /// The demo's: 24 agents in three teams and 600 customers.
    pub fn demo(calls_per_second: f64, seed: u64) -> Self {
        Self { calls_per_second, seed, agents: 24, customers: 600 }
    }

    /// How long a telephone rings at most.
    pub fn ring(&self) -> Duration {
        self.cycle().mul_f64(0.3)
    }

    /// How long one agent takes for one call from end to end, on average.
    fn cycle(&self) -> Duration {
        let agents = u32::try_from(self.agents).map_or(f64::MAX, f64::from);
        Duration::from_secs_f64((agents / self.calls_per_second.max(0.001)).min(3_600.0))
    }
}

/// Runs the call centre against the server at `base` (`http://HOST:PORT`) until `stopping` is cancelled.
///
/// # Errors
/// When the population cannot be made known. Later faults are logged and waited out.
pub async fn run(base: &str, plan: Plan, stopping: CancellationToken) -> anyhow::Result<()> {
    let api = Arc::new(Api::new(base)?);
    let opened = tokio::select! {
        opened = population::open(&api, &plan) => opened?,
        () = stopping.cancelled() => return Ok(()),
    };
    let centre = Arc::new(opened);
    let agents = (0..plan.agents).map(|number| {
        let chance = Chance::of(plan.seed, number as u64);
        let agent = AgentLoop::new(Arc::clone(&api), Arc::clone(&centre), number, chance, plan.cycle());
        tokio::spawn(agent.run(stopping.clone()))
    });
    let newcomers = population::customers(&api, &plan, &centre);
    let registering = async {
        tokio::select! {
            registered = newcomers => registered,
            () = stopping.cancelled() => Ok(()),
        }
    };
    let agents = agents.collect::<Vec<_>>();
    registering.await?;
    join_all(agents).await;
    Ok(())
}
