//! What the fuzz targets do with bytes from outside. Each takes anything and must come back: no panic, no endless work, and
//! what it says of its input must hold.
//!
//! `fuzz/` hands them to libFuzzer (`cargo xtask fuzz`), and the test of this crate replays the corpora that are checked in, so
//! that every target runs with every test.

#![expect(
    clippy::expect_used,
    reason = "a target that cannot be set up, or finds what must not be, has to end the fuzzer"
)]

mod cti;
mod envelope;
mod graphql;
mod mapping;
mod proof;
#[cfg(test)]
mod tests;

/// One target.
#[derive(Clone, Copy, Debug)]
pub struct Target {
    /// Its name, and that of its corpus.
    pub name: &'static str,
    /// What it does with bytes.
    pub run: fn(&[u8]),
}

/// Every target.
pub const TARGETS: &[Target] = &[
    Target { name: "envelope", run: envelope::run },
    Target { name: "mapping", run: mapping::run },
    Target { name: "graphql", run: graphql::run },
    Target { name: "proof", run: proof::run },
    Target { name: "cti", run: cti::run },
];

/// Runs the target of this name.
pub fn run(name: &str, bytes: &[u8]) {
    let target = TARGETS.iter().find(|target| target.name == name).expect("the name of a target");
    (target.run)(bytes);
}

/// The runtime of the targets that need one; one thread, so that runs repeat.
fn runtime() -> &'static tokio::runtime::Runtime {
    static RUNTIME: std::sync::OnceLock<tokio::runtime::Runtime> = std::sync::OnceLock::new();
    RUNTIME.get_or_init(|| {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        builder.worker_threads(1).enable_all().build().expect("a runtime")
    })
}
