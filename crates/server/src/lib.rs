//! The binary `trunkline`: configuration, telemetry, wiring, shutdown and the command line.

mod access;
mod alerts;
mod cli;
mod commands;
mod compliance;
pub mod config;
mod cores;
mod cti;
mod dialing;
mod erasure;
mod gate;
mod http;
mod metrics;
mod notary;
mod rabbitmq;
mod read_models;
mod recordings;
mod routing;
mod serve;
mod shipping;
mod shutdown;
mod store;
mod surroundings;
mod telemetry;
mod timers;
mod transport;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};
use config::{ConfigError, Layers, Settings};

/// The exit code of wrong usage and wrong configuration; clap uses it as well.
const USAGE: u8 = 2;

/// Runs the command that the command line asks for.
pub fn main() -> ExitCode {
    // First of all: with two providers of cryptography in one build, rustls takes neither by itself.
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        say_error("the provider of cryptography was set before the program began");
        return ExitCode::FAILURE;
    }
    let cli = Cli::parse();
    let (layers, settings) = match settings(&cli) {
        Ok(read) => read,
        Err(error) => {
            say_error(&describe(&error.into()));
            return ExitCode::from(USAGE);
        }
    };
    match run(cli.command, cli.common.token.as_deref(), layers, settings) {
        Ok(code) => code,
        Err(error) => {
            say_error(&describe(&error));
            ExitCode::FAILURE
        }
    }
}

fn run(
    command: Command,
    token: Option<&str>,
    layers: Layers,
    settings: Settings,
) -> anyhow::Result<ExitCode> {
    let _telemetry = telemetry::start(&settings)?;
    if !settings.core_files
        && let Err(error) = cores::forbid()
    {
        tracing::warn!(%error, "core files cannot be forbidden; they would hold personal values (`server.core_files`)");
    }
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    runtime.block_on(async {
        commands::asker::admit(&settings, &command, token).await?;
        match command {
            Command::Serve(_) => serve::serve(&settings, None).await.map(|()| ExitCode::SUCCESS),
            Command::Demo(_) => commands::demo::run(&settings).await,
            Command::Migrate => commands::migrate::run(&settings).await,
            Command::Import(import) => commands::import::run(&settings, &import).await,
            Command::Log(command) => commands::log::run(&settings, command).await,
            Command::Projections(command) => commands::projections::run(&settings, command).await,
            Command::Keys(command) => commands::keys::run(&settings, &command).await,
            Command::Privacy(command) => commands::privacy::run(&settings, &command).await,
            Command::Replay(replay) => commands::replay::run(&settings, &replay).await,
            Command::Recordings(command) => commands::recordings::run(&settings, command).await,
            Command::Token(command) => commands::token::run(&settings, command).await,
            Command::Audit(command) => commands::audit::run(&settings, command).await,
            Command::Compliance(command) => commands::compliance::run(&settings, &command).await,
            Command::Dnc(command) => commands::dnc::run(&settings, &command).await,
            Command::Simulate(simulate) => commands::simulate::run(&simulate),
            Command::Routing(command) => commands::routing::run(&settings, &command).await,
            Command::Model(command) => commands::model::run(&settings, &command).await,
            Command::Access(command) => commands::access::run(&settings, &command),
            Command::Config(command) => commands::config::run(&layers, &settings, &command),
        }
    })
}

/// Defaults, then the file, then the environment, then the flags.
fn settings(cli: &Cli) -> Result<(Layers, Settings), ConfigError> {
    let mut layers = Layers::defaults()?;
    if let Some(file) = &cli.common.config {
        layers.file(file)?;
    }
    let variables = std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    layers.variables(variables)?;
    let data_dir = cli.common.data_dir.as_ref().map(|dir| dir.display().to_string());
    let (listen, demo) = match &cli.command {
        Command::Serve(listen) => (listen.listen.clone(), None),
        Command::Demo(demo) => (demo.listen.listen.clone(), Some(demo)),
        Command::Migrate
        | Command::Import(_)
        | Command::Log(_)
        | Command::Projections(_)
        | Command::Replay(_)
        | Command::Keys(_)
        | Command::Privacy(_)
        | Command::Audit(_)
        | Command::Access(_)
        | Command::Recordings(_)
        | Command::Routing(_)
        | Command::Model(_)
        | Command::Token(_)
        | Command::Compliance(_)
        | Command::Dnc(_)
        | Command::Simulate(_)
        | Command::Config(_) => (None, None),
    };
    let flags = [
        ("--data-dir", "server.data_dir", data_dir),
        ("--log-format", "telemetry.log_format", cli.common.log_format.clone()),
        ("--log-filter", "telemetry.log_filter", cli.common.log_filter.clone()),
        ("--listen", "server.listen", listen),
        ("--calls-per-second", "demo.calls_per_second", demo.and_then(|demo| demo.calls_per_second.clone())),
        ("--seed", "demo.seed", demo.and_then(|demo| demo.seed.clone())),
    ];
    for (flag, key, text) in flags {
        if let Some(text) = text {
            layers.flag(flag, key, text)?;
        }
    }
    let settings = Settings::of(&layers)?;
    Ok((layers, settings))
}

/// The error and everything that led to it, in one line.
fn describe(error: &anyhow::Error) -> String {
    format!("{error:#}")
}

#[expect(clippy::print_stderr, reason = "this is where the program speaks to the person who started it")]
fn say_error(text: &str) {
    eprintln!("trunkline: {text}");
}

/// Says something to the person who started the program, on standard output. Nobody may be listening any more, which
/// is no reason to stop serving.
pub(crate) fn say(text: &str) {
    use std::io::Write as _;
    let _ = writeln!(std::io::stdout(), "{text}");
}
