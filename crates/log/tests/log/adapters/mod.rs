//! Every adapter, and the guard that none leaves a scenario out.

#[cfg(feature = "kurrentdb")]
pub(crate) mod kurrent;
pub(crate) mod memory;
pub(crate) mod postgres;
pub(crate) mod sqlite;

pub(crate) use postgres::Database;
pub(crate) use sqlite::Folder;

use std::path::Path;
use std::process::Command;

use crate::contract::SCENARIOS;

/// The types in this crate's sources that implement the port, and the modules here that run the contract.
const ADAPTERS: &[(&str, &str)] = &[
    ("MemoryLog", "memory"),
    ("SqliteLog", "sqlite"),
    ("PostgresLog", "postgres"),
    ("KurrentLog", "kurrent"),
];

#[test]
fn no_adapter_leaves_a_scenario_out() {
    // The tests that this very binary has.
    let output = Command::new(std::env::current_exe().unwrap()).arg("--list").output().unwrap();
    let listed = String::from_utf8(output.stdout).unwrap();
    for (_, module) in ADAPTERS {
        if *module == "kurrent" && !cfg!(feature = "kurrentdb") {
            continue;
        }
        for scenario in SCENARIOS {
            let test = format!("adapters::{module}::{scenario}: test");
            assert!(listed.lines().any(|line| line == test), "adapter {module} does not run {scenario}");
        }
    }
}

#[test]
fn every_adapter_is_listed() {
    let mut found = Vec::new();
    implementors(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"), &mut found);
    assert!(found.len() >= ADAPTERS.len(), "the sources were not found");
    for name in found {
        assert!(ADAPTERS.iter().any(|(listed, _)| *listed == name), "{name} does not run the contract");
    }
}

/// The types for which some source file implements the port.
fn implementors(folder: &Path, found: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            implementors(&path, found);
        } else {
            let source = std::fs::read_to_string(&path).unwrap();
            let lines = source.lines().filter_map(|line| line.strip_prefix("impl Log for "));
            found.extend(lines.map(|line| line.trim_end_matches(" {").to_owned()));
        }
    }
}
