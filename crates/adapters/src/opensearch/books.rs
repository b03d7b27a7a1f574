//! What outlives the process: how far it has come, who ships, and what was never taken.

use std::time::Duration;

use trunkline_database::{Cell as _, Database, DatabaseError, Migration};
use trunkline_kernel::{EventId, Millis, Position, Timestamp};
use uuid::Uuid;

use super::document::Document;

const MIGRATIONS: &[Migration] = &[Migration {
    name: "opensearch_0001",
    sqlite: "CREATE TABLE opensearch_shipping (target TEXT PRIMARY KEY, position INTEGER NOT NULL, event BLOB,
            owner BLOB, lease_until INTEGER) STRICT;
        CREATE TABLE opensearch_rejected (id TEXT PRIMARY KEY, position INTEGER NOT NULL, status INTEGER NOT NULL,
            error TEXT NOT NULL, at INTEGER NOT NULL) STRICT;",
    postgres: "CREATE TABLE opensearch_shipping (target text PRIMARY KEY, position bigint NOT NULL, event uuid,
            owner uuid, lease_until timestamptz);
        CREATE TABLE opensearch_rejected (id text PRIMARY KEY, position bigint NOT NULL, status bigint NOT NULL,
            error text NOT NULL, at timestamptz NOT NULL);",
}];

/// The place in the log up to which everything has arrived.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The place.
    pub(super) position: Position,
    /// The event there, by which it is seen whether it still is the same log.
    pub(super) event: Option<EventId>,
}

/// A document that will never be taken as it is.
pub(super) struct Rejected {
    /// The document's id.
    pub(super) id: String,
    /// The event that it is about.
    pub(super) position: Position,
    /// The status.
    pub(super) status: u16,
    /// What the service calls the error.
    pub(super) error: String,
}

impl Rejected {
    pub(super) fn of(document: &Document, status: u16, error: &str) -> Self {
        Self { id: document.id.clone(), position: document.position, status, error: error.to_owned() }
    }
}

/// The books about one target: an address, an index and which events.
pub(super) struct Books {
    database: Database,
    target: String,
    /// How many rejected documents are remembered.
    rejected_max: u32,
}

impl Books {
    pub(super) async fn open(
        database: Database,
        target: String,
        rejected_max: u32,
        now: Timestamp,
    ) -> Result<Self, DatabaseError> {
        database.migrate(MIGRATIONS, now).await?;
        let sql = "INSERT INTO opensearch_shipping (target, position) VALUES ($1, 0) ON CONFLICT (target) DO NOTHING";
        database.execute(sql, vec![target.value()]).await?;
        Ok(Self { database, target, rejected_max })
    }

    /// Takes the lease when nobody has it, or keeps it; says whether this owner has it. Two that ship at once do no
    /// harm, only everything twice.
    pub(super) async fn seat(
        &self,
        owner: Uuid,
        now: Timestamp,
        lease: Duration,
    ) -> Result<bool, DatabaseError> {
        let until = now.plus(Millis(i64::try_from(lease.as_millis()).unwrap_or(i64::MAX)));
        let sql = "UPDATE opensearch_shipping SET owner = $1, lease_until = $2
            WHERE target = $3 AND (owner IS NULL OR owner = $4 OR lease_until < $5)";
        let values = vec![owner.value(), until.value(), self.target.value(), owner.value(), now.value()];
        Ok(self.database.execute(sql, values).await? == 1)
    }

    /// Gives the lease up, so that others need not wait.
    pub(super) async fn leave(&self, owner: Uuid) -> Result<(), DatabaseError> {
        let sql = "UPDATE opensearch_shipping SET owner = NULL, lease_until = NULL WHERE target = $1 AND owner = $2";
        self.database.execute(sql, vec![self.target.value(), owner.value()]).await.map(drop)
    }

    /// How far it has come.
    pub(super) async fn mark(&self) -> Result<Mark, DatabaseError> {
        let sql = "SELECT position, event FROM opensearch_shipping WHERE target = $1";
        let Some(row) = self.database.fetch_optional(sql, vec![self.target.value()]).await? else {
            return Ok(Mark::default());
        };
        Ok(Mark { position: row.get("position")?, event: row.get("event")? })
    }

    /// Begins again: the log is another one.
    pub(super) async fn forget(&self) -> Result<(), DatabaseError> {
        let sql = "UPDATE opensearch_shipping SET position = 0, event = NULL WHERE target = $1";
        self.database.execute(sql, vec![self.target.value()]).await.map(drop)
    }

    /// Notes how far it has come, never back, together with what was rejected on the way.
    pub(super) async fn note(
        &self,
        mark: Mark,
        rejected: &[Rejected],
        at: Timestamp,
    ) -> Result<(), DatabaseError> {
        let mut transaction = self.database.begin().await?;
        let sql =
            "UPDATE opensearch_shipping SET position = $1, event = $2 WHERE target = $3 AND position < $4";
        let position = mark.position;
        let values = vec![position.value(), mark.event.value(), self.target.value(), position.value()];
        transaction.execute(sql, values).await?;
        for Rejected { id, position, status, error } in rejected {
            let sql = "INSERT INTO opensearch_rejected (id, position, status, error, at) VALUES ($1, $2, $3, $4, $5)
                ON CONFLICT (id) DO NOTHING";
            let status = i64::from(*status);
            let values = vec![id.value(), position.value(), status.value(), error.value(), at.value()];
            transaction.execute(sql, values).await?;
        }
        if !rejected.is_empty() {
            let sql = "DELETE FROM opensearch_rejected WHERE position < (SELECT MIN(position) FROM
                (SELECT position FROM opensearch_rejected ORDER BY position DESC LIMIT $1) AS newest)";
            transaction.execute(sql, vec![i64::from(self.rejected_max).value()]).await?;
        }
        transaction.commit().await
    }

    /// The documents that were never taken, newest first.
    #[cfg(test)]
    pub(super) async fn rejected(&self) -> Result<Vec<(String, String)>, DatabaseError> {
        let sql = "SELECT id, error FROM opensearch_rejected ORDER BY position DESC, id";
        let rows = self.database.fetch(sql, Vec::new()).await?;
        rows.iter().map(|row| Ok((row.get("id")?, row.get("error")?))).collect()
    }
}
