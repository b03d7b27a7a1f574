//! Building and running the binary and the benchmarks.

use std::ffi::OsString;
use std::process::Command;

use anyhow::Result;

use crate::shell::{cargo, run, say, target, timed};
use crate::{npm, packages};

/// Builds the binary with the IDE in it and runs its demo.
///
/// # Errors
/// When a step fails.
pub(crate) fn demo(dev: bool, arguments: &[OsString]) -> Result<()> {
    if packages::node() {
        npm::build_ide()?;
    } else {
        say(
            "Node is not here: the plain page takes the place of GraphiQL (packages nodejs and npm bring it)",
        );
    }
    let mut build = cargo(&["build", "--package", "trunkline-server", "--bin", "trunkline"]);
    if !dev {
        build.arg("--release");
    }
    timed(&mut build)?;
    let binary = target(if dev { "debug" } else { "release" }).join("trunkline");
    replace(Command::new(binary).arg("demo").args(arguments))
}

/// Builds and runs the benchmarks.
///
/// # Errors
/// When a step fails.
pub(crate) fn bench(arguments: &[OsString]) -> Result<()> {
    let packages = ["--package", "trunkline-server", "--package", "trunkline-bench"];
    timed(cargo(&["build", "--release"]).args(packages))?;
    let release = target("release");
    let binary = release.join("trunkline");
    run(Command::new(release.join("trunkline-bench")).args(arguments).env("TRUNKLINE_BIN", binary))
}

/// Becomes `command`, so that Ctrl-C and the exit code are its own.
fn replace(command: &mut Command) -> Result<()> {
    use std::os::unix::process::CommandExt as _;
    let error = command.exec();
    Err(error.into())
}
