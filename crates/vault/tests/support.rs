//! What these tests share.

use std::sync::Arc;

use tempfile::TempDir;
use trunkline_database::{Database, PostgresOptions, SqliteOptions};
use trunkline_kernel::{CustomerId, FixedClock, Id as _, Subject, Timestamp};
use trunkline_private_servers::Postgres;
use trunkline_vault::master::MasterKeys;
use trunkline_vault::{Vault, VaultError, VaultLimits};
use uuid::Uuid;

/// Where a key store is, so that it can be opened again.
pub(crate) enum Place {
    Sqlite(TempDir),
    Postgres(String),
}

impl Place {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub(crate) fn both() -> [Self; 2] {
        [Self::sqlite(), Self::Postgres(Postgres::shared().unwrap().fresh_database().unwrap())]
    }

    pub(crate) async fn database(&self) -> Database {
        match self {
            Self::Sqlite(folder) => {
                let mut options = SqliteOptions::new(folder.path().join("keys.db"));
                options.lasting = true;
                Database::sqlite(&options).await.unwrap()
            }
            Self::Postgres(url) => {
                let options = PostgresOptions { schema: "keys".to_owned(), ..PostgresOptions::new(url) };
                Database::postgres(&options).await.unwrap()
            }
        }
    }

    pub(crate) async fn open(&self, master: MasterKeys) -> Result<Arc<Vault>, VaultError> {
        Vault::open(self.database().await, master, clock(), VaultLimits::default()).await
    }
}

pub(crate) fn clock() -> Arc<FixedClock> {
    Arc::new(FixedClock::at(Timestamp::from_millis(1_772_442_000_000)))
}

pub(crate) fn subject(number: u128) -> Subject {
    CustomerId::from_uuid(Uuid::from_u128(number)).into()
}

pub(crate) const ONE: &str = "MTExMTExMTExMTExMTExMTExMTExMTExMTExMTExMTE=";
pub(crate) const TWO: &str = "MjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjIyMjI=";

pub(crate) fn given(text: &str) -> MasterKeys {
    MasterKeys::given(text).unwrap()
}
