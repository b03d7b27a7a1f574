//! What is committed under `schema/` and written from the code: events, refusals, GraphQL and the webhooks of telephony.

use std::process::Command;

use anyhow::Result;

use crate::shell::{self, cargo, root, target, timed};

/// The binaries that write it, and with `--check` compare instead.
const WRITERS: [&str; 3] = ["trunkline-event-schemas", "trunkline-graphql-schema", "trunkline-cti-openapi"];

/// Writes or checks everything under `schema/`.
///
/// # Errors
/// When a writer fails, or finds a difference.
pub(crate) fn run(check: bool) -> Result<()> {
    // With the features of the whole workspace, so that this builds nothing that the tests will not use.
    let mut build = cargo(&["build", "--workspace", "--all-features"]);
    timed(build.args(WRITERS.iter().flat_map(|binary| ["--bin", binary])))?;
    for binary in WRITERS {
        let mut writer = Command::new(target("debug").join(binary));
        shell::run(writer.current_dir(root()).args(check.then_some("--check")))?;
    }
    Ok(())
}
