//! Writes `schema/graphql/schema.graphql` and `schema/graphql/access.md` from the code, under the present folder. With
//! `--check` it writes nothing and fails when they differ.

use std::fs;
use std::io::{self, Write as _};
use std::process::ExitCode;

/// What makes the text of a file.
type Text = fn() -> String;

const FOLDER: &str = "schema/graphql";
/// The schema, and who sees and may do what of it.
const FILES: [(&str, Text); 2] = [
    ("schema/graphql/schema.graphql", trunkline_graphql::sdl),
    ("schema/graphql/access.md", trunkline_graphql::golden),
];

fn main() -> ExitCode {
    let check = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return say("usage: trunkline-graphql-schema [--check], in the root of the repository"),
    };
    for (file, text) in FILES {
        let text = text();
        if fs::read_to_string(file).is_ok_and(|present| present == text) {
            continue;
        }
        if check {
            return say(&format!("{file} is not as the code says; run `cargo xtask schema`"));
        }
        if let Err(error) = write(file, &text) {
            return say(&format!("{file} cannot be written: {error}"));
        }
    }
    ExitCode::SUCCESS
}

fn write(file: &str, text: &str) -> io::Result<()> {
    fs::create_dir_all(FOLDER)?;
    fs::write(file, text)
}

/// Tells why it failed.
fn say(what: &str) -> ExitCode {
    // With no standard error left there is nobody to tell.
    let _ = writeln!(io::stderr(), "{what}");
    ExitCode::FAILURE
}
