//! Writes `schema/events`, `schema/errors` and `docs/state-machines.md` from the types, under the present folder.
//! With `--check` it writes nothing and fails when they differ. Either way it fails when stored events could no
//! longer be read.

use std::fs;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use trunkline_domain::schema::{Files, ROOTS, plan};

fn main() -> ExitCode {
    let check = match std::env::args().skip(1).collect::<Vec<_>>().as_slice() {
        [] => false,
        [flag] if flag == "--check" => true,
        _ => return say("usage: trunkline-event-schemas [--check], in the root of the repository"),
    };
    match run(check) {
        Ok(faults) if faults.is_empty() => ExitCode::SUCCESS,
        Ok(faults) => say(&faults.join("\n")),
        Err(error) => say(&format!("cannot read or write the checked-in schemas: {error}")),
    }
}

/// Tells why it failed.
fn say(what: &str) -> ExitCode {
    // With no standard error left there is nobody to tell.
    let _ = writeln!(io::stderr(), "{what}");
    ExitCode::FAILURE
}

fn run(check: bool) -> io::Result<Vec<String>> {
    let mut present = Files::new();
    for root in ROOTS {
        collect(root, &mut present)?;
    }
    let plan = plan(&present);
    let mut faults = plan.faults.clone();
    if !faults.is_empty() {
        return Ok(faults);
    }
    for (path, text) in &plan.files {
        if present.get(path) != Some(text) {
            if check {
                faults.push(format!("{path} is not as the code says; run `cargo xtask schema`"));
            } else {
                write(path, text)?;
            }
        }
    }
    for path in plan.stray(&present) {
        if check {
            faults.push(format!("nothing in the code makes {path}; run `cargo xtask schema`"));
        } else {
            fs::remove_file(path)?;
        }
    }
    Ok(faults)
}

fn write(path: &str, text: &str) -> io::Result<()> {
    if let Some(folder) = Path::new(path).parent() {
        fs::create_dir_all(folder)?;
    }
    fs::write(path, text)
}

/// Reads every file at or under `path`, when there is one.
fn collect(path: &str, files: &mut Files) -> io::Result<()> {
    if Path::new(path).is_dir() {
        for entry in fs::read_dir(path)? {
            let name = entry?.file_name();
            collect(&format!("{path}/{}", name.to_string_lossy()), files)?;
        }
    } else if Path::new(path).is_file() {
        files.insert(path.to_owned(), fs::read_to_string(path)?);
    }
    Ok(())
}
