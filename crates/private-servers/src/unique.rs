//! Names that no other test uses.

use std::hash::{BuildHasher as _, Hasher as _, RandomState};

/// `prefix`, an underscore and 16 random hexadecimal digits: a name for a database, a queue or a key space that
/// tests of other processes on the same server do not use.
pub fn unique_name(prefix: &str) -> String {
    let mut hasher = RandomState::new().build_hasher();
    hasher.write_u32(std::process::id());
    format!("{prefix}_{:016x}", hasher.finish())
}
