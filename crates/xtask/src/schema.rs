//! The committed schemas: events and GraphQL.

use std::process::Command;

use anyhow::Result;

use crate::shell::{self, cargo, root, target, timed};

/// Writes or checks everything under `schema/`.
///
/// # Errors
/// When the writer fails, or finds a difference.
pub(crate) fn run(check: bool) -> Result<()> {
    let binary = "trunkline-schemas";
    // With the features of the whole workspace, so that this builds nothing that the tests will not use.
    timed(cargo(&["build", "--workspace", "--all-features", "--bin", binary]))?;
    let mut writer = Command::new(target("debug").join(binary));
    shell::run(writer.current_dir(root()).args(check.then_some("--check")))
}
