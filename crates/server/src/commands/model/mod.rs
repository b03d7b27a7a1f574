//! `trunkline model`: the models that score.

mod history;
mod judge;

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use trunkline_app::{CommandError, Dispatcher, Request, Single};
use trunkline_domain::model::{self, Command, Imported, ModelFile, Models, Refusal, Scoring};
use trunkline_kernel::{Actor, Refusal as _, Timestamp};
use trunkline_log::Log;
use trunkline_pool::models::ModelStore;

use crate::config::Settings;
use crate::{routing, say, store};

/// The models that score.
#[derive(Debug, Subcommand)]
pub(crate) enum ModelCommand {
    /// Check the file of a model and keep it under its hash. It scores when it is activated.
    #[command(after_help = "\
Example:
  trunkline model import match.ubj

It takes gradient-boosted trees as XGBoost saves them, in JSON or UBJSON, or as ONNX, with features named customer.COLUMN
and agent.COLUMN. Whatever cannot be predicted exactly is refused with the reason. docs/routing.md says how to train one.")]
    Import {
        /// The file.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// List the models and where each is in its life.
    List,
    /// Show everything that happened to a model.
    #[command(after_help = "\
Example:
  trunkline model show 3f9c")]
    Show {
        /// Its hash, or the beginning of it.
        #[arg(value_name = "MODEL")]
        model: String,
    },
    /// Hold a model against decisions that were logged, and note how it did.
    #[command(after_help = "\
Examples:
  trunkline model evaluate 3f9c
  trunkline model evaluate 3f9c --blend cosine=0.3
  trunkline model evaluate 3f9c --since 2026-10-01T00:00:00Z --until 2026-11-01T00:00:00Z

It estimates the share of sales had this model decided, from decisions with an outcome and the chances with which they were
made. Without exploration (`routing.exploration`) the estimate rests on the decisions in which both agree.")]
    Evaluate {
        /// Its hash, or the beginning of it.
        #[arg(value_name = "MODEL")]
        model: String,
        /// Judge it blended with cosine similarity: cosine=SHARE, above 0 and below 1 [default: the model alone].
        #[arg(long, value_name = "PART=SHARE", value_parser = blend)]
        blend: Option<f64>,
        /// Which decisions.
        #[command(flatten)]
        span: Span,
    },
    /// Hold two models against the same decisions.
    #[command(after_help = "\
Examples:
  trunkline model compare 3f9c
  trunkline model compare 3f9c --recorded
  trunkline model compare 3f9c 81d0 --since 2026-10-01T00:00:00Z

What either said of a decision when it was made, because it decided or scored beside, counts as it was noted; of other
decisions it is asked now.")]
    Compare {
        /// The hash of one, or the beginning of it.
        #[arg(value_name = "MODEL")]
        model: String,
        /// The other, alone [default: what scores, blended as it is].
        #[arg(value_name = "OTHER")]
        other: Option<String>,
        /// Judge the first blended with cosine similarity: cosine=SHARE [default: the model alone].
        #[arg(long, value_name = "PART=SHARE", value_parser = blend)]
        blend: Option<f64>,
        /// Only decisions of which it was noted what both said when they were made (`trunkline model shadow`).
        #[arg(long)]
        recorded: bool,
        /// Which decisions.
        #[command(flatten)]
        span: Span,
    },
    /// Have a model score from now on, on every server, within seconds.
    #[command(after_help = "\
Examples:
  trunkline model activate 3f9c --reason \"2 points more sales in October\"
  trunkline model activate 3f9c --blend cosine=0.3 --reason \"steadier for new agents\"

A server that cannot use the file goes on with the model before it, and says so in /readyz.")]
    Activate {
        /// Its hash, or the beginning of it.
        #[arg(value_name = "MODEL")]
        model: String,
        /// Blend its score with cosine similarity: cosine=SHARE, above 0 and below 1 [default: the model alone].
        #[arg(long, value_name = "PART=SHARE", value_parser = blend)]
        blend: Option<f64>,
        /// Why; it is noted.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Take out the model that scores, and have the one before it score again.
    #[command(after_help = "\
Example:
  trunkline model rollback --reason \"answers in the evening fell\"")]
    Rollback {
        /// Why; it is noted.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Have a model score every decision beside the one that decides, without deciding anything.
    #[command(after_help = "\
Examples:
  trunkline model shadow 3f9c --reason \"trained on October\"
  trunkline model compare 3f9c --recorded

What it says is noted with each decision, after the offer was made. At most three models do so at once.")]
    Shadow {
        /// Its hash, or the beginning of it.
        #[arg(value_name = "MODEL")]
        model: String,
        /// Why; it is noted.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Have a model not score beside another any more.
    #[command(after_help = "\
Example:
  trunkline model unshadow 3f9c --reason \"compared, and no better\"")]
    Unshadow {
        /// Its hash, or the beginning of it.
        #[arg(value_name = "MODEL")]
        model: String,
        /// Why; it is noted.
        #[arg(long, value_name = "TEXT")]
        reason: String,
    },
    /// Show what scores and what scores beside it, and how what scores does against its first decisions.
    #[command(after_help = "\
Example:
  trunkline model status

The figures are those that a server noted last (`models.drift_every_seconds`).")]
    Status,
}

/// A span of time.
#[derive(Debug, Args)]
pub(crate) struct Span {
    /// Decisions from then on, in RFC 3339 [default: 30 days before the end].
    #[arg(long, value_name = "TIME")]
    since: Option<Timestamp>,
    /// Decisions before then [default: now].
    #[arg(long, value_name = "TIME")]
    until: Option<Timestamp>,
}

impl Span {
    /// The two ends.
    pub(crate) fn ends(&self) -> (Timestamp, Timestamp) {
        let until = self.until.unwrap_or_else(|| store::clock().now());
        (self.since.unwrap_or_else(|| until.plus(SPAN_BEFORE)), until)
    }
}

/// The share of cosine similarity in a blend.
fn blend(text: &str) -> Result<f64, String> {
    let share = text.strip_prefix("cosine=").and_then(|share| share.parse::<f64>().ok());
    share
        .filter(|share| *share > 0.0 && *share < 1.0)
        .ok_or_else(|| "it takes cosine=SHARE, a share above 0 and below 1, such as cosine=0.3".to_owned())
}

/// What is said of a blend after the model.
fn blended(cosine: Option<f64>) -> String {
    cosine.map_or_else(String::new, |share| format!(", blended with {share} of cosine similarity"))
}

/// How far back decisions are looked at when nobody says: 30 days.
const SPAN_BEFORE: trunkline_kernel::Millis = trunkline_kernel::Millis::from_mins(-30 * 24 * 60);

/// The fewest digits that name a model.
const PREFIX_MIN: usize = 4;

pub(crate) async fn run(settings: &Settings, command: &ModelCommand) -> anyhow::Result<ExitCode> {
    let files = routing::models(settings)?;
    let opened = store::open_log(settings).await?;
    let vault = store::open_vault(settings).await?;
    let dispatcher = store::dispatcher(settings, opened.log.clone(), vault.clone());
    let desk = Desk { log: &*opened.log, dispatcher: &dispatcher, files: &files };
    let done = desk.run(command).await;
    opened.log.close().await;
    vault.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

/// What the commands work with.
struct Desk<'a> {
    log: &'a dyn Log,
    dispatcher: &'a Dispatcher,
    files: &'a ModelStore,
}

impl Desk<'_> {
    async fn run(&self, command: &ModelCommand) -> anyhow::Result<()> {
        match command {
            ModelCommand::Import { file } => self.import(file).await,
            ModelCommand::List => self.list().await,
            ModelCommand::Show { model } => self.show(self.named(model).await?).await,
            ModelCommand::Evaluate { model, blend, span } => {
                self.evaluate(Scoring { model: self.named(model).await?, cosine: *blend }, span).await
            }
            ModelCommand::Compare { model, other, blend, recorded, span } => {
                let other = match other {
                    Some(other) => Scoring { model: self.named(other).await?, cosine: None },
                    None => self.models().await?.active().context("no model scores; name the other")?,
                };
                let one = Scoring { model: self.named(model).await?, cosine: *blend };
                self.compare(one, other, span, *recorded).await
            }
            ModelCommand::Shadow { model, reason } => {
                let model = self.named(model).await?;
                self.usable(Scoring { model, cosine: None }).await?;
                let (features, reason) = (self.files.feature_set(), reason.clone());
                self.command(Command::Shadow { model: model.hash, features, reason }).await?;
                say(&format!("model {} scores beside from now on, and decides nothing", model.hash));
                Ok(())
            }
            ModelCommand::Unshadow { model, reason } => {
                let model = self.named(model).await?.hash;
                self.command(Command::Unshadow { model, reason: reason.clone() }).await?;
                say(&format!("model {model} does not score beside any more"));
                Ok(())
            }
            ModelCommand::Status => self.status().await,
            ModelCommand::Activate { model, blend, reason } => {
                let model = self.named(model).await?;
                self.usable(Scoring { model, cosine: *blend }).await?;
                let (features, reason) = (self.files.feature_set(), reason.clone());
                let command = Command::Activate { model: model.hash, features, cosine: *blend, reason };
                self.command(command).await?;
                say(&format!("model {} scores from now on{}", model.hash, blended(*blend)));
                Ok(())
            }
            ModelCommand::Rollback { reason } => {
                self.command(Command::RollBack { reason: reason.clone() }).await?;
                match self.models().await?.active() {
                    Some(Scoring { model, cosine }) => {
                        say(&format!("model {} scores again{}", model.hash, blended(cosine)));
                    }
                    None => say("no model scores any more; cosine similarity does"),
                }
                Ok(())
            }
        }
    }

    async fn import(&self, file: &Path) -> anyhow::Result<()> {
        let bytes = tokio::fs::read(file).await.with_context(|| format!("cannot read {}", file.display()))?;
        let imported = self.files.keep(bytes).await;
        let imported = imported.with_context(|| format!("{} was not imported", file.display()))?;
        let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
        let imported = Imported { name, ..imported };
        let said = format!(
            "model {}\n{} trees over {} features, {}, {} bytes",
            imported.model.hash, imported.trees, imported.columns, imported.objective, imported.bytes
        );
        self.command(Command::Import(imported)).await?;
        say(&said);
        Ok(())
    }

    /// Whether it can be used here. Every server checks it again; here the person who asks is told.
    async fn usable(&self, scoring: Scoring) -> anyhow::Result<()> {
        let loaded = self.files.scorer(scoring).await;
        loaded.map(drop).with_context(|| format!("{}: {}", Refusal::Unusable.code(), Refusal::Unusable))
    }

    /// Runs a command by the one path; a refusal is told with its code.
    async fn command(&self, command: Command) -> anyhow::Result<()> {
        let action = Single::<Models> { id: model::of_routing(), command };
        match self.dispatcher.execute(Request::by(Actor::system("model")), &action).await {
            Ok(_) => Ok(()),
            Err(CommandError::Refused(refused)) => bail!("{}: {}", refused.code, refused.message),
            Err(error) => Err(error.into()),
        }
    }

    /// The model whose hash begins so.
    async fn named(&self, prefix: &str) -> anyhow::Result<ModelFile> {
        let models = self.models().await?;
        let found: Vec<ModelFile> = models
            .all()
            .map(|(_, model)| model)
            .filter(|model| model.hash.to_string().starts_with(prefix))
            .collect();
        match found.as_slice() {
            _ if prefix.len() < PREFIX_MIN => bail!("give at least {PREFIX_MIN} digits of the model's hash"),
            [one] => Ok(*one),
            [] => bail!("{}: {}", Refusal::Unknown.code(), Refusal::Unknown),
            several => bail!("{} models begin with {prefix}; give more digits", several.len()),
        }
    }
}
