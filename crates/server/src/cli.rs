//! The command line. Its help texts are the manual: each teaches by examples.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use crate::commands::audit::AuditCommand;
use trunkline_access::Role;
use trunkline_kernel::{AgentId, CustomerId, Millis, RecordingId, TokenId};

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
  trunkline replay --projection kpi --until 1999-02-14T00:00:00Z
  trunkline replay --projection customer_360 --until 120000 --output customers.jsonl

A time is when events were recorded. Each line is one row as JSON, the table's name in \"table\".")]
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
    /// Prove that the log is what it was: verify it, prove events, check proofs, look after the notary's key.
    #[command(subcommand)]
    Audit(AuditCommand),
    /// Look after recordings: what there is, whether it is what was written, what is due to be erased.
    #[command(subcommand)]
    Recordings(RecordingsCommand),
    /// Look at the configuration.
    #[command(subcommand)]
    Config(ConfigCommand),
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

/// An import.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// How the rows of the file become calls, customers and so on.
    #[arg(long, value_name = "FILE.toml")]
    pub(crate) mapping: PathBuf,
    /// The CSV or TSV file.
    #[arg(value_name = "DATA")]
    pub(crate) data: PathBuf,
    /// Read and check every row, and write nothing but the list of refused rows.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Where the refused rows are listed [default: DATA.refused.tsv in the present directory].
    #[arg(long, value_name = "FILE")]
    pub(crate) refused: Option<PathBuf>,
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

/// Access tokens.
#[derive(Debug, Subcommand)]
pub(crate) enum TokenCommand {
    /// Sign a token and print it. It is noted in the log, and printed this once.
    #[command(after_help = "\
Examples:
  trunkline token issue --subject li.wei --role team_lead --team north --ttl 8h
  trunkline token issue --role agent --agent 0190b5f4-0000-7000-8000-000000000001
  curl -H \"Authorization: Bearer $(trunkline token issue --subject service:export --role service)\" …")]
    Issue(IssueToken),
    /// List the tokens that are valid.
    List {
        /// Those that have ended or were revoked as well.
        #[arg(long)]
        all: bool,
    },
    /// Let nobody in with a token any more, and end the connections that came in with it.
    #[command(after_help = "\
Example:
  trunkline token revoke 0190b5f4-0000-7000-8000-000000000001 --reason \"laptop lost\"")]
    Revoke {
        /// Which; `trunkline token list` shows them.
        #[arg(value_name = "ID")]
        id: TokenId,
        /// Why.
        #[arg(long)]
        reason: Option<String>,
    },
}

/// Issuing a token.
#[derive(Debug, Args)]
pub(crate) struct IssueToken {
    /// Whom it is for, as events name them: li.wei or user:li.wei, service:export [default: the agent].
    #[arg(long, value_name = "NAME", required_unless_present = "agent")]
    pub(crate) subject: Option<String>,
    /// What they are; can be repeated.
    #[arg(
        long = "role",
        value_name = "ROLE",
        required = true,
        help = "What they are: agent, team_lead, manager, \
        quality_inspector, analyst, auditor, administrator or service; can be repeated"
    )]
    pub(crate) roles: Vec<Role>,
    /// How long it lasts: 45s, 30m, 8h, 2d.
    #[arg(long, value_name = "TIME", default_value = "1h", value_parser = length)]
    pub(crate) ttl: Millis,
    /// The agent that they are.
    #[arg(long, value_name = "ID")]
    pub(crate) agent: Option<AgentId>,
    /// A team that they belong to or lead; can be repeated.
    #[arg(long = "team", value_name = "NAME")]
    pub(crate) teams: Vec<String>,
}

/// `8h` and the like.
fn length(text: &str) -> Result<Millis, String> {
    let wrong = || format!("{text:?} is not a length of time such as 45s, 30m, 8h or 2d");
    let (number, unit) = text.split_at(text.len() - text.chars().next_back().map_or(0, char::len_utf8));
    let seconds = match unit {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(wrong()),
    };
    let number = number.parse::<u32>().ok().filter(|number| *number > 0).ok_or_else(wrong)?;
    Ok(Millis::from_secs(i64::from(number) * seconds))
}

/// Looking after recordings.
#[derive(Debug, Subcommand)]
pub(crate) enum RecordingsCommand {
    /// List recordings, one a line.
    #[command(after_help = "\
Examples:
  trunkline recordings list
  trunkline recordings list --customer 0190b5f4-0000-7000-8000-000000000001 --held")]
    List {
        /// Only those of this customer's voice.
        #[arg(long, value_name = "ID")]
        customer: Option<CustomerId>,
        /// Only those that a case holds.
        #[arg(long)]
        held: bool,
    },
    /// Read recordings from their first byte to their last, and compare them with what the log says of them.
    #[command(after_help = "\
Examples:
  trunkline recordings verify
  trunkline recordings verify 0190b5f4-0000-7000-8000-000000000001

Without an id every recording is read. Exit code 1: something is not what was written, or something that was erased
is still there.")]
    Verify {
        /// Which ones [default: all].
        #[arg(value_name = "ID")]
        ids: Vec<RecordingId>,
    },
    /// Erase what was kept as long as it had to be, as the server does by itself.
    #[command(after_help = "\
Examples:
  trunkline recordings erase --dry-run
  trunkline recordings erase")]
    Erase {
        /// Only say what is due.
        #[arg(long)]
        dry_run: bool,
    },
}

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

/// Looking after keys.
#[derive(Debug, Subcommand)]
pub(crate) enum KeysCommand {
    /// How many keys there are of each kind under each master key.
    List,
    /// Make a new master key and wrap every key by it, while servers run.
    #[command(after_help = "\
Examples:
  trunkline keys rotate                     with the master keys in a file or a Transit service
  TRUNKLINE_VAULT_MASTER_KEYS=OLD,NEW trunkline keys rotate

The log is not touched. Afterwards `trunkline keys retire` forgets the old master key.")]
    Rotate,
    /// Forget master keys that wrap nothing any more. Backups of the key store that they wrapped cannot be read after.
    Retire,
}

/// What persons can ask about their own data.
#[derive(Debug, Subcommand)]
pub(crate) enum PrivacyCommand {
    /// Write all data on one person as JSON.
    #[command(after_help = "\
Example:
  trunkline privacy export 0190b5f4-0000-7000-8000-000000000001 --output export.json")]
    Export {
        /// The customer's id.
        #[arg(value_name = "CUSTOMER", value_parser = customer)]
        customer: CustomerId,
        /// The file to write [default: standard output].
        #[arg(long, value_name = "FILE")]
        output: Option<PathBuf>,
    },
    /// Search every store for an erased person.
    #[command(after_help = "\
Example:
  trunkline privacy verify 0190b5f4-0000-7000-8000-000000000001 \\
    --value 王芳 --value +8613812345678 --backup /backups/today

Searched are the key store, the log, the read models, every file of the data directory and of each backup. Exit code
4: something was found.")]
    Verify(VerifyErasure),
    /// Check the receipt of an erasure: a file with the statement, signature and publicKey that GraphQL gives.
    Receipt {
        /// The receipt as JSON.
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
}

/// Searching for an erased person.
#[derive(Debug, Args)]
pub(crate) struct VerifyErasure {
    /// The customer's id.
    #[arg(value_name = "CUSTOMER", value_parser = customer)]
    pub(crate) customer: CustomerId,
    /// Something that was known of the person, such as the name or a number; can be repeated.
    #[arg(long = "value", value_name = "TEXT")]
    pub(crate) values: Vec<String>,
    /// A folder or file with backups; can be repeated.
    #[arg(long = "backup", value_name = "DIR")]
    pub(crate) backups: Vec<PathBuf>,
}

/// A customer's id, bare or as the API gives it.
fn customer(text: &str) -> Result<CustomerId, String> {
    let bare = text.strip_prefix("customer:").unwrap_or(text);
    bare.parse().map_err(|_| "takes the id of a customer, a UUID".to_owned())
}
