//! Rules of the house that no lint knows.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

/// The longest file of Rust, in lines. The aim is 400; this is where a file has to be split.
const LINES_MAX: usize = 500;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The files that git knows, with this ending.
fn files(ending: &str) -> Result<Vec<PathBuf>> {
    let output = Command::new("git").args(["ls-files", "-z"]).current_dir(root()).output()?;
    ensure!(output.status.success(), "git ls-files failed: {}", String::from_utf8_lossy(&output.stderr));
    let names = String::from_utf8(output.stdout).context("a file name that is not UTF-8")?;
    let wanted = names.split('\0').filter(|name| name.ends_with(ending)).map(|name| root().join(name));
    // A file can be gone from the work tree before git is told.
    let files: Vec<PathBuf> = wanted.filter(|path| path.exists()).collect();
    ensure!(!files.is_empty(), "git knows no file that ends with {ending}");
    Ok(files)
}

#[test]
fn no_file_of_rust_is_long() -> Result<()> {
    let mut long = Vec::new();
    for path in files(".rs")? {
        let lines = fs::read_to_string(&path)?.lines().count();
        if lines > LINES_MAX {
            long.push(format!("{}: {lines}", path.display()));
        }
    }
    ensure!(long.is_empty(), "files of more than {LINES_MAX} lines:\n{}", long.join("\n"));
    Ok(())
}

#[test]
fn lock_files_of_npm_name_no_registry() -> Result<()> {
    for path in files("package-lock.json")? {
        let text = fs::read_to_string(&path)?;
        ensure!(!text.contains("\"resolved\""), "{} names where packages were fetched", path.display());
        ensure!(text.contains("\"integrity\""), "{} has no digests of packages", path.display());
    }
    Ok(())
}

#[test]
fn pages_name_nothing_outside() -> Result<()> {
    let pages = files(".html")?.into_iter().chain(files(".jsx")?).chain(files(".css")?);
    for path in pages.filter(|path| !path.to_string_lossy().contains("/docs/")) {
        let text = fs::read_to_string(&path)?;
        ensure!(
            !text.contains("http://") && !text.contains("https://"),
            "{} names an address",
            path.display()
        );
    }
    Ok(())
}
