//! `trunkline routing`: decisions, made again.

use std::process::ExitCode;

use anyhow::{Context as _, ensure};
use clap::Subcommand;
use trunkline_domain::decision::Event;
use trunkline_kernel::{DecisionId, StreamId, Version};
use trunkline_log::Log;
use trunkline_pool::{ActiveScorer, read_record};

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
}

pub(crate) async fn run(settings: &Settings, command: &RoutingCommand) -> anyhow::Result<ExitCode> {
    let RoutingCommand::Replay { id } = command;
    let opened = store::open_log(settings).await?;
    let replayed = replay(settings, &*opened.log, id).await;
    opened.log.close().await;
    replayed
}

async fn replay(settings: &Settings, log: &dyn Log, id: &str) -> anyhow::Result<ExitCode> {
    let id: DecisionId =
        id.strip_prefix("decision:").unwrap_or(id).parse().context("a decision is named by its UUID")?;
    let events = log.read_stream(&StreamId::of(id), Version::EMPTY, 1).await?;
    let recorded = events.first().with_context(|| format!("there is no decision {id}"))?;
    let mut decoded = trunkline_domain::decode_as::<Event>(recorded)?.into_iter();
    let Some(Event::Made(made)) = decoded.next() else { anyhow::bail!("the decision {id} says nothing") };
    let reading = read_record(&made)?;
    let scorer = match &reading.decision.inputs.model {
        None => None,
        Some(hash) => {
            let known = ActiveScorer::new(&routing::features(settings)?).known(hash);
            ensure!(known.is_some(), "the decision was made by the model {hash}, which is not here");
            known
        }
    };
    let same = reading.replays(scorer.as_deref())?;
    for (facts, assigned) in reading.decision.inputs.calls.iter().zip(&reading.decision.assigned) {
        let agent = assigned.agent.map_or_else(|| "nobody".to_owned(), |agent| agent.to_string());
        let (work, value, eligible) = (facts.id, assigned.value, facts.eligible);
        say(&format!("{work}: {agent}, worth {value:.3}, of {eligible} who could get it"));
    }
    say(if same { "the same, byte for byte" } else { "it comes out otherwise" });
    Ok(if same { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
