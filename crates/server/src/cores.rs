//! Core files: what the system writes of a process that crashed holds what was in its memory, personal values in the clear
//! among it.

/// Has the system write no core file of this process, and nobody but the administrator of the machine look into its memory.
///
/// # Errors
/// When the system does not know of it; then nothing has changed.
pub(crate) fn forbid() -> std::io::Result<()> {
    #[cfg(target_os = "linux")]
    rustix::process::set_dumpable_behavior(rustix::process::DumpableBehavior::NotDumpable)?;
    Ok(())
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, dumpable_behavior};

    #[test]
    fn the_system_writes_no_core_file_once_that_is_forbidden() {
        super::forbid().unwrap();
        assert_eq!(dumpable_behavior().unwrap(), DumpableBehavior::NotDumpable);
    }
}
