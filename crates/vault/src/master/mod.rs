//! Master keys: what wraps the keys of subjects. They never touch the key store.

mod file;
mod ring;
mod transit;

use std::path::Path;

use crate::VaultError;
use crate::cipher::Secret;
use crate::store::KeyName;

use ring::Ring;
pub use transit::Transit;

/// Where master keys come from.
#[derive(Debug)]
pub struct MasterKeys(Provider);

#[derive(Debug)]
enum Provider {
    /// Master keys that this process holds.
    Ring(Ring),
    /// A key management service that wraps for us.
    Transit(Transit),
}

/// A key that was wrapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Wrapped {
    /// The wrapped key.
    pub(crate) text: String,
    /// The name of the master key that wraps it.
    pub(crate) master: String,
}

impl MasterKeys {
    /// Master keys in a file of their own, which nobody but its owner may read: one in base64 a line, the last of
    /// which wraps. `make` makes the file with a new key where it is not there.
    ///
    /// # Errors
    /// When it cannot be read, is open to others, or holds something else.
    pub fn in_file(path: &Path, make: bool) -> Result<Self, VaultError> {
        Ring::in_file(path, make).map(|ring| Self(Provider::Ring(ring)))
    }

    /// Master keys given as a text, for instance in an environment variable: in base64, separated by commas, the
    /// last of which wraps.
    ///
    /// # Errors
    /// When one of them is not 32 bytes in base64.
    pub fn given(text: &str) -> Result<Self, VaultError> {
        Ring::given(text).map(|ring| Self(Provider::Ring(ring)))
    }

    /// A key management service that speaks the Transit API of HashiCorp Vault.
    pub fn transit(transit: Transit) -> Self {
        Self(Provider::Transit(transit))
    }

    /// A master key that is gone with the process, for logs in memory and tests.
    ///
    /// # Errors
    /// When the machine has no random numbers.
    pub fn passing() -> Result<Self, VaultError> {
        Ring::passing().map(|ring| Self(Provider::Ring(ring)))
    }

    /// The name of the master key that wraps now.
    ///
    /// # Errors
    /// When it cannot be asked for.
    pub(crate) async fn active(&self) -> Result<String, VaultError> {
        match &self.0 {
            Provider::Ring(ring) => ring.active(),
            Provider::Transit(transit) => transit.active().await,
        }
    }

    /// Wraps keys, in the order given.
    pub(crate) async fn wrap(&self, keys: &[(KeyName, &Secret)]) -> Result<Vec<Wrapped>, VaultError> {
        match &self.0 {
            Provider::Ring(ring) => ring.wrap(keys),
            Provider::Transit(transit) => transit.wrap(keys).await,
        }
    }

    /// Unwraps keys, in the order given.
    pub(crate) async fn unwrap(&self, keys: &[(KeyName, Wrapped)]) -> Result<Vec<Secret>, VaultError> {
        match &self.0 {
            Provider::Ring(ring) => ring.unwrap(keys),
            Provider::Transit(transit) => transit.unwrap(keys).await,
        }
    }

    /// Makes a new master key where this server is the one that makes them; gives the name of the one that wraps.
    pub(crate) async fn rotate(&self) -> Result<String, VaultError> {
        match &self.0 {
            Provider::Ring(ring) => ring.rotate(),
            Provider::Transit(transit) => transit.rotate().await,
        }
    }

    /// Forgets master keys that wrap nothing any more, where this server keeps them; gives how many.
    pub(crate) fn retire(&self, in_use: &[String]) -> Result<usize, VaultError> {
        match &self.0 {
            Provider::Ring(ring) => ring.retire(in_use),
            Provider::Transit(_) => Ok(0),
        }
    }
}
