//! The packages of the machine that the tests need.

use std::path::Path;
use std::process::Command;

use anyhow::{Result, bail};

use crate::shell::{answers, run, say};

/// Something that the tests need, and the package that brings it on Debian and Ubuntu.
struct Need {
    package: &'static str,
    there: fn() -> bool,
}

const NEEDS: &[Need] = &[
    Need { package: "postgresql", there: has_postgresql },
    Need { package: "redis-server", there: || answers("redis-server", &["--version"]) },
    Need {
        package: "rabbitmq-server",
        there: || Path::new("/usr/lib/rabbitmq/bin/rabbitmq-server").exists(),
    },
    Need { package: "nodejs", there: || answers("node", &["--version"]) },
    Need { package: "npm", there: || answers("npm", &["--version"]) },
    Need { package: "chromium", there: || chromium().is_some() },
];

/// Where a Chromium can be that the browser test drives.
const CHROMIUMS: &[&str] = &["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

/// The path of a Chromium, when there is one.
pub(crate) fn chromium() -> Option<&'static str> {
    CHROMIUMS.iter().copied().find(|path| Path::new(path).exists())
}

/// Whether Node and npm are there.
pub(crate) fn node() -> bool {
    answers("node", &["--version"]) && answers("npm", &["--version"])
}

fn has_postgresql() -> bool {
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    versions.into_iter().any(|version| version.path().join("bin/postgres").exists())
}

/// Installs what is missing where this is root on Debian or Ubuntu.
///
/// # Errors
/// When something is missing and cannot be installed; the error names the packages.
pub(crate) fn ensure() -> Result<()> {
    let missing: Vec<&str> = NEEDS.iter().filter(|need| !(need.there)()).map(|need| need.package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let list = missing.join(" ");
    if !(is_root() && Path::new("/etc/debian_version").exists()) {
        bail!(
            "the tests need these packages: {list}\ninstall them, for instance: sudo apt-get install {list}"
        );
    }
    say(&format!("── installing {list}"));
    run(apt().args(["update", "-qq"]))?;
    run(apt().args(["install", "-y", "-qq", "--no-install-recommends"]).args(&missing))?;
    let still: Vec<&str> = NEEDS.iter().filter(|need| !(need.there)()).map(|need| need.package).collect();
    if !still.is_empty() {
        bail!("apt installed {list}, and yet these are not to be found: {}", still.join(" "));
    }
    Ok(())
}

/// apt that asks nothing, and whose packages start no service: the tests start their own.
fn apt() -> Command {
    let mut command = Command::new("apt-get");
    command.env("DEBIAN_FRONTEND", "noninteractive").env("RUNLEVEL", "1");
    command.stdout(std::io::stderr());
    command
}

fn is_root() -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").is_ok_and(|folder| folder.uid() == 0)
}
