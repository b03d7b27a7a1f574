//! The command line. Its help texts are the manual: each teaches by examples.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

/// Trunkline: the event-sourced backend of an outbound contact centre.
#[derive(Debug, Parser)]
#[command(name = "trunkline", version, max_term_width = 110, arg_required_else_help = true)]
#[command(after_help = "\
Start here:
  trunkline serve                    the server, with nothing in it yet
  trunkline config check             where every setting comes from

Settings are taken from --config FILE, then TRUNKLINE_* variables, then flags; deploy/config.default.toml documents
each. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.")]
pub(crate) struct Cli {
    /// What holds for all commands.
    #[command(flatten)]
    pub common: Common,
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// Flags of all commands.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", env = "TRUNKLINE_CONFIG")]
    pub config: Option<PathBuf>,
    /// Where the embedded databases live [default: ./trunkline-data].
    #[arg(long, global = true, value_name = "DIR")]
    pub data_dir: Option<PathBuf>,
    /// How log lines are written: text or json.
    #[arg(long, global = true, value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// What is logged, such as info or "info,trunkline_log=debug".
    #[arg(long, global = true, value_name = "FILTER")]
    pub log_filter: Option<String>,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve GraphQL, health and metrics until Ctrl-C.
    #[command(after_help = "\
Examples:
  trunkline serve
  trunkline serve --listen 0.0.0.0:8080 --data-dir /var/lib/trunkline
  TRUNKLINE_LOG_STORE=postgres TRUNKLINE_LOG_URL=postgres://trunkline@db/trunkline trunkline serve")]
    Serve(Listen),
    /// Bring the tables of the log and the read models up to date; serve does so too.
    #[command(after_help = "\
Example:
  trunkline --config production.toml migrate")]
    Migrate,
    /// Import calls, customers, agents, leads or interactions from a CSV or TSV file.
    #[command(after_help = "\
Examples:
  trunkline import --mapping deploy/mappings/anonymous_bank.toml calls.tsv --dry-run
  trunkline import --mapping deploy/mappings/anonymous_bank.toml calls.tsv

What was imported before is recognised: the same file again adds nothing, and an import that was interrupted goes on
when it is started again. Rows that cannot be taken are listed with line and reason; the others are imported.
docs/import.md describes mappings. Exit code 3: some rows were refused.")]
    Import(Import),
    /// Read the log.
    #[command(subcommand)]
    Log(LogCommand),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

/// Where to serve.
#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// The address to serve on; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS")]
    pub listen: Option<String>,
}

/// An import.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// How the rows of the file become calls, customers and so on.
    #[arg(long, value_name = "FILE.toml")]
    pub mapping: PathBuf,
    /// The CSV or TSV file.
    #[arg(value_name = "DATA")]
    pub data: PathBuf,
    /// Read and check every row, and write nothing but the list of refused rows.
    #[arg(long)]
    pub dry_run: bool,
    /// Where the refused rows are listed [default: DATA.refused.tsv in the present directory].
    #[arg(long, value_name = "FILE")]
    pub refused: Option<PathBuf>,
}

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
    pub types: Vec<String>,
    /// Only streams of this category, `call`.
    #[arg(long, value_name = "CATEGORY")]
    pub category: Option<String>,
    /// Only events with this tag, `customer:ID`; can be repeated, and then all must be there.
    #[arg(long = "tag", value_name = "TAG")]
    pub tags: Vec<String>,
}

/// Following the log.
#[derive(Debug, Args)]
pub(crate) struct Tail {
    /// How many of the last events to begin with.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u16).range(0..=10_000))]
    pub count: u16,
    /// One JSON object a line instead of text.
    #[arg(long)]
    pub json: bool,
    /// Which events.
    #[command(flatten)]
    pub which: Which,
}

/// Exporting the log.
#[derive(Debug, Args)]
pub(crate) struct Export {
    /// Begin after this position.
    #[arg(long, default_value_t = 0, value_name = "POSITION")]
    pub after: u64,
    /// End with this position [default: the end of the log at the start].
    #[arg(long, value_name = "POSITION")]
    pub until: Option<u64>,
    /// The file to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub output: Option<PathBuf>,
    /// Which events.
    #[command(flatten)]
    pub which: Which,
}

/// Looking at the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Check every setting and show its value and where it comes from.
    #[command(after_help = "\
Examples:
  trunkline config check
  trunkline --config production.toml config check")]
    Check {
        /// How it is shown.
        #[arg(long, default_value = "text")]
        format: CheckFormat,
    },
    /// Print every setting with its documentation and default.
    Defaults,
}

/// How a check is shown.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For people.
    Text,
    /// For machines.
    Json,
}
