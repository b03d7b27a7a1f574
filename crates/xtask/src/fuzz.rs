//! Fuzzing, for a bounded time. The probes of libFuzzer are passes of LLVM that the stable compiler has as well; only the
//! sanitizers need a nightly one, and safe Rust has little for them to find.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail, ensure};

use crate::shell::{cargo, root, run, say, target, timed};

/// The probes: counters on every edge, and the operands of comparisons.
const PROBES: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-simplifycfg-branch-fold-threshold=0 \
    -Ccodegen-units=1";

/// The longest input, how long one may take in seconds, and how much memory.
const INPUT_BYTES_MAX: u32 = 16_384;
const INPUT_SECONDS_MAX: u32 = 20;
const MEMORY_MIB_MAX: u32 = 4_096;

/// Fuzzes one target, or each in turn, for so many seconds.
///
/// # Errors
/// When there is no such target, it cannot be built, or it finds something.
pub(crate) fn fuzz(only: Option<&str>, seconds: u64) -> Result<()> {
    let targets = targets(only)?;
    let built = build()?;
    let mut found = Vec::new();
    for name in targets {
        let (work, artifacts) =
            (target("fuzz").join("corpus").join(&name), target("fuzz").join("found").join(&name));
        for folder in [&work, &artifacts] {
            std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
        }
        say(&format!("── {name} for {seconds} s"));
        let mut fuzzer = Command::new(built.join(&name));
        // What it finds interesting goes into the first folder; the corpus that is checked in is only read.
        fuzzer.arg(&work).arg(corpora().join(&name)).args([
            format!("-max_total_time={seconds}"),
            format!("-max_len={INPUT_BYTES_MAX}"),
            format!("-timeout={INPUT_SECONDS_MAX}"),
            format!("-rss_limit_mb={MEMORY_MIB_MAX}"),
            format!("-artifact_prefix={}/", artifacts.display()),
            "-print_final_stats=1".to_owned(),
            "-verbosity=0".to_owned(),
        ]);
        if let Err(error) = run(&mut fuzzer) {
            say(&format!("{error:#}; the input is in {}", artifacts.display()));
            found.push(name);
        }
    }
    ensure!(found.is_empty(), "something was found in {}", found.join(", "));
    Ok(())
}

fn corpora() -> PathBuf {
    root().join("fuzz/corpus")
}

/// The targets are those that have a corpus.
fn targets(only: Option<&str>) -> Result<Vec<String>> {
    let folders = std::fs::read_dir(corpora()).context("fuzz/corpus cannot be read")?;
    let mut names = Vec::new();
    for folder in folders {
        names.push(folder?.file_name().to_string_lossy().into_owned());
    }
    names.sort();
    match only {
        None => Ok(names),
        Some(name) if names.iter().any(|known| known == name) => Ok(vec![name.to_owned()]),
        Some(name) => bail!("there is no target {name:?}; there are {}", names.join(", ")),
    }
}

/// Builds every target with the probes, apart from everything else; gives where they are.
fn build() -> Result<PathBuf> {
    let host = host()?;
    let folder = target("fuzz").join("build");
    // With a target named, build scripts and procedural macros are built without the probes.
    let mut build = cargo(&["build", "--manifest-path", "fuzz/Cargo.toml", "--target", &host]);
    timed(build.env("RUSTFLAGS", PROBES).env("CARGO_TARGET_DIR", &folder))?;
    Ok(folder.join(Path::new(&host)).join("debug"))
}

fn host() -> Result<String> {
    let output = Command::new("rustc").arg("-vV").output().context("rustc cannot be asked")?;
    let text = String::from_utf8(output.stdout)?;
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc does not say what it builds for")?.to_owned())
}
