//! The committed schemas: events and GraphQL.

use std::process::Command;

use anyhow::Result;

use crate::shell::{self, cargo, root, target, timed};

/// The binaries that write what is under `schema/`, and with `--check` compare it instead.
const WRITERS: &[(&str, &str)] =
    &[("trunkline-domain", "trunkline-event-schemas"), ("trunkline-graphql", "trunkline-graphql-schema")];

/// Writes or checks everything under `schema/`.
///
/// # Errors
/// When a writer fails, or finds a difference.
pub(crate) fn run(check: bool) -> Result<()> {
    // With the features of the whole workspace, so that this builds nothing that the tests will not use.
    let mut build = cargo(&["build", "--workspace", "--all-features"]);
    build.args(WRITERS.iter().flat_map(|(_, binary)| ["--bin", binary]));
    timed(&mut build)?;
    for (_, binary) in WRITERS {
        let mut writer = Command::new(target("debug").join(binary));
        shell::run(writer.current_dir(root()).args(check.then_some("--check")))?;
    }
    Ok(())
}
