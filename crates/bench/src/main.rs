//! `trunkline-bench`: the benchmarks of the issue, each beside the raw limit of the same machine in the same
//! run. Run through `cargo xtask bench`.

#![expect(clippy::print_stdout, reason = "a benchmark's result is what it prints")]

mod access;
mod append;
mod live;
mod machine;
mod notary;
mod query;
mod rebuild;
mod recordings;
mod report;
mod route;
mod routed;
mod seal;
mod search;
mod serving;
mod start;
mod subscribe;
mod workload;

use std::time::Duration;

use anyhow::Result;
use clap::{Args, Parser, Subcommand};

/// The same as in the binary `trunkline`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Parser)]
#[command(about = "Measures Trunkline beside the raw limits of this machine", version)]
struct Cli {
    #[command(subcommand)]
    command: Option<Command>,
    #[command(flatten)]
    options: Options,
}

#[derive(Clone, Subcommand)]
enum Command {
    /// Appends: many writers, one writer, one hot stream, on SQLite and PostgreSQL
    Append,
    /// The rate of a query by role beside the same query with nothing kept back
    Access {
        /// Length of the log in events
        #[arg(long, default_value_t = 100_000)]
        events: u64,
    },
    /// The record of reads, searched by who, by whom and by words
    Search {
        /// Lengths of the record in accesses
        #[arg(long, value_delimiter = ',', default_values_t = SEARCH_ENTRIES)]
        entries: Vec<u64>,
    },
    /// From append to subscriber, through the feed and through GraphQL
    Subscribe,
    /// Appends with personal values sealed, beside the same appends as they are
    Seal,
    /// All read models from the first event
    Rebuild(rebuild::Arguments),
    /// Scoring, choosing and matching, beside a plain matrix-vector product; and from a request to its durable offer
    Route,
    /// Verifying a log, and proving one event among ten million
    Notary(notary::Arguments),
    /// Sealing and opening of audio, beside the bare cipher
    Recordings(recordings::Arguments),
    /// A customer with a page of the timeline, and the start of the binary
    Query {
        /// Lengths of the logs in events
        #[arg(long, value_delimiter = ',', default_values_t = QUERY_EVENTS)]
        events: Vec<u64>,
    },
}

/// Lengths of the logs that queries are asked on.
const QUERY_EVENTS: [u64; 2] = [100_000, 1_000_000];

/// Lengths of the records of reads that are searched.
const SEARCH_ENTRIES: [u64; 2] = [100_000, 10_000_000];

/// What every benchmark takes.
#[derive(Args, Clone)]
struct Options {
    /// Seconds that each measurement lasts, after a fifth of that to warm up
    #[arg(long, global = true, default_value_t = 5)]
    seconds: u64,
    /// Seed of everything random
    #[arg(long, global = true, default_value_t = 1)]
    seed: u64,
    /// Only this store
    #[arg(long, global = true)]
    store: Option<StoreName>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum StoreName {
    Sqlite,
    Postgres,
}

impl Options {
    fn length(&self) -> Duration {
        Duration::from_secs(self.seconds)
    }

    fn wants(&self, store: StoreName) -> bool {
        self.store.is_none_or(|only| only == store)
    }
}

#[tokio::main(flavor = "multi_thread")]
async fn main() -> Result<()> {
    let cli = Cli::parse();
    // Without one the HTTP client does not start; a process has at most one, and this is its first line.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    println!("{}", machine::describe()?);
    println!("payload {} B, seed {}\n", workload::PAYLOAD_BYTES, cli.options.seed);
    match cli.command {
        Some(Command::Append) => append::run(&cli.options).await,
        Some(Command::Subscribe) => {
            subscribe::run(&cli.options).await?;
            live::run(&cli.options).await
        }
        Some(Command::Seal) => seal::run(&cli.options).await,
        Some(Command::Route) => {
            route::run(&cli.options)?;
            routed::run(&cli.options).await
        }
        Some(Command::Query { events }) => query::run(&cli.options, &events).await,
        Some(Command::Notary(arguments)) => notary::run(&cli.options, &arguments).await,
        Some(Command::Access { events }) => access::run(&cli.options, events).await,
        Some(Command::Search { entries }) => search::run(&cli.options, &entries).await,
        Some(Command::Recordings(arguments)) => recordings::run(&arguments).await,
        Some(Command::Rebuild(arguments)) => rebuild::run(&cli.options, &arguments).await,
        None => {
            append::run(&cli.options).await?;
            subscribe::run(&cli.options).await?;
            live::run(&cli.options).await?;
            rebuild::run(&cli.options, &rebuild::Arguments::default()).await?;
            seal::run(&cli.options).await?;
            notary::run(&cli.options, &notary::Arguments::default()).await?;
            query::run(&cli.options, &QUERY_EVENTS).await?;
            access::run(&cli.options, QUERY_EVENTS[0]).await?;
            search::run(&cli.options, &SEARCH_ENTRIES).await?;
            recordings::run(&recordings::Arguments::default()).await?;
            route::run(&cli.options)?;
            routed::run(&cli.options).await
        }
    }
}
