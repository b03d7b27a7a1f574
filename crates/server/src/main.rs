//! The binary `trunkline`.

use std::process::ExitCode;

/// Folding a log allocates on one thread and frees on another, which the system's allocator does slowly and with much
/// memory left behind.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    trunkline_server::main()
}
