//! Writes `schema/graphql/schema.graphql` from the code, under the present folder. With `--check` it writes
//! nothing and fails when they differ.

use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;

const FOLDER: &str = "schema/graphql";
const FILE: &str = "schema/graphql/schema.graphql";

fn main() -> ExitCode {
    let check = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return say("usage: trunkline-graphql-schema [--check], in the root of the repository"),
    };
    let sdl = trunkline_graphql::sdl();
    if fs::read_to_string(FILE).is_ok_and(|present| present == sdl) {
        return ExitCode::SUCCESS;
    }
    if check {
        return say(&format!("{FILE} is not as the code says; run `cargo xtask schema`"));
    }
    match write(&sdl) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => say(&format!("{FILE} cannot be written: {error}")),
    }
}

fn write(sdl: &str) -> io::Result<()> {
    fs::create_dir_all(FOLDER)?;
    fs::write(FILE, sdl)
}

/// Tells why it failed.
fn say(what: &str) -> ExitCode {
    // With no standard error left there is nobody to tell.
    let _ = writeln!(io::stderr(), "{what}");
    ExitCode::FAILURE
}
