//! Sealing of personal data: a key for every data subject, wrapped by a master key, and values sealed under it.
//!
//! A value is sealed with AES-256-GCM under a key that belongs to one field of one event and is derived from its
//! subject's key; see [`seal`] for the construction. Erasing a person is destroying one key: every copy of the
//! values, in the log, in read models and in backups of both, becomes unreadable at once.

mod cipher;
mod create;
mod error;
pub mod master;
mod opened;
pub mod receipt;
pub mod seal;
pub mod search;
mod store;
mod vault;

pub use error::VaultError;
pub use opened::{Openable, Shown};
pub use seal::{Forged, Place, SealedValue, SubjectKey};
pub use vault::{Destroyed, Keys, Rotated, Summary, Vault, VaultLimits};
