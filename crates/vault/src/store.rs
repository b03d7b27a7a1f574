//! The rows of the key store: one wrapped key for each subject, in a file or schema of its own.

use std::collections::HashMap;

use trunkline_database::{AssertSqlSafe, Cell as _, Database, Migration, TableRow as _, table};
use trunkline_kernel::{Subject, Timestamp};
use uuid::Uuid;

use crate::VaultError;

/// How many keys are read or rewrapped at once.
pub(crate) const PAGE: usize = 500;

const MIGRATIONS: &[Migration] = &[Migration {
    name: "0001_keys",
    sqlite: "CREATE TABLE subject_keys (
        kind TEXT NOT NULL, subject BLOB NOT NULL, wrapped TEXT, master TEXT NOT NULL,
        created_at INTEGER NOT NULL, destroyed_at INTEGER,
        PRIMARY KEY (kind, subject), CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL))) STRICT, WITHOUT ROWID;
        CREATE INDEX subject_keys_by_master ON subject_keys (master) WHERE wrapped IS NOT NULL;",
    postgres: "CREATE TABLE subject_keys (
        kind text NOT NULL, subject uuid NOT NULL, wrapped text, master text NOT NULL,
        created_at timestamptz NOT NULL, destroyed_at timestamptz,
        PRIMARY KEY (kind, subject), CHECK ((wrapped IS NULL) = (destroyed_at IS NOT NULL)));
        CREATE INDEX subject_keys_by_master ON subject_keys (master) WHERE wrapped IS NOT NULL;
        CREATE INDEX subject_keys_by_subject ON subject_keys (subject);",
}];

/// Whose key a row is: a subject's, or one of the vault's own.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct KeyName {
    pub(crate) kind: &'static str,
    pub(crate) id: Uuid,
}

impl KeyName {
    /// The key of the blind index.
    pub(crate) const INDEX: Self = Self { kind: "blind_index", id: Uuid::nil() };
    /// The key that signs receipts of erasure.
    pub(crate) const RECEIPTS: Self = Self { kind: "receipts", id: Uuid::nil() };

    /// What a wrapped key is bound to, so that no row can be put in another's place.
    pub(crate) fn context(&self) -> Vec<u8> {
        [b"trunkline key 1 ", self.kind.as_bytes(), b" ", self.id.as_bytes().as_slice()].concat()
    }
}

impl From<Subject> for KeyName {
    fn from(subject: Subject) -> Self {
        Self { kind: subject.kind.as_str(), id: subject.id }
    }
}

impl std::fmt::Display for KeyName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.kind, self.id)
    }
}

table! {
    /// One key.
    #[derive(Clone, Debug, PartialEq)]
    pub(crate) struct KeyRow = "subject_keys" key(kind, subject) {
        /// What sort of subject.
        pub(crate) kind: String,
        /// Which.
        pub(crate) subject: Uuid,
        /// The key, wrapped; absent when it is destroyed.
        pub(crate) wrapped: Option<String>,
        /// The master key that wraps it, or did.
        pub(crate) master: String,
        /// When it was made.
        pub(crate) created_at: Timestamp,
        /// When it was destroyed.
        pub(crate) destroyed_at: Option<Timestamp>,
    }
}

/// The key store.
#[derive(Clone, Debug)]
pub(crate) struct Store(pub(crate) Database);

impl Store {
    pub(crate) async fn open(database: Database, now: Timestamp) -> Result<Self, VaultError> {
        database.migrate(MIGRATIONS, now).await?;
        Ok(Self(database))
    }

    /// The rows of these names, those that there are.
    pub(crate) async fn read(&self, names: &[KeyName]) -> Result<HashMap<KeyName, KeyRow>, VaultError> {
        let mut found = HashMap::new();
        let mut snapshot = self.0.snapshot().await?;
        for page in names.chunks(PAGE) {
            let ids: Vec<Uuid> = page.iter().map(|name| name.id).collect();
            let rows = snapshot.fetch_by(KeyRow::TABLE, KeyRow::TABLE.name, "subject", &ids).await?;
            for row in rows {
                let row = KeyRow::read_in_order(&row)?;
                let named = |name: &&KeyName| name.kind == row.kind && name.id == row.subject;
                if let Some(name) = page.iter().find(named) {
                    found.insert(*name, row);
                }
            }
        }
        Ok(found)
    }

    /// Writes new keys, in one transaction; those that are there already stay as they are.
    pub(crate) async fn insert_missing(&self, rows: Vec<KeyRow>) -> Result<(), VaultError> {
        let mut transaction = self.0.begin().await?;
        let values = rows.iter().map(KeyRow::values).collect();
        transaction.insert_missing(KeyRow::TABLE, KeyRow::TABLE.name, values).await?;
        Ok(transaction.commit().await?)
    }

    /// Forgets a key for ever; a subject that never had one is marked, so that none is made. Says when it was
    /// destroyed, by this call or an earlier one.
    pub(crate) async fn destroy(&self, name: KeyName, now: Timestamp) -> Result<Timestamp, VaultError> {
        let mut transaction = self.0.begin().await?;
        let sql = "INSERT INTO subject_keys (kind, subject, wrapped, master, created_at, destroyed_at)
            VALUES ($1, $2, NULL, '', $3, $3)
            ON CONFLICT (kind, subject) DO UPDATE
            SET wrapped = NULL, destroyed_at = coalesce(subject_keys.destroyed_at, excluded.destroyed_at)";
        let key = || vec![name.kind.to_owned().value(), name.id.value()];
        let mut values = key();
        values.push(now.value());
        transaction.execute(sql, values).await?;
        let sql = "SELECT destroyed_at FROM subject_keys WHERE kind = $1 AND subject = $2";
        let row = transaction.fetch_optional(sql, key()).await?;
        let destroyed = row.map(|row| row.get::<Timestamp>("destroyed_at")).transpose()?;
        transaction.commit().await?;
        self.scrub().await?;
        Ok(destroyed.unwrap_or(now))
    }

    /// Takes what was deleted out of the files, as far as the database can.
    async fn scrub(&self) -> Result<(), VaultError> {
        match &self.0 {
            // Deleted cells are overwritten (`secure_delete`); the write-ahead log still has the old page.
            Database::Sqlite { .. } => {
                let rows = self.0.fetch_to_write("PRAGMA wal_checkpoint(TRUNCATE)", Vec::new()).await?;
                if rows.first().is_some_and(|row| row.at::<i64>(0).is_ok_and(|busy| busy != 0)) {
                    tracing::warn!("a reader keeps the key store's write-ahead log; it is emptied next time");
                }
            }
            Database::Postgres(_) => {
                self.0.execute("VACUUM subject_keys", Vec::new()).await?;
            }
        }
        Ok(())
    }

    /// Keys that are not wrapped by this master key.
    pub(crate) async fn wrapped_otherwise(&self, master: &str) -> Result<Vec<KeyRow>, VaultError> {
        let sql = format!(
            "SELECT {} FROM subject_keys WHERE master <> $1 AND wrapped IS NOT NULL
             ORDER BY kind, subject LIMIT {PAGE}",
            KeyRow::TABLE.column_list()
        );
        let rows = self.0.fetch(AssertSqlSafe(sql), vec![master.to_owned().value()]).await?;
        Ok(rows.iter().map(KeyRow::read).collect::<Result<_, _>>()?)
    }

    /// Puts the newly wrapped text of keys in place of the old, where that is still the old.
    pub(crate) async fn rewrap(&self, changes: Vec<(KeyRow, String, String)>) -> Result<u64, VaultError> {
        let mut transaction = self.0.begin().await?;
        let mut changed = 0;
        for (row, wrapped, master) in changes {
            let sql = "UPDATE subject_keys SET wrapped = $4, master = $5
                WHERE kind = $1 AND subject = $2 AND wrapped = $3";
            let values = vec![
                row.kind.value(),
                row.subject.value(),
                row.wrapped.value(),
                wrapped.value(),
                master.value(),
            ];
            changed += transaction.execute(sql, values).await?;
        }
        transaction.commit().await?;
        Ok(changed)
    }

    /// How many keys there are of each kind under each master key; destroyed ones have none.
    pub(crate) async fn counts(&self) -> Result<Vec<(String, Option<String>, u64)>, VaultError> {
        let sql =
            "SELECT kind, CASE WHEN wrapped IS NULL THEN NULL ELSE master END AS by_master, count(*) AS keys
            FROM subject_keys GROUP BY 1, 2 ORDER BY 1, 2";
        let rows = self.0.fetch(sql, Vec::new()).await?;
        rows.iter().map(|row| Ok((row.at(0)?, row.at(1)?, row.at(2)?))).collect()
    }
}
