//! What the numbers were measured on.

use std::fs::read_to_string;

use anyhow::{Context as _, Result};

/// One line: processor, cores, memory, kernel.
pub(crate) fn describe() -> Result<String> {
    let cpuinfo = read_to_string("/proc/cpuinfo").context("/proc/cpuinfo cannot be read")?;
    let model = value(&cpuinfo, "model name").unwrap_or("unknown processor");
    let meminfo = read_to_string("/proc/meminfo").context("/proc/meminfo cannot be read")?;
    let kib: u64 =
        value(&meminfo, "MemTotal").and_then(|text| text.split(' ').next()?.parse().ok()).unwrap_or(0);
    let kernel = read_to_string("/proc/sys/kernel/osrelease").unwrap_or_default();
    let cores = std::thread::available_parallelism()?;
    Ok(format!("{model}, {cores} cores, {} GiB memory, Linux {}", kib / 1024 / 1024, kernel.trim()))
}

fn value<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    text.lines().find_map(|line| line.strip_prefix(name)?.trim_start().strip_prefix(':').map(str::trim))
}
