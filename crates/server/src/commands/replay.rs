//! `trunkline replay`: a read model as it was.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use indicatif::{ProgressBar, ProgressStyle};
use trunkline_kernel::{Position, Timestamp};
use trunkline_log::Log;
use trunkline_projections::{ReadError, runtime};

use crate::commands::projections::named;
use crate::config::Settings;
use crate::store;

/// A read model as it was.
#[derive(Debug, Args)]
pub(crate) struct Replay {
    /// Which read model; `trunkline projections list` names them.
    #[arg(long, value_name = "NAME")]
    pub(crate) projection: String,
    /// Until which moment (RFC 3339) or position, itself included.
    #[arg(long, value_name = "TIME|POSITION")]
    pub(crate) until: String,
    /// The file to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

pub(crate) async fn run(settings: &Settings, command: &Replay) -> anyhow::Result<ExitCode> {
    let opened = store::open_log(settings).await?;
    let done = replay(settings, &*opened.log, command).await;
    opened.log.close().await;
    done.map(|()| ExitCode::SUCCESS)
}

async fn replay(settings: &Settings, log: &dyn Log, command: &Replay) -> anyhow::Result<()> {
    let model = named(&command.projection)?;
    let until = position(log, &command.until).await?;
    // The replay needs a database of its own for a while; it is removed again whatever happens.
    let folder = Scratch::new(&settings.data_dir)?;
    let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {pos}/{len} events (eta {eta})");
    let bar = ProgressBar::new(until.0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let told = |position: Position| bar.set_position(position.0);
    let replayed = runtime::replay_until(log, model, until, &folder.file(), told).await;
    bar.finish_and_clear();
    let replayed = replayed.context("the log could not be replayed")?;
    let mut out: Box<dyn Write + Send> = match &command.output {
        Some(file) => {
            let made = File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
            Box::new(BufWriter::new(made))
        }
        None => Box::new(BufWriter::new(std::io::stdout())),
    };
    let lines = replayed.lines(|line| writeln!(out, "{line}").map_err(Fault::from)).await;
    let lines = lines.and_then(|lines| out.flush().map(|()| lines).map_err(Fault::from));
    let (position, skipped) = (replayed.position, replayed.skipped);
    replayed.close().await;
    let lines = lines?;
    tracing::info!(%position, lines, skipped, "replayed {} as it was", model.name());
    Ok(())
}

/// What can go wrong while rows are handed out.
#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("the replayed rows cannot be read")]
    Read(#[from] ReadError),
    #[error("the rows cannot be written")]
    Write(#[from] std::io::Error),
}

async fn position(log: &dyn Log, text: &str) -> anyhow::Result<Position> {
    if let Ok(position) = text.parse::<u64>() {
        return Ok(Position(position).min(log.head().await?));
    }
    let time: Timestamp = text.parse().context("`--until` takes a position or an RFC 3339 time")?;
    Ok(log.position_at(time).await?)
}

/// A folder that is removed when it is dropped.
struct Scratch(PathBuf);

impl Scratch {
    fn new(data_dir: &std::path::Path) -> anyhow::Result<Self> {
        let folder = data_dir.join(format!("replay-{}", store::ids().uuid()));
        std::fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
        Ok(Self(folder))
    }

    fn file(&self) -> PathBuf {
        self.0.join("replay.db")
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_dir_all(&self.0) {
            tracing::warn!(%error, folder = %self.0.display(), "the replay's folder could not be removed");
        }
    }
}
