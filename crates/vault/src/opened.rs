//! What a reader gets to see of a personal value.

use serde::de::DeserializeOwned;
use trunkline_kernel::Personal;

use crate::{Keys, SealedValue};

/// What a reader gets to see of a personal value that is there. Absent is a fourth, `Option<Shown<T>>`.
#[derive(Clone, PartialEq, Eq)]
pub enum Shown<T> {
    /// The value.
    Clear(T),
    /// So much of it as the reader may see, such as `138****1234`.
    Masked(String),
    /// There is one, and the reader may not see it.
    Withheld,
    /// The person was erased; nobody can read it any more.
    Erased,
}

impl<T> Shown<T> {
    /// The value, where it is shown in full.
    pub fn clear(&self) -> Option<&T> {
        match self {
            Self::Clear(value) => Some(value),
            Self::Masked(_) | Self::Withheld | Self::Erased => None,
        }
    }
}

impl<T> std::fmt::Debug for Shown<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // Debug output ends in logs, where no personal datum may stand.
        f.write_str(match self {
            Self::Clear(_) => "clear",
            Self::Masked(_) => "masked",
            Self::Withheld => "withheld",
            Self::Erased => "erased",
        })
    }
}

/// What can be opened with keys that were fetched before.
pub trait Openable<T> {
    /// The value, or why there is none to see. A sealed value that does not open, because it was changed or moved,
    /// counts as withheld and is told to the log.
    fn opened(&self, keys: &Keys) -> Shown<T>;
}

impl<T: DeserializeOwned + Clone> Openable<T> for Personal<T> {
    fn opened(&self, keys: &Keys) -> Shown<T> {
        let sealed = match self {
            Self::Open(value) => return Shown::Clear(value.clone()),
            Self::Erased => return Shown::Erased,
            Self::Sealed(sealed) => sealed,
        };
        let Ok(read) = SealedValue::read(&sealed.0) else {
            tracing::error!("a sealed value is malformed");
            return Shown::Withheld;
        };
        let Some(key) = keys.get(read.subject()) else { return Shown::Erased };
        let value = key.open(&read).ok().and_then(|json| serde_json::from_slice(&json).ok());
        match value {
            Some(value) => Shown::Clear(value),
            None => {
                tracing::error!(place = ?read.place(), "a sealed value was changed or moved");
                Shown::Withheld
            }
        }
    }
}
