//! The developer's commands. `cargo xtask --help` tells them.

mod build;
mod deny;
mod fuzz;
mod npm;
mod packages;
mod schema;
mod servers;
mod shell;
mod test;

use std::ffi::OsString;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Developer commands of Trunkline.
#[derive(Debug, Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    after_help = "Two commands are enough on a new machine:
  cargo xtask demo    see it run, at http://127.0.0.1:8080/graphql
  cargo xtask test    run every test there is"
)]
struct Arguments {
    #[command(subcommand)]
    command: Task,
}

#[derive(Debug, Subcommand)]
enum Task {
    /// Build Trunkline and run its demo: a store of its own, a simulated call centre and the GraphQL IDE.
    #[command(after_help = "What follows goes to `trunkline demo`:
  cargo xtask demo
  cargo xtask demo -- --data-dir /tmp/demo --listen 127.0.0.1:9000
  cargo xtask demo -- --help")]
    Demo {
        /// Build without optimisation: sooner ready, slower to run.
        #[arg(long)]
        dev: bool,
        /// Arguments of `trunkline demo`.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Run every test: Rust, the npm client suites and the browser, with private servers.
    ///
    /// Installs missing packages with apt where it is root on Debian or Ubuntu; names them and fails elsewhere.
    /// Starts PostgreSQL, Redis and RabbitMQ on free ports in temporary folders and stops them afterwards.
    #[command(after_help = "Examples:
  cargo xtask test                        everything
  cargo xtask test -- -p trunkline-log    one package's Rust tests; the rest goes to cargo nextest or cargo test
  cargo xtask test --only clients         the npm client suites and the browser test")]
    Test {
        /// Run one part only.
        #[arg(long, value_enum)]
        only: Option<test::Part>,
        /// Arguments of the runner of the Rust tests.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Write the event schemas and the GraphQL schema under `schema/`, from the Rust types.
    Schema {
        /// Write nothing; fail when what is checked in differs, or when an event changed incompatibly.
        #[arg(long)]
        check: bool,
    },
    /// Build the benchmarks in release mode and run them.
    #[command(
        after_help = "What follows goes to the benchmarks: append, subscribe, rebuild, notary, query or route, and options:
  cargo xtask bench
  cargo xtask bench append
  cargo xtask bench -- --help"
    )]
    Bench {
        /// Arguments of the benchmarks.
        #[arg(trailing_var_arg = true, allow_hyphen_values = true)]
        arguments: Vec<OsString>,
    },
    /// Fuzz what takes bytes from outside, each target for a bounded time; needs a C++ compiler.
    #[command(after_help = "Examples:
  cargo xtask fuzz                        every target for a minute
  cargo xtask fuzz graphql --seconds 600")]
    Fuzz {
        /// One target only: a folder of fuzz/corpus.
        target: Option<String>,
        /// For how long each.
        #[arg(long, default_value_t = 60)]
        seconds: u64,
    },
    /// Check licences, sources and known faults of all dependencies; needs cargo-deny.
    Deny {
        /// Leave out what has to be fetched: known faults.
        #[arg(long)]
        offline: bool,
    },
    /// Build the pages of the GraphQL IDE into `deploy/ide/dist`; needs Node.
    Ide,
    /// Start the private servers, run a command with them, and stop them.
    #[command(after_help = "Example: cargo xtask with-servers -- cargo nextest run -p trunkline-log")]
    WithServers {
        /// The command and its arguments.
        #[arg(required = true, trailing_var_arg = true, allow_hyphen_values = true)]
        command: Vec<OsString>,
    },
}

fn main() -> ExitCode {
    let result = match Arguments::parse().command {
        Task::Demo { dev, arguments } => build::demo(dev, &arguments),
        Task::Test { only, arguments } => test::run(only, &arguments),
        Task::Schema { check } => schema::run(check),
        Task::Bench { arguments } => build::bench(&arguments),
        Task::Fuzz { target, seconds } => fuzz::fuzz(target.as_deref(), seconds),
        Task::Deny { offline } => deny::run(offline),
        Task::Ide => npm::build_ide(),
        Task::WithServers { command } => servers::run(&command),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            shell::say(&format!("xtask: {error:#}"));
            ExitCode::FAILURE
        }
    }
}
