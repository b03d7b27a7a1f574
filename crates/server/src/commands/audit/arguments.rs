//! The arguments of `trunkline audit`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

/// Proving that the log is what it was.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Look at every event of the log: is it what was recorded, is none missing, none added, none moved?
    #[command(after_help = "\
Every event's digest is computed anew from what is stored and held against the notary's tree and its signed heads. What
was edited, deleted, inserted, moved or cut off is named with its position. So is what the index of tags hides or
invents, by which the events of a customer are found. The server may be running.

Examples:
  trunkline audit verify
  trunkline audit verify --key notary.pub                      believe this key, not the one in the data directory
  trunkline audit verify --against head-of-last-january.json   nothing up to there was changed, not even by us
  trunkline audit verify --from 120000 --to 125000 --json

A head kept elsewhere is what protects against somebody who has the database and the key: `trunkline audit heads`
gives one, and `notary.publish_*` sends them out by themselves.

Exit codes: 0 it holds, 4 something is wrong, 1 it could not be looked at, 2 wrong usage.")]
    Verify(Verify),
    /// Prove that an event is in the log, that all of a customer's are, or that the log only grew.
    #[command(after_help = "\
Examples:
  trunkline audit prove 1205 > proof.json
  trunkline audit prove event:0190b5f4-0000-7000-8000-000000000001 --with-text
  trunkline audit prove --customer 0190b5f4-0000-7000-8000-000000000001 --output customer.json
  trunkline audit prove --since head.json

A proof is a small JSON document. Whoever has the notary's public key checks it with `trunkline audit check`, without
this server. --with-text adds what the event says; personal values in it are sealed and stay so.
Exit codes: 0 proven, 1 it could not be proven, 2 wrong usage.")]
    Prove(Prove),
    /// Check a proof; needs nothing but the proof and the notary's public key.
    #[command(after_help = "\
Examples:
  trunkline audit check proof.json --key notary.pub
  trunkline audit check proof.json --key o4MZGqV3Kj2LQ0a1mKZzY5Jm0h3V5m0JvC3m2b1wq5U=
  trunkline audit check proof.json --key first.pub --heads heads.jsonl    follows the handing over of keys

Exit codes: 0 it holds, 4 it does not, 1 it could not be read, 2 wrong usage.")]
    Check(Check),
    /// Show signed heads; keep one of them elsewhere, and nothing before it can be changed unnoticed.
    #[command(after_help = "\
Examples:
  trunkline audit heads
  trunkline audit heads --count 1 --json > head.json       the newest, as verify --against takes it
  trunkline audit heads --all --json > heads.jsonl         all of them, as check --heads takes them")]
    Heads(Heads),
    /// Show the notary's public key, or hand over to a new key.
    #[command(after_help = "\
Examples:
  trunkline audit key > notary.pub
  trunkline audit key --rotate

Give the public key to whoever is to check proofs. --rotate makes a new key, signs a head with the old one that names
it, and puts it in the place of the old, which is gone then; stop the server first. Whoever has only the first public
key follows through the heads.")]
    Key(Key),
}

/// Verifying the log.
#[derive(Debug, Args)]
pub(crate) struct Verify {
    /// The first position to look at.
    #[arg(long, default_value_t = 1, value_name = "POSITION", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) from: u64,
    /// The last position to look at [default: the end of the log].
    #[arg(long, value_name = "POSITION")]
    pub(crate) to: Option<u64>,
    /// A head that was kept elsewhere, or a file with one a line; can be repeated.
    #[arg(long, value_name = "HEAD.json")]
    pub(crate) against: Vec<PathBuf>,
    /// Whose signatures to believe: a file, or the key in Base64 [default: the key in the data directory].
    #[arg(long, value_name = "PUBLIC")]
    pub(crate) key: Option<String>,
    /// Leave out the index of tags, which the digests do not have.
    #[arg(long)]
    pub(crate) without_index: bool,
    /// How many threads look at events [default: one for each processor].
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    pub(crate) threads: Option<u16>,
    /// The outcome as JSON.
    #[arg(long)]
    pub(crate) json: bool,
}

/// Proving something.
#[derive(Debug, Args)]
pub(crate) struct Prove {
    /// An event, by its id or its position.
    #[arg(value_name = "EVENT_ID|POSITION", required_unless_present_any = ["customer", "since"])]
    pub(crate) event: Option<String>,
    /// All events that concern this customer.
    #[arg(long, value_name = "ID", conflicts_with_all = ["event", "since"])]
    pub(crate) customer: Option<String>,
    /// That the log only grew since this head.
    #[arg(long, value_name = "HEAD.json", conflicts_with = "event")]
    pub(crate) since: Option<PathBuf>,
    /// Add what the events say.
    #[arg(long, conflicts_with = "since")]
    pub(crate) with_text: bool,
    /// The file to write [default: standard output].
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// Checking a proof.
#[derive(Debug, Args)]
pub(crate) struct Check {
    /// The proof.
    #[arg(value_name = "PROOF.json")]
    pub(crate) proof: PathBuf,
    /// The notary's public key: a file, or the key in Base64.
    #[arg(long, value_name = "PUBLIC")]
    pub(crate) key: String,
    /// Published heads, one a line, in which a key hands over to the next.
    #[arg(long, value_name = "HEADS.jsonl")]
    pub(crate) heads: Option<PathBuf>,
}

/// Showing heads.
#[derive(Debug, Args)]
pub(crate) struct Heads {
    /// How many, the newest first.
    #[arg(long, default_value_t = 20, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) count: u32,
    /// All of them, the oldest first.
    #[arg(long, conflicts_with = "count")]
    pub(crate) all: bool,
    /// One JSON document a line instead of text.
    #[arg(long)]
    pub(crate) json: bool,
}

/// The key.
#[derive(Debug, Args)]
pub(crate) struct Key {
    /// Hand over to a new key.
    #[arg(long)]
    pub(crate) rotate: bool,
}
