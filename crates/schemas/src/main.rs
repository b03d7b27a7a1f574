//! Writes what is committed under `schema/` from the Rust types; with `--check` compares instead.
//!
//! - `schema/events/CATEGORY/NAME.vVERSION.json`: the JSON Schema of each event type's payload, in every version
//!   that ever shipped. Files of older versions stay: events of that shape are in logs.
//! - `schema/graphql/schema.graphql`: the GraphQL schema.

mod compatible;
mod events;

use std::io::Write as _;
use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, Result, bail, ensure};

fn main() -> ExitCode {
    let result = run();
    if let Err(error) = &result {
        // Nobody is left to tell when the terminal is gone.
        let _ = writeln!(std::io::stderr(), "{error:#}");
    }
    if result.is_ok() { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

fn run() -> Result<()> {
    let mut arguments = std::env::args().skip(1);
    let check = match (arguments.next().as_deref(), arguments.next()) {
        (None, _) => false,
        (Some("--check"), None) => true,
        _ => bail!("usage: trunkline-schemas [--check], in the folder of the repository"),
    };
    let root = Path::new("schema");
    ensure!(Path::new("Cargo.lock").exists(), "this is not the repository: run `cargo xtask schema`");
    let mut files = events::files(&root.join("events"))?;
    files.push((root.join("graphql/schema.graphql"), trunkline_graphql::sdl()));
    let mut differing = Vec::new();
    for (path, text) in &files {
        if std::fs::read_to_string(path).is_ok_and(|present| present == *text) {
            continue;
        }
        differing.push(path.display().to_string());
        if !check {
            let folder = path.parent().context("a file is in a folder")?;
            std::fs::create_dir_all(folder)?;
            std::fs::write(path, text).with_context(|| format!("{} cannot be written", path.display()))?;
        }
    }
    if check {
        ensure!(
            differing.is_empty(),
            "these differ from the Rust types; run `cargo xtask schema` and commit the result:\n  {}",
            differing.join("\n  ")
        );
    }
    Ok(())
}
