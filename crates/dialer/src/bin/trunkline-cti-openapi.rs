//! Writes `schema/cti.openapi.json` from the types that go over the wire, under the present folder. With `--check` it
//! writes nothing and fails when it differs.

use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;

const FILE: &str = "schema/cti.openapi.json";

fn main() -> ExitCode {
    let check = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return say("usage: trunkline-cti-openapi [--check], in the root of the repository"),
    };
    let text = format!("{:#}\n", trunkline_dialer::cti::openapi());
    if fs::read_to_string(FILE).is_ok_and(|present| present == text) {
        return ExitCode::SUCCESS;
    }
    if check {
        return say(&format!("{FILE} is not as the code says; run `cargo xtask schema`"));
    }
    match fs::write(FILE, text) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&format!("{FILE} cannot be written: {error}")),
    }
}

/// Tells why it failed.
fn say(what: &str) -> ExitCode {
    // With no standard error left there is nobody to tell.
    let _ = writeln!(io::stderr(), "{what}");
    ExitCode::FAILURE
}
