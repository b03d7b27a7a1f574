//! Commands of the real binary that end by themselves.

use std::path::{Path, PathBuf};
use std::process::Output;

use anyhow::{Context as _, Result, ensure};
use tokio::process::Command;
use trunkline_testkit::trunkline_binary;

/// What a command came to.
#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Done {
    /// What it printed, when it ended with success.
    pub(crate) fn success(self) -> Result<String> {
        ensure!(self.code == Some(0), "exit code {:?}\n{}\n{}", self.code, self.out, self.err);
        Ok(self.out)
    }
}

/// A command of the binary, with none of the caller's settings.
pub(crate) fn command(folder: &Path, arguments: &[&str]) -> Result<Command> {
    let mut command = Command::new(trunkline_binary()?);
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("TRUNKLINE_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).current_dir(folder).kill_on_drop(true);
    Ok(command)
}

/// Runs it to its end.
pub(crate) async fn run(folder: &Path, arguments: &[&str]) -> Result<Done> {
    done(command(folder, arguments)?.output().await?)
}

/// What a command came to.
pub(crate) fn done(Output { status, stdout, stderr }: Output) -> Result<Done> {
    Ok(Done { code: status.code(), out: String::from_utf8(stdout)?, err: String::from_utf8(stderr)? })
}

/// A file of the repository.
pub(crate) fn repository(path: &str) -> String {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path).display().to_string()
}

/// A real data file, when the shared folder is there. Where it is not, the test that asks says so and is skipped.
#[expect(clippy::print_stderr, reason = "a test that cannot run without the data has to say so")]
pub(crate) fn real(name: &str) -> Option<PathBuf> {
    let found = ["../../shared/data", "../../../shared/data"]
        .iter()
        .map(|folder| Path::new(env!("CARGO_MANIFEST_DIR")).join(folder).join(name))
        .find(|path| path.exists());
    if found.is_none() {
        eprintln!("SKIPPED: ../shared/data/{name} is not there");
    }
    found
}

/// The lines of `trunkline log export` as JSON.
pub(crate) async fn exported(folder: &Path, more: &[&str]) -> Result<Vec<serde_json::Value>> {
    exported_with(folder, more, &[]).await
}

/// Like [`exported`], with environment variables.
pub(crate) async fn exported_with(
    folder: &Path,
    more: &[&str],
    environment: &[(&str, &str)],
) -> Result<Vec<serde_json::Value>> {
    let arguments = [&["log", "export"], more].concat();
    let mut export = command(folder, &arguments)?;
    let out = done(export.envs(environment.iter().copied()).output().await?)?.success()?;
    out.lines().map(|line| serde_json::from_str(line).context("an exported line is JSON")).collect()
}
