//! The command line. Its help texts are the manual: each teaches by examples. The arguments of a command stand beside
//! what it does.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand};

use crate::commands::access::AccessCommand;
use crate::commands::audit::AuditCommand;
use crate::commands::compliance::ComplianceCommand;
use crate::commands::config::ConfigCommand;
use crate::commands::dnc::DncCommand;
use crate::commands::import::Import;
use crate::commands::keys::KeysCommand;
use crate::commands::log::LogCommand;
use crate::commands::model::ModelCommand;
use crate::commands::privacy::PrivacyCommand;
use crate::commands::projections::ProjectionsCommand;
use crate::commands::recordings::RecordingsCommand;
use crate::commands::replay::Replay;
use crate::commands::routing::RoutingCommand;
use crate::commands::simulate::Simulate;
use crate::commands::token::TokenCommand;

/// Trunkline: the event-sourced backend of an outbound contact centre.
#[derive(Debug, Parser)]
#[command(name = "trunkline", version, max_term_width = 110, arg_required_else_help = true)]
#[command(after_help = "\
Start here:
  trunkline demo                     a live simulated call centre, served on http://127.0.0.1:8080/graphql
  trunkline serve                    the server, with nothing in it yet
  trunkline config check             where every setting comes from

Settings are taken from --config FILE, then TRUNKLINE_* variables, then flags; deploy/config.default.toml documents
each. Exit codes: 0 done, 1 failed, 2 wrong usage or configuration.")]
pub(crate) struct Cli {
    /// What holds for all commands.
    #[command(flatten)]
    pub(crate) common: Common,
    /// What to do.
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// Flags of all commands.
#[derive(Debug, Args)]
pub(crate) struct Common {
    /// The configuration file.
    #[arg(long, global = true, value_name = "FILE", env = "TRUNKLINE_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// Where the embedded databases live [default: ./trunkline-data].
    #[arg(long, global = true, value_name = "DIR")]
    pub(crate) data_dir: Option<PathBuf>,
    /// Who runs the command, where the configuration asks for that (`access.command_line`).
    #[arg(long, global = true, value_name = "TOKEN", env = "TRUNKLINE_TOKEN", hide_env_values = true)]
    pub(crate) token: Option<String>,
    /// How log lines are written: text or json.
    #[arg(long, global = true, value_name = "FORMAT")]
    pub(crate) log_format: Option<String>,
    /// What is logged, such as info or "info,sqlx=warn".
    #[arg(long, global = true, value_name = "FILTER")]
    pub(crate) log_filter: Option<String>,
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
    /// Serve, with a live simulated call centre that uses the API like any client.
    #[command(after_help = "\
Examples:
  trunkline demo
  trunkline demo --data-dir /tmp/demo --calls-per-second 10

Ctrl-C stops it; starting it again continues with the data.")]
    Demo(Demo),
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
    /// Look after the read models.
    #[command(subcommand)]
    Projections(ProjectionsCommand),
    /// Show a read model as it was at a time or position.
    #[command(after_help = "\
Examples:
  trunkline replay --projection kpi --until 50000
  trunkline replay --projection customer_360 --until 2026-11-01T00:00:00Z --output customers.jsonl

A time is when events were recorded, which for an import is the day of the import. Each line is one row as JSON, the
table's name in \"table\".")]
    Replay(Replay),
    /// Issue, list and revoke access tokens.
    #[command(subcommand)]
    Token(TokenCommand),
    /// Look after the keys that personal data are sealed with.
    #[command(subcommand)]
    Keys(KeysCommand),
    /// Answer what persons ask about their own data.
    #[command(subcommand)]
    Privacy(PrivacyCommand),
    /// Look at who sees and may do what.
    #[command(subcommand)]
    Access(AccessCommand),
    /// Prove that the log is what it was: verify it, prove events, check proofs, look after the notary's key.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look after recordings: what there is, whether it is what was written, what is due to be erased.
    #[command(subcommand)]
    Recordings(RecordingsCommand),
    /// Show why calls were lawful, and what other rules would have said.
    #[command(subcommand)]
    Compliance(ComplianceCommand),
    /// Look after do-not-call lists.
    #[command(subcommand)]
    Dnc(DncCommand),
    /// Simulate days of a call centre, with the routing, pacing and compliance code that the server runs.
    #[command(after_help = "\
Examples:
  trunkline simulate deploy/scenarios/claims.toml
  trunkline simulate deploy/scenarios/pacing.toml --seed 100 --runs 5 --plot pacing.svg

The same scenario under the same seed gives the same figures on every machine. docs/simulation.md describes scenarios.")]
    Simulate(Simulate),
    /// Look at what routing decided.
    #[command(subcommand)]
    Routing(RoutingCommand),
    /// Look after the models that score: import, evaluate, compare, activate, roll back.
    #[command(subcommand)]
    Model(ModelCommand),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
}

impl Command {
    /// What it is called.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Serve(_) => "serve",
            Self::Demo(_) => "demo",
            Self::Migrate => "migrate",
            Self::Import(_) => "import",
            Self::Log(_) => "log",
            Self::Projections(_) => "projections",
            Self::Replay(_) => "replay",
            Self::Token(_) => "token",
            Self::Keys(_) => "keys",
            Self::Privacy(_) => "privacy",
            Self::Access(_) => "access",
            Self::Audit(_) => "audit",
            Self::Recordings(_) => "recordings",
            Self::Compliance(_) => "compliance",
            Self::Dnc(_) => "dnc",
            Self::Simulate(_) => "simulate",
            Self::Routing(_) => "routing",
            Self::Model(_) => "model",
            Self::Config(_) => "config",
        }
    }
}

/// Where to serve.
#[derive(Debug, Args)]
pub(crate) struct Listen {
    /// The address to serve on; port 0 takes a free one [default: 127.0.0.1:8080].
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
}

/// The demo.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Where to serve.
    #[command(flatten)]
    pub(crate) listen: Listen,
    /// How many calls the call centre starts a second, on average [default: 3].
    #[arg(long, value_name = "RATE")]
    pub(crate) calls_per_second: Option<String>,
    /// The seed of its chances [default: 1].
    #[arg(long, value_name = "SEED")]
    pub(crate) seed: Option<String>,
}
