//! What is simulated, as it is written down.

use std::panic::resume_unwind;
use std::thread;

use serde::{Deserialize, Serialize};
use trunkline_routing::compliance::RuleBook;

use crate::dialing::{Campaign, Dialing};
use crate::queue::Queue;
use crate::report::{Report, Row};
use crate::truth::Truth;

/// A scenario: what to simulate, how often, under which seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scenario {
    /// What it is called.
    pub name: String,
    /// The first seed; run n has the seed `seed + n`.
    pub seed: u64,
    /// How many runs, for the intervals.
    pub runs: u32,
    /// What is simulated. All worlds have the same seeds, so they differ by what is different in them alone.
    #[serde(rename = "world")]
    pub worlds: Vec<World>,
    /// Which figures of which worlds are put beside each other.
    #[serde(default, rename = "compare")]
    pub comparisons: Vec<Compare>,
}

/// A figure of one world divided by that of another, run by run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Compare {
    /// The figure, as the report names it.
    pub figure: String,
    /// The world.
    pub world: String,
    /// The world that it is divided by.
    pub to: String,
}

/// A call centre that is simulated.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct World {
    /// What it is called in the report.
    pub name: String,
    /// Customers who call us.
    #[serde(default)]
    pub queue: Option<Queue>,
    /// Customers whom we call.
    #[serde(default)]
    pub dialing: Option<Dialing>,
}

/// Why a scenario is refused.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scenario is refused: {0}")]
pub struct InvalidScenario(String);

/// The most runs, agents and hours of a world.
const RUNS_MAX: u32 = 10_000;
const AGENTS_MAX: u32 = 10_000;
const HOURS_MAX: f64 = 10_000.0;

impl Scenario {
    /// Reads a scenario from TOML.
    ///
    /// # Errors
    /// When the text is none, or something in it is impossible.
    pub fn parse(text: &str) -> Result<Self, InvalidScenario> {
        let scenario: Self = toml::from_str(text).map_err(|error| InvalidScenario(error.to_string()))?;
        ensure((1..=RUNS_MAX).contains(&scenario.runs), "runs must be 1 to 10000")?;
        for world in &scenario.worlds {
            match (&world.queue, &world.dialing) {
                (Some(queue), None) => check_queue(queue),
                (None, Some(dialing)) => check_dialing(dialing),
                (Some(_), Some(_)) | (None, None) => ensure(false, "a world has either a queue or dialing"),
            }
            .map_err(|InvalidScenario(why)| InvalidScenario(format!("{}: {why}", world.name)))?;
        }
        Ok(scenario)
    }
}

fn ensure(holds: bool, why: &str) -> Result<(), InvalidScenario> {
    if holds { Ok(()) } else { Err(InvalidScenario(why.to_owned())) }
}

fn check_size(agents: u32, hours: f64, warm_up: f64) -> Result<(), InvalidScenario> {
    ensure((1..=AGENTS_MAX).contains(&agents), "agents must be 1 to 10000")?;
    ensure(
        hours > 0.0 && warm_up >= 0.0 && hours + warm_up <= HOURS_MAX,
        "hours must be above 0, up to 10000",
    )
}

fn check_queue(queue: &Queue) -> Result<(), InvalidScenario> {
    check_size(queue.agents, queue.hours, queue.warm_up_hours)?;
    let said = |error: &dyn std::fmt::Display| InvalidScenario(error.to_string());
    queue.arrivals.check().map_err(|error| said(&error))?;
    queue.handling.check().map_err(|error| said(&error))?;
    queue.patience.as_ref().map_or(Ok(()), |patience| patience.check().map_err(|error| said(&error)))?;
    queue.policy.check().map_err(|error| said(&error))?;
    ensure((1..=1_000).contains(&queue.batch), "batch must be 1 to 1000")?;
    queue.truth.as_ref().map_or(Ok(()), |truth| {
        let Truth { kinds, conversion, effect, .. } = truth;
        ensure((1..=100).contains(kinds), "kinds must be 1 to 100")?;
        ensure(*conversion > 0.0 && *conversion < 1.0, "conversion must be between 0 and 1")?;
        ensure(effect.is_finite(), "effect must be a number")
    })
}

fn check_dialing(dialing: &Dialing) -> Result<(), InvalidScenario> {
    check_size(dialing.agents, dialing.hours, dialing.warm_up_hours)?;
    let list = &dialing.list;
    let mut lengths = vec![&dialing.talk, &dialing.wrap, &list.ring_answered];
    if let Campaign::Manual(manual) = &dialing.campaign {
        lengths.extend([&manual.look_up, &manual.machine, &manual.note]);
    }
    lengths
        .iter()
        .try_for_each(|lengths| lengths.check().map_err(|error| InvalidScenario(error.to_string())))?;
    ensure(list.leads > 0 && !list.regions.is_empty(), "there must be leads, and regions where they live")?;
    ensure(list.answers.iter().all(|share| *share > 0.0 && *share < 1.0), "answers must be between 0 and 1")?;
    ensure(list.spread >= 0.0 && list.score_error >= 0.0, "spreads must not be below 0")?;
    let shares = [
        list.machine,
        list.invalid,
        list.invalid_known,
        list.do_not_call,
        list.duplicate,
        list.duplicate_known,
        list.wrong_party,
        list.score_least,
    ];
    ensure(shares.iter().all(|share| (0.0..=1.0).contains(share)), "shares must be 0 to 1")
}

/// Runs a scenario, as many runs at once as there are cores; `ran` is told of each that is over.
///
/// # Errors
/// When a comparison names a world or a figure that there is not.
pub fn simulate(scenario: &Scenario, ran: &(impl Fn() + Sync)) -> Result<Report, InvalidScenario> {
    let rules = RuleBook::published().map_err(|error| InvalidScenario(error.to_string()))?;
    let seeds: Vec<u64> = (0..u64::from(scenario.runs)).map(|n| scenario.seed.wrapping_add(n)).collect();
    let mut rows = Vec::new();
    for world in &scenario.worlds {
        if let Some(queue) = &world.queue {
            let days = each(&seeds, |seed| queue.run(seed), ran);
            rows.push(Row::of_queue(&world.name, queue, &days));
        } else if let Some(dialing) = &world.dialing {
            let days = each(&seeds, |seed| dialing.run(&rules, seed), ran);
            rows.push(Row::of_dialing(&world.name, &days));
        }
    }
    let report = Report {
        name: scenario.name.clone(),
        seed: scenario.seed,
        runs: scenario.runs,
        rows,
        ratios: Vec::new(),
    };
    report.with_ratios(&scenario.comparisons).map_err(InvalidScenario)
}

/// A day for each seed, in the order of the seeds.
fn each<D: Send>(seeds: &[u64], day: impl Fn(u64) -> D + Sync, ran: &(impl Fn() + Sync)) -> Vec<D> {
    let cores = thread::available_parallelism().map_or(1, usize::from);
    let part = |seeds: &[u64]| -> Vec<D> {
        let days = seeds.iter().map(|seed| {
            let day = day(*seed);
            ran();
            day
        });
        days.collect()
    };
    let part = &part;
    thread::scope(|scope| {
        let parts: Vec<_> = seeds
            .chunks(seeds.len().div_ceil(cores).max(1))
            .map(|seeds| scope.spawn(move || part(seeds)))
            .collect();
        parts.into_iter().flat_map(|part| part.join().unwrap_or_else(|panic| resume_unwind(panic))).collect()
    })
}
