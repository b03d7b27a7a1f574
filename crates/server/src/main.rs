//! The binary `trunkline`.

use std::process::ExitCode;

fn main() -> ExitCode {
    trunkline_server::main()
}
