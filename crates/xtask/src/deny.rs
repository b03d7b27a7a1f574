//! Licences, sources and known faults of what is depended on, by `deny.toml`.

use anyhow::{Result, bail};

use crate::shell::{answers, cargo, root, timed};

/// Runs `cargo deny`, on the main workspace and on that of the fuzz targets.
///
/// # Errors
/// When it is not installed, or finds something.
pub(crate) fn run(offline: bool) -> Result<()> {
    if !answers("cargo", &["deny", "--version"]) {
        bail!("cargo-deny is not installed; `cargo install --locked cargo-deny` installs it");
    }
    for manifest in ["Cargo.toml", "fuzz/Cargo.toml"] {
        let manifest = root().join(manifest);
        let mut deny = cargo(&["deny", "--manifest-path"]);
        // `deny.toml` of the folder in which it runs holds for both.
        deny.arg(manifest).arg("check");
        // Advisories are fetched from a repository of their own, which not every machine reaches.
        deny.args(if offline { &["licenses", "bans", "sources"][..] } else { &[] });
        timed(&mut deny)?;
    }
    Ok(())
}
