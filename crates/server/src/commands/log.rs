//! `trunkline log`: reading the log.

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand};
use serde_json::{Value, json};
use trunkline_kernel::{Position, Recorded, StreamId, Version};
use trunkline_log::{Direction, Feed, Filter, Log, Query};

use crate::config::Settings;
use crate::{shutdown, store};

/// Reading the log.
#[derive(Debug, Subcommand)]
pub(crate) enum LogCommand {
    /// Follow the log: the last events, then every new one, until Ctrl-C.
    #[command(after_help = "\
Examples:
  trunkline log tail
  trunkline log tail --count 100 --type call.bridged --json")]
    Tail(Tail),
    /// Show one event in full, or the history of one stream.
    #[command(after_help = "\
Examples:
  trunkline log show 1205
  trunkline log show call-0190b5f4-0000-7000-8000-000000000001")]
    Show {
        /// A position, or the name of a stream.
        #[arg(value_name = "POSITION|STREAM")]
        what: String,
    },
    /// Write events as JSON, one a line, oldest first.
    #[command(after_help = "\
Examples:
  trunkline log export --output log.jsonl
  trunkline log export --after 1000 --category call --tag customer:0190b5f4-0000-7000-8000-000000000001")]
    Export(Export),
}

/// Which events.
#[derive(Debug, Args)]
pub(crate) struct Which {
    /// Only events of this type, `call.bridged`; can be repeated.
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) types: Vec<String>,
    /// Only streams of this category, `call`.
    #[arg(long, value_name = "CATEGORY")]
    pub(crate) category: Option<String>,
    /// Only events with this tag, `customer:ID`; can be repeated, and then all must be there.
    #[arg(long = "tag", value_name = "TAG")]
    pub(crate) tags: Vec<String>,
}

/// Following the log.
#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// How many of the last events to begin with.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub(crate) count: u16,
    /// One JSON object a line instead of text.
    #[arg(long)]
    pub(crate) json: bool,
    /// Which events.
    #[command(flatten)]
    pub(crate) which: Which,
}

/// Exporting the log.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Begin after this position.
    #[arg(long, default_value_t = 0, value_name = "POSITION")]
    pub(crate) after: u64,
    /// End with this position [default: the end of the log at the start].
    #[arg(long, value_name = "POSITION")]
    pub(crate) until: Option<u64>,
    /// The file to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Which events.
    #[command(flatten)]
    pub(crate) which: Which,
}

/// How many events are read at once.
const PAGE: usize = 500;

pub(crate) async fn run(settings: &Settings, command: LogCommand) -> anyhow::Result<ExitCode> {
    let opened = store::open_log(settings).await?;
    let done = match &command {
        LogCommand::Tail(tail) => follow(settings, &opened, tail).await,
        LogCommand::Show { what } => show(&*opened.log, what).await,
        LogCommand::Export(export) => write_out(&*opened.log, export).await,
    };
    opened.log.close().await;
    match done {
        // Whoever read has read enough, for instance `| head`.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        done => done.map(|()| ExitCode::SUCCESS),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error
        .chain()
        .filter_map(|cause| cause.downcast_ref::<std::io::Error>())
        .any(|cause| cause.kind() == std::io::ErrorKind::BrokenPipe)
}

fn print(text: &str) -> std::io::Result<()> {
    writeln!(std::io::stdout(), "{text}")
}

async fn follow(settings: &Settings, opened: &store::OpenLog, tail: &Tail) -> anyhow::Result<()> {
    let stopping = shutdown::on_signal()?;
    let filter = filter(&tail.which)?;
    let query = Query {
        filter: filter.clone(),
        direction: Direction::Backwards,
        from: None,
        until: None,
        limit: usize::from(tail.count).max(1),
    };
    let mut last = opened.log.read(&query).await?;
    last.events.truncate(tail.count.into());
    let show = |event: &Recorded| print(&if tail.json { json_line(event) } else { text_line(event) });
    last.events.iter().rev().try_for_each(show)?;
    let feed = Feed::start(opened.log.clone(), settings.feed.clone());
    let mut events = feed.subscribe(filter, last.head);
    loop {
        tokio::select! {
            batch = events.next() => batch?.events.iter().try_for_each(|event| show(event))?,
            () = stopping.cancelled() => return Ok(()),
        }
    }
}

async fn show(log: &dyn Log, what: &str) -> anyhow::Result<()> {
    if let Ok(position) = what.parse::<u64>() {
        let before = Position(position.saturating_sub(1));
        let query = Query {
            filter: Filter::default(),
            direction: Direction::Forwards,
            from: Some(before),
            until: Some(Position(position)),
            limit: 1,
        };
        let page = log.read(&query).await?;
        let Some(event) = page.events.first() else {
            bail!("there is no event at position {position}; the last one is at {}", page.head);
        };
        print(&serde_json::to_string_pretty(&envelope(event))?)?;
        return Ok(());
    }
    let stream: StreamId = what.parse().context("give a position or the name of a stream")?;
    let mut after = Version::EMPTY;
    loop {
        let events = log.read_stream(&stream, after, PAGE).await?;
        events.iter().try_for_each(|event| print(&text_line(event)))?;
        match events.last() {
            Some(last) if events.len() == PAGE => after = last.version,
            None if after == Version::EMPTY => bail!("the log has no stream {stream}"),
            Some(_) | None => return Ok(()),
        }
    }
}

async fn write_out(log: &dyn Log, export: &Export) -> anyhow::Result<()> {
    let until = match export.until {
        Some(position) => Position(position),
        None => log.head().await?,
    };
    let mut out: Box<dyn Write> = match &export.output {
        Some(file) => {
            let made = File::create(file).with_context(|| format!("cannot write {}", file.display()))?;
            Box::new(BufWriter::new(made))
        }
        None => Box::new(BufWriter::new(std::io::stdout().lock())),
    };
    let mut query = Query {
        filter: filter(&export.which)?,
        direction: Direction::Forwards,
        from: Some(Position(export.after)),
        until: Some(until),
        limit: PAGE,
    };
    loop {
        let page = log.read(&query).await?;
        for event in &page.events {
            writeln!(out, "{}", json_line(event)).context("cannot write the events")?;
        }
        match page.events.last() {
            Some(last) if page.events.len() == PAGE => query.from = Some(last.position),
            Some(_) | None => return out.flush().context("cannot write the events"),
        }
    }
}

fn filter(which: &Which) -> anyhow::Result<Filter> {
    let tags = which.tags.iter().map(|tag| tag.parse()).collect::<Result<Vec<_>, _>>()?;
    let types = which.types.iter().map(|name| name.parse()).collect::<Result<Vec<_>, _>>()?;
    Ok(Filter { stream: None, category: which.category.clone(), tags, types })
}

fn text_line(event: &Recorded) -> String {
    let Recorded { position, stream, version, event: said, .. } = event;
    format!(
        "{position:>8}  {}  {:<24} {stream} v{version}  {}",
        said.occurred_at,
        said.event_type.as_str(),
        said.payload.as_str()
    )
}

fn json_line(event: &Recorded) -> String {
    envelope(event).to_string()
}

/// The whole envelope, in the API's spelling.
fn envelope(event: &Recorded) -> Value {
    let said = &event.event;
    let payload = said.payload.read::<Value>().unwrap_or(Value::Null);
    json!({
        "position": event.position,
        "stream": event.stream,
        "version": event.version,
        "id": said.id,
        "type": said.event_type.as_str(),
        "schemaVersion": said.schema_version.0,
        "tags": said.tags,
        "payload": payload,
        "actor": said.cause.actor,
        "commandId": said.cause.command,
        "correlationId": said.cause.correlation,
        "causationId": said.cause.causation,
        "traceId": said.cause.trace.map(|trace| trace.to_string()),
        "occurredAt": said.occurred_at,
        "recordedAt": event.recorded_at,
        "digest": event.digest.to_string(),
    })
}
