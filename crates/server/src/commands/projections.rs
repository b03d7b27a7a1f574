//! `trunkline projections`: looking after the read models.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context as _, bail};
use clap::Subcommand;
use indicatif::{ProgressBar, ProgressStyle};
use trunkline_database::Database;
use trunkline_projections::ReadModel;
use trunkline_projections::runtime::{self, GenerationStatus, Rebuilt, Runtime, Status, TableDigest};

use crate::config::Settings;
use crate::store::{self, OpenLog};

/// Looking after the read models.
#[derive(Debug, Subcommand)]
pub(crate) enum ProjectionsCommand {
    /// Every read model: generations, position, lag, parked events.
    List,
    /// Build a new generation of a read model beside the old one and switch to it.
    #[command(after_help = "\
Examples:
  trunkline projections rebuild kpi
  trunkline projections rebuild kpi --no-switch     then: trunkline projections switch kpi")]
    Rebuild {
        /// Which read model.
        #[arg(value_name = "NAME")]
        name: String,
        /// Leave the old generation in use.
        #[arg(long)]
        no_switch: bool,
    },
    /// Let queries read another generation of a read model; the one before stays and can be switched back to.
    #[command(after_help = "\
Example:
  trunkline projections switch kpi --generation 2")]
    Switch {
        /// Which read model.
        #[arg(value_name = "NAME")]
        name: String,
        /// Which generation [default: the newest that has caught up].
        #[arg(long, value_name = "NUMBER")]
        generation: Option<u32>,
    },
    /// List the events that a read model could not fold, or try them again.
    #[command(after_help = "\
Examples:
  trunkline projections parked
  trunkline projections parked kpi --replay")]
    Parked {
        /// Which read model [default: all].
        #[arg(value_name = "NAME")]
        name: Option<String>,
        /// Try them again.
        #[arg(long)]
        replay: bool,
    },
}

/// How often the bar of a rebuild moves.
const TICK: Duration = Duration::from_millis(200);

pub(crate) async fn run(settings: &Settings, command: ProjectionsCommand) -> anyhow::Result<ExitCode> {
    let opened = store::open_log(settings).await?;
    let database = store::open_read_models(settings).await?;
    let done = with(settings, &opened, &database, command).await;
    opened.log.close().await;
    database.close().await;
    done
}

async fn with(
    settings: &Settings,
    opened: &OpenLog,
    database: &Database,
    command: ProjectionsCommand,
) -> anyhow::Result<ExitCode> {
    let runtime = Runtime::prepare(
        database.clone(),
        opened.log.clone(),
        store::clock(),
        &*store::ids(),
        settings.projections.clone(),
    )
    .await?;
    match command {
        ProjectionsCommand::List => {
            crate::say(&table(&runtime.status().await?));
            Ok(ExitCode::SUCCESS)
        }
        ProjectionsCommand::Rebuild { name, no_switch } => rebuild(runtime, &name, !no_switch).await,
        ProjectionsCommand::Switch { name, generation } => {
            let model = named(&name)?;
            let generation = match generation {
                Some(generation) => generation,
                None => newest_standby(&runtime.status().await?, model)?,
            };
            runtime::switch(database, model, generation).await?;
            crate::say(&format!("Queries read generation {generation} of {name} from now on."));
            Ok(ExitCode::SUCCESS)
        }
        ProjectionsCommand::Parked { name, replay } => parked(database, name.as_deref(), replay).await,
    }
}

/// The read model of that name.
///
/// # Errors
/// When there is none; the error names those there are.
pub(crate) fn named(name: &str) -> anyhow::Result<ReadModel> {
    ReadModel::named(name).with_context(|| {
        let names: Vec<&str> = ReadModel::ALL.iter().map(|model| model.name()).collect();
        format!("there is no read model {name:?}; there are {}", names.join(", "))
    })
}

fn word(status: Status) -> &'static str {
    match status {
        Status::Building => "building",
        Status::Active => "in use",
        Status::Standby => "standby",
    }
}

fn table(all: &[GenerationStatus]) -> String {
    let mut lines = vec![format!(
        "{:<20} {:>10} {:>7} {:<9} {:>12} {:>10} {:>7}",
        "read model", "generation", "version", "state", "position", "lag", "parked"
    )];
    for one in all {
        let of = &one.generation;
        lines.push(format!(
            "{:<20} {:>10} {:>7} {:<9} {:>12} {:>10} {:>7}",
            of.model.name(),
            of.generation,
            of.version,
            word(of.status),
            of.position.0,
            one.lag,
            one.parked
        ));
    }
    lines.join("\n")
}

fn newest_standby(all: &[GenerationStatus], model: ReadModel) -> anyhow::Result<u32> {
    all.iter()
        .map(|one| &one.generation)
        .filter(|found| found.model == model && found.status == Status::Standby)
        .map(|found| found.generation)
        .max()
        .with_context(|| format!("{} has no other generation that has caught up", model.name()))
}

async fn rebuild(runtime: Runtime, name: &str, switch: bool) -> anyhow::Result<ExitCode> {
    let models = if name == "all" { ReadModel::ALL.to_vec() } else { vec![named(name)?] };
    let style = ProgressStyle::with_template("{bar:40} {percent:>3}% {pos}/{len} events {msg} (eta {eta})");
    let bar = ProgressBar::new(0).with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    let progress = runtime.progress();
    let rebuilt = {
        let mut rebuilding = std::pin::pin!(runtime.rebuild(&models, switch));
        loop {
            tokio::select! {
                rebuilt = &mut rebuilding => break rebuilt,
                () = tokio::time::sleep(TICK) => {}
            }
            if let Some(slowest) = progress.borrow().values().min_by_key(|one| one.position) {
                bar.set_length(slowest.head.0);
                bar.set_position(slowest.position.0);
                bar.set_message(format!("{:.0}/s", slowest.events_per_second));
            }
        }
    };
    bar.finish_and_clear();
    runtime.stop().await;
    let rebuilt = rebuilt?;
    for one in &rebuilt {
        crate::say(&told(one));
    }
    let differs = rebuilt.iter().any(|one| one.is_equal() == Some(false));
    Ok(if differs { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn told(one: &Rebuilt) -> String {
    let equal = match one.is_equal() {
        Some(true) => "equal to the one in use",
        Some(false) => "DIFFERENT from the one in use, and therefore not used",
        None => "of another definition than the one in use",
    };
    let switched = if one.switched { "; queries read it from now on" } else { "" };
    let mut text = format!(
        "{} generation {} was built up to position {}: {equal}{switched}.",
        one.model.name(),
        one.generation,
        one.position
    );
    for TableDigest { table, rows, digest } in &one.digests {
        text.push_str(&format!("\n  {table:<20} {rows:>10} rows  {digest}"));
    }
    text
}

async fn parked(database: &Database, name: Option<&str>, replay: bool) -> anyhow::Result<ExitCode> {
    let model = name.map(named).transpose()?;
    if replay {
        let Some(model) = model else {
            bail!("name the read model whose parked events are to be tried again")
        };
        let count = runtime::replay_parked(database, model, None).await?;
        crate::say(&format!(
            "{count} events of {} will be tried again by the server that keeps it.",
            model.name()
        ));
        return Ok(ExitCode::SUCCESS);
    }
    let parked = runtime::parked(database, model).await?;
    for one in &parked {
        let runtime::Parked { model, generation, position, event_type, stream, error, tries, .. } = one;
        let name = model.name();
        crate::say(&format!(
            "{name} g{generation}  {position}  {event_type}  {stream}  after {tries} tries: {error}"
        ));
    }
    crate::say(&format!("{} parked events.", parked.len()));
    Ok(ExitCode::SUCCESS)
}
