//! Where the log, the read models and the keys are.

use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::time::Duration;

use super::ConfigError;
use super::reader::Reader;

/// Where the log is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogStore {
    /// In the data directory.
    Sqlite,
    /// In a PostgreSQL database.
    Postgres {
        /// Its connection URL.
        url: String,
    },
    /// In a KurrentDB cluster.
    Kurrent {
        /// Its connection string.
        url: String,
    },
    /// In memory, gone with the process.
    Memory,
}

/// Where the read models are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ReadModelStore {
    /// In the data directory.
    Sqlite,
    /// In a PostgreSQL database.
    Postgres {
        /// Its connection URL.
        url: String,
    },
}

/// Where the keys of data subjects are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum KeyStore {
    /// In a file of their own in the data directory.
    Sqlite,
    /// In a schema of their own in a PostgreSQL database.
    Postgres {
        /// Its connection URL.
        url: String,
    },
    /// In memory, gone with the process, like the log.
    Memory,
}

/// Where the master keys come from, which wrap the keys of data subjects.
#[derive(Clone)]
pub enum MasterKeySource {
    /// A file; `None` is `master.key` in the data directory, made where it is not there.
    File(Option<PathBuf>),
    /// Given as a text in the environment.
    Given(String),
    /// A service with the Transit API of HashiCorp Vault.
    Transit {
        /// Its address, `https://vault:8200`.
        url: String,
        /// Where the engine is mounted.
        mount: String,
        /// The name of the key.
        key: String,
        /// The token to ask with.
        token: String,
    },
}

impl std::fmt::Debug for MasterKeySource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::File(_) => "a file",
            Self::Given(_) => "given",
            Self::Transit { .. } => "a Transit service",
        })
    }
}

impl Reader<'_> {
    pub(super) fn log_store(&self) -> Result<LogStore, ConfigError> {
        match self.text("log.store")? {
            "sqlite" => Ok(LogStore::Sqlite),
            "memory" => Ok(LogStore::Memory),
            "postgres" => {
                Ok(LogStore::Postgres { url: self.url("log.url", &["postgres://", "postgresql://"])? })
            }
            "kurrentdb" if cfg!(feature = "kurrentdb") => {
                let schemes = ["kurrentdb://", "kurrentdb+discover://", "esdb://", "esdb+discover://"];
                Ok(LogStore::Kurrent { url: self.url("log.url", &schemes)? })
            }
            "kurrentdb" => Err(self.wrong(
                "log.store",
                "is \"kurrentdb\", which this build was made without; build with `--features kurrentdb`",
            )),
            other => Err(self.choice("log.store", &["sqlite", "postgres", "kurrentdb", "memory"], other)),
        }
    }

    pub(super) fn read_model_store(&self, log: &LogStore) -> Result<ReadModelStore, ConfigError> {
        let schemes = ["postgres://", "postgresql://"];
        match (self.text("read_models.store")?, log) {
            ("sqlite", _) => Ok(ReadModelStore::Sqlite),
            ("", LogStore::Sqlite | LogStore::Kurrent { .. } | LogStore::Memory) => {
                Ok(ReadModelStore::Sqlite)
            }
            ("" | "postgres", LogStore::Postgres { url }) if self.text("read_models.url")?.is_empty() => {
                Ok(ReadModelStore::Postgres { url: url.clone() })
            }
            ("" | "postgres", _) => {
                Ok(ReadModelStore::Postgres { url: self.url("read_models.url", &schemes)? })
            }
            (other, _) => Err(self.choice("read_models.store", &["", "sqlite", "postgres"], other)),
        }
    }

    pub(super) fn key_store(&self, log: &LogStore) -> Result<KeyStore, ConfigError> {
        match (self.text("vault.store")?, log) {
            ("sqlite", _) | ("", LogStore::Sqlite | LogStore::Kurrent { .. }) => Ok(KeyStore::Sqlite),
            ("", LogStore::Memory) => Ok(KeyStore::Memory),
            ("" | "postgres", LogStore::Postgres { url }) if self.text("vault.url")?.is_empty() => {
                Ok(KeyStore::Postgres { url: url.clone() })
            }
            ("" | "postgres", _) => {
                Ok(KeyStore::Postgres { url: self.url("vault.url", &["postgres://", "postgresql://"])? })
            }
            (other, _) => Err(self.choice("vault.store", &["", "sqlite", "postgres"], other)),
        }
    }

    pub(super) fn master_key(&self) -> Result<MasterKeySource, ConfigError> {
        let given = self.text("vault.master_keys")?;
        match self.text("vault.master")? {
            "" | "environment" if !given.is_empty() => Ok(MasterKeySource::Given(given.to_owned())),
            "environment" => Err(self.wrong(
                "vault.master_keys",
                "is empty; set TRUNKLINE_VAULT_MASTER_KEYS to what `openssl rand -base64 32` gives",
            )),
            "" | "file" => {
                let file = self.text("vault.master_file")?;
                Ok(MasterKeySource::File((!file.is_empty()).then(|| PathBuf::from(file))))
            }
            "transit" => Ok(MasterKeySource::Transit {
                url: self.url("vault.transit_url", &["http://", "https://"])?,
                mount: self.text("vault.transit_mount")?.to_owned(),
                key: self.text("vault.transit_key")?.to_owned(),
                token: self.text("vault.transit_token")?.to_owned(),
            }),
            other => Err(self.choice("vault.master", &["", "file", "environment", "transit"], other)),
        }
    }

    pub(super) fn vault(&self) -> Result<trunkline_vault::VaultLimits, ConfigError> {
        let cached = self.size("vault.cached_keys_max", 1, 10_000_000)?;
        Ok(trunkline_vault::VaultLimits {
            cached_keys_max: NonZeroUsize::MIN.saturating_add(cached - 1),
            cached: Duration::from_secs(self.number("vault.cached_seconds", 1, 86_400)?),
            queue_max: self.size("vault.queue_max", 1, 1_000_000)?,
        })
    }
}
