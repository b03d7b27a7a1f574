//! Under which account a server runs: servers that refuse root run under the account of their package.

use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// Whether this process is root.
fn is_root() -> bool {
    // The owner of a process's folder in /proc is its effective user.
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|folder| folder.uid() == 0)
}

/// A command line that runs `program` under `account` when this process is root, and as it is otherwise.
pub(crate) fn under(account: &str, program: &Path) -> Vec<String> {
    let program = program.display().to_string();
    if !is_root() {
        return vec![program];
    }
    let reuid = format!("--reuid={account}");
    let regid = format!("--regid={account}");
    vec!["setpriv".into(), reuid, regid, "--init-groups".into(), "--".into(), program]
}

/// Gives `folder` to `account` when this process is root.
///
/// # Errors
/// When the account does not exist.
pub(crate) fn give(account: &str, folder: &Path) -> Result<()> {
    if !is_root() {
        return Ok(());
    }
    let status = Command::new("chown")
        .arg("-R")
        .arg(account)
        .arg(folder)
        .status()
        .with_context(|| format!("could not run chown for {}", folder.display()))?;
    ensure!(status.success(), "could not give {} to the account {account:?}", folder.display());
    Ok(())
}

/// Finds `program` in the folders of `PATH` and in those where Debian puts servers.
///
/// # Errors
/// When it is not there; the error names the package to install.
pub(crate) fn find(program: &str, package: &str) -> Result<std::path::PathBuf> {
    ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"]
        .iter()
        .map(|folder| Path::new(folder).join(program))
        .find(|path| path.exists())
        .with_context(|| missing(program, package))
}

/// The text of the error for a program that is not installed.
pub(crate) fn missing(program: &str, package: &str) -> String {
    format!("{program} is not installed: install the package `{package}` (apt-get install {package})")
}
