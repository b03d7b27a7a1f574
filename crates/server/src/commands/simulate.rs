//! `trunkline simulate`: what a scenario comes to, as a table and a picture.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use trunkline_simulation::{Report, Scenario};

/// A simulation.
#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// What is simulated.
    #[arg(value_name = "SCENARIO.toml")]
    pub(crate) scenario: PathBuf,
    /// The seed of the first run [default: the scenario's].
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// How many runs, for the intervals [default: the scenario's].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) runs: Option<u32>,
    /// Draw the figures with their intervals into this file, as SVG.
    #[arg(long, value_name = "FILE.svg")]
    pub(crate) plot: Option<PathBuf>,
    /// One JSON object, every run's figures included, instead of the table.
    #[arg(long)]
    pub(crate) json: bool,
}

pub(crate) fn run(command: &Simulate) -> anyhow::Result<ExitCode> {
    let path = &command.scenario;
    let text = fs::read_to_string(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut scenario = Scenario::parse(&text)?;
    scenario.seed = command.seed.unwrap_or(scenario.seed);
    scenario.runs = command.runs.unwrap_or(scenario.runs);
    let report = watched(&scenario)?;
    if command.json {
        crate::say(&serde_json::to_string_pretty(&report)?);
    } else {
        crate::say(report.table().trim_end());
    }
    if let Some(plot) = &command.plot {
        fs::write(plot, report.svg()).with_context(|| format!("cannot write {}", plot.display()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs the scenario with a progress bar.
fn watched(scenario: &Scenario) -> anyhow::Result<Report> {
    let runs = scenario.worlds.len() as u64 * u64::from(scenario.runs);
    let style = ProgressStyle::with_template("{bar:40} {pos}/{len} runs (eta {eta})");
    let bar = ProgressBar::with_draw_target(Some(runs), ProgressDrawTarget::stderr_with_hz(5))
        .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let report = trunkline_simulation::simulate(scenario, &|| bar.inc(1));
    bar.finish_and_clear();
    Ok(report?)
}
