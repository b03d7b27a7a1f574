//! The file of master keys: nobody but its owner may read it, and it is never half written.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

use zeroize::Zeroizing;

use crate::VaultError;

/// Nobody but the owner.
const MODE: u32 = 0o600;
/// A ring of master keys is far smaller.
const BYTES_MAX: u64 = 64 * 1024;

pub(super) fn fault(path: &Path, reason: impl Into<String>) -> VaultError {
    VaultError::File { path: path.display().to_string(), reason: reason.into() }
}

/// The text, when the file is what it must be.
pub(super) fn read(path: &Path) -> Result<Zeroizing<String>, VaultError> {
    let failed = |error: std::io::Error| fault(path, error.to_string());
    let file = File::open(path).map_err(failed)?;
    // What is asked is the open file, so that it cannot be another one by then.
    let about = file.metadata().map_err(failed)?;
    if !about.is_file() {
        return Err(fault(path, "is not a file"));
    }
    let mode = about.permissions().mode() & 0o777;
    if mode & 0o077 != 0 {
        let reason = format!("may be read by others (mode {mode:o}): run `chmod 600` on it");
        return Err(fault(path, reason));
    }
    let mut text = Zeroizing::new(String::new());
    file.take(BYTES_MAX).read_to_string(&mut text).map_err(failed)?;
    Ok(text)
}

/// Writes a file that is not there.
pub(super) fn make(path: &Path, text: &str) -> Result<(), VaultError> {
    let write = || {
        let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        sync_folder(path)
    };
    match write() {
        // Somebody else was first, and theirs is the one.
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(()),
        written => written.map_err(|error| fault(path, error.to_string())),
    }
}

/// Puts another text in place of a file's, at once or not at all.
pub(super) fn replace(path: &Path, text: &str) -> Result<(), VaultError> {
    let beside = path.with_extension("new");
    let write = || {
        // What a process that was killed here has left is of no use to anybody.
        let _ = fs::remove_file(&beside);
        let mut file = OpenOptions::new().write(true).create_new(true).mode(MODE).open(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        fs::rename(&beside, path)?;
        sync_folder(path)
    };
    write().map_err(|error: std::io::Error| fault(path, error.to_string()))
}

/// Makes the name durable, not only what is in the file.
fn sync_folder(path: &Path) -> std::io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}
