//! What comes from npm, by lock files: the IDE's pages and the client suites.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::SystemTime;

use anyhow::{Context as _, Result, ensure};

use crate::packages;
use crate::shell::{root, run, say};

/// Builds the IDE into `deploy/ide/dist`, unless that is newer than all it is made from.
///
/// # Errors
/// When Node is missing or a step fails.
pub(crate) fn build_ide() -> Result<()> {
    ensure!(packages::node(), "the IDE needs Node: install the packages nodejs and npm");
    let folder = root().join("deploy/ide");
    let built = modified(&folder.join("dist/index.html"));
    let sources = ["package.json", "package-lock.json", "build.mjs", "src"];
    let newest = sources.iter().filter_map(|name| newest_under(&folder.join(name))).max();
    if built.is_some() && built >= newest {
        return Ok(());
    }
    say("── building the IDE (deploy/ide)");
    install(&folder)?;
    run(npm(&folder).args(["run", "--silent", "build"])).context("the IDE could not be built")
}

/// Installs what the lock file of `folder` names, unless that is done already.
///
/// # Errors
/// When npm fails.
pub(crate) fn install(folder: &Path) -> Result<()> {
    let done = modified(&folder.join("node_modules/.package-lock.json"));
    if done.is_some() && done >= modified(&folder.join("package-lock.json")) {
        return Ok(());
    }
    // Packages that want to run scripts of their own at installation do not need to here.
    run(npm(folder).args(["ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]))
}

/// npm in `folder`; what it prints goes to the error output.
pub(crate) fn npm(folder: &Path) -> Command {
    let mut command = Command::new("npm");
    command.current_dir(folder).stdout(std::io::stderr());
    command
}

fn modified(path: &PathBuf) -> Option<SystemTime> {
    std::fs::metadata(path).ok()?.modified().ok()
}

fn newest_under(path: &PathBuf) -> Option<SystemTime> {
    let below = std::fs::read_dir(path).into_iter().flatten().flatten();
    below.filter_map(|entry| newest_under(&entry.path())).chain(modified(path)).max()
}
