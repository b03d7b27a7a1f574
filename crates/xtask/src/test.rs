//! Every test there is.

use std::ffi::OsString;
use std::process::Command;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, anyhow, bail};
use clap::ValueEnum;

use crate::servers::Servers;
use crate::shell::{answers, cargo, minutes, root, say, target, timed};
use crate::{npm, packages};

/// The parts of the tests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Part {
    /// The Rust tests and the examples in the documentation.
    Rust,
    /// The npm client suites and the browser test, against the built binary.
    Clients,
}

/// The same selection for every build, so that each dependency is built once.
const SELECTION: [&str; 2] = ["--workspace", "--all-features"];

/// Runs the tests, or one part of them; `arguments` go to the runner of the Rust tests.
///
/// # Errors
/// When something is missing or a test fails. A part that fails does not keep the others from running.
pub(crate) fn run(only: Option<Part>, arguments: &[OsString]) -> Result<()> {
    let started = Instant::now();
    packages::ensure()?;
    npm::build_ide()?;
    npm::install(&root().join("tests/clients"))?;
    let prepared = started.elapsed();
    // The servers start while the compiler works.
    let servers = thread::spawn(Servers::start);
    let built = timed(cargo(&["build"]).args(SELECTION).args(["--bins", "--tests"]));
    let servers = servers.join().map_err(|_| anyhow!("the thread that starts the servers was lost"))??;
    let built = built?;
    let mut failed = Vec::new();
    let tested = Instant::now();
    for (name, mut command) in commands(only, arguments) {
        if let Err(error) = timed(servers.hand_to(&mut command)) {
            say(&format!("{error:#}"));
            failed.push(name);
        }
    }
    report(prepared, built, tested.elapsed());
    if !failed.is_empty() {
        bail!("failed: {}", failed.join(", "));
    }
    Ok(())
}

/// The Rust tests come last, so that their summary ends the output.
fn commands(only: Option<Part>, arguments: &[OsString]) -> Vec<(&'static str, Command)> {
    let mut commands = Vec::new();
    if only != Some(Part::Rust) && arguments.is_empty() {
        commands.push(("the client suites", clients()));
    }
    if only != Some(Part::Clients) {
        if arguments.is_empty() {
            let mut examples = cargo(&["test", "--quiet", "--doc"]);
            examples.args(SELECTION);
            commands.push(("the examples in the documentation", examples));
        }
        commands.push(("the Rust tests", rust(arguments)));
    }
    commands
}

fn clients() -> Command {
    let mut command = npm::npm(&root().join("tests/clients"));
    command.args(["test", "--silent"]).env("TRUNKLINE_BIN", binary());
    if let Some(chromium) = packages::chromium() {
        command.env("TRUNKLINE_TEST_CHROMIUM", chromium);
    }
    command
}

fn rust(arguments: &[OsString]) -> Command {
    let nextest = answers("cargo", &["nextest", "--version"]);
    let mut command =
        cargo(if nextest { &["nextest", "run", "--no-fail-fast"] } else { &["test", "--no-fail-fast"] });
    if !nextest {
        // The examples in the documentation have run already.
        command.args(["--lib", "--bins", "--tests"]);
    }
    if !arguments.iter().any(|argument| argument == "-p" || argument == "--package") {
        command.arg("--workspace");
    }
    command.arg("--all-features").args(arguments).env("TRUNKLINE_BIN", binary());
    command
}

fn binary() -> std::path::PathBuf {
    target("debug").join("trunkline")
}

fn report(prepared: Duration, built: Duration, tested: Duration) {
    say(&format!("prepared in {}", minutes(prepared)));
    say(&format!("built    in {}", minutes(built)));
    say(&format!("tested   in {}", minutes(tested)));
}
