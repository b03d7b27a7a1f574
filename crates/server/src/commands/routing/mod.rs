//! `trunkline routing`: decisions, made again, and written out for training.

mod training;

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context as _;
use clap::Subcommand;
use trunkline_domain::decision::Event;
use trunkline_kernel::{DecisionId, StreamId, Version};
use trunkline_log::Log;
use trunkline_pool::models::LiveModels;
use trunkline_pool::{ActiveScorer, read_record};
use trunkline_routing::Hash;
use trunkline_routing::matching::scores;

use super::model::Span;
use crate::config::Settings;
use crate::{routing, say, store};

/// Looking at what routing decided.
#[derive(Debug, Subcommand)]
pub(crate) enum RoutingCommand {
    /// Decide again from the record of a decision, and say whether every byte is the same.
    #[command(after_help = "\
Examples:
  trunkline routing replay 019aa5f2-6c1e-7d41-9f5e-0f8c8f6a2b11
  trunkline routing replay decision:019aa5f2-6c1e-7d41-9f5e-0f8c8f6a2b11

It takes the log of the configuration, which may be in use. Exit code 1 when the decision comes out otherwise.")]
    Replay {
        /// The decision, by its id; `routingDecision` and the event `decision.made` have it.
        #[arg(value_name = "ID")]
        id: String,
    },
    /// Write decisions with what was known when they were made and what came of them, as CSV to train a model with.
    #[command(after_help = "\
Examples:
  trunkline routing export-training --output training.csv
  trunkline routing export-training --since 2026-10-01T00:00:00Z --until 2026-11-01T00:00:00Z

A line for each call whose decided agent spoke with the customer and whose outcome is known: decision, time, call, agent,
model, explored, propensity, score, sale, the versions of the features, then the columns of both vectors under the names that
a model has to give its features. What is missing is empty. Customers who refuse automated decisions are not in it.
deploy/models/match.py trains with it.")]
    ExportTraining {
        /// Which decisions.
        #[command(flatten)]
        span: Span,
        /// The file to write [default: standard output].
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
}

/// The most events of one decision: that it was made, and what other models said of it.
const EVENTS_MAX: usize = 2;

pub(crate) async fn run(settings: &Settings, command: &RoutingCommand) -> anyhow::Result<ExitCode> {
    let opened = store::open_log(settings).await?;
    let done = match command {
        RoutingCommand::Replay { id } => replay(settings, &*opened.log, id).await,
        RoutingCommand::ExportTraining { span, output } => {
            let features = routing::features(settings)?;
            training::export(&*opened.log, &features, span, output.as_deref())
                .await
                .map(|()| ExitCode::SUCCESS)
        }
    };
    opened.log.close().await;
    done
}

async fn replay(settings: &Settings, log: &dyn Log, id: &str) -> anyhow::Result<ExitCode> {
    let id: DecisionId =
        id.strip_prefix("decision:").unwrap_or(id).parse().context("a decision is named by its UUID")?;
    let events = log.read_stream(&StreamId::of(id), Version::EMPTY, EVENTS_MAX).await?;
    let (mut made, mut shadows) = (None, Vec::new());
    for recorded in &events {
        for event in trunkline_domain::decode_as::<Event>(recorded)? {
            match event {
                Event::Made(said) => made = Some(said),
                Event::Shadowed(said) => shadows.extend(said.shadows),
            }
        }
    }
    let reading = read_record(&made.with_context(|| format!("there is no decision {id}"))?)?;
    let scorer = Arc::new(ActiveScorer::new(&routing::features(settings)?));
    let models = LiveModels::new(routing::models(settings)?, scorer);
    models.learn(log).await?;
    let named = async |hash: &Hash, did: &str| {
        let known = models.scorer_of(hash).await;
        known.with_context(|| format!("the decision was {did} by the model {hash}, which is not here"))
    };
    let scorer = match &reading.decision.inputs.model {
        None => None,
        Some(hash) => Some(named(hash, "made").await?),
    };
    let mut same = reading.replays(scorer.as_deref())?;
    for said in &shadows {
        let hash: Hash = serde_json::from_value(serde_json::to_value(said.model)?)?;
        let again = scores(&reading.decision, &*named(&hash, "scored").await?)? == said.scores;
        let scored = if again { "scored it just so" } else { "scores it otherwise" };
        say(&format!("model {hash}, which decided nothing, {scored}"));
        same &= again;
    }
    for (facts, assigned) in reading.decision.inputs.calls.iter().zip(&reading.decision.assigned) {
        let agent = assigned.agent.map_or_else(|| "nobody".to_owned(), |agent| agent.to_string());
        let (work, value, eligible) = (facts.id, assigned.value, facts.eligible);
        say(&format!("{work}: {agent}, worth {value:.3}, of {eligible} who could get it"));
    }
    say(if same { "the same, byte for byte" } else { "it comes out otherwise" });
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
