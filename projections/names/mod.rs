//! The name index: which customers have a name with this part in it.
//!
//! Names are sealed, so they are found by keyed hashes of their parts. To make those, names are opened, which no fold
//! does; so this follower runs beside the read models' runtime, with a checkpoint of its own in the same database.
//! Whoever was erased has no key, and so nobody can make the hashes again, in a rebuild neither.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::watch;
use tokio::task::JoinHandle;
use tokio_util::sync::CancellationToken;
use trunkline_database::{Cell as _, Database, DatabaseError, Migration, TableRow as _, Value, table};
use trunkline_domain::{Event, customer};
use trunkline_kernel::{Clock, CustomerId, EventType, Personal, Position, Recorded};
use trunkline_log::{Direction, Filter, Log, LogError, Query};
use trunkline_vault::search::tokens;
use trunkline_vault::{Openable as _, SealedValue, Shown, Vault, VaultError};

use crate::ReadError;

/// Events that are read, opened and written together at most.
const PAGE: usize = 500;
/// The pause between two looks at the log, so that a busy log is not asked for every append.
const PACE: Duration = Duration::from_millis(20);
/// How long the index trusts that no hint means no event, and the pause after a fault.
const REREAD: Duration = Duration::from_millis(500);
/// What the index is called where its position is asked for.
const NAME: &str = "names";

const MIGRATIONS: &[Migration] = &[Migration {
    name: "names_0001",
    sqlite: "CREATE TABLE customer_name_tokens (token INTEGER NOT NULL, customer_id BLOB NOT NULL,
            PRIMARY KEY (token, customer_id)) STRICT, WITHOUT ROWID;
        CREATE INDEX customer_name_tokens_by_customer ON customer_name_tokens (customer_id);
        CREATE TABLE customer_name_index (id INTEGER PRIMARY KEY CHECK (id = 1), position INTEGER NOT NULL) STRICT;
        INSERT INTO customer_name_index VALUES (1, 0);",
    postgres: "CREATE TABLE customer_name_tokens (token bigint NOT NULL, customer_id uuid NOT NULL,
            PRIMARY KEY (token, customer_id));
        CREATE INDEX customer_name_tokens_by_customer ON customer_name_tokens (customer_id);
        CREATE TABLE customer_name_index (id integer PRIMARY KEY CHECK (id = 1), position bigint NOT NULL);
        INSERT INTO customer_name_index VALUES (1, 0);",
}];

table! {
    /// That a customer's name has a part with this hash.
    #[derive(Clone, Debug, PartialEq)]
    pub struct NameTokenRow = "customer_name_tokens" key(token, customer_id) {
        /// The keyed hash.
        pub token: i64,
        /// Whose name.
        pub customer_id: CustomerId,
    }
}

/// Why the index cannot go on; it tries again after a while.
#[derive(Debug, thiserror::Error)]
pub enum NameError {
    /// The read models' database failed.
    #[error("the read models' database failed")]
    Database(#[from] DatabaseError),
    /// The log failed.
    #[error("the log failed")]
    Log(#[from] LogError),
    /// Keys could not be had.
    #[error("keys could not be had")]
    Vault(#[from] VaultError),
}

/// The name index of this server.
#[derive(Debug)]
pub struct NameIndex {
    database: Database,
    reached: watch::Receiver<Position>,
    wait_max: Duration,
    stop: CancellationToken,
    task: JoinHandle<()>,
}

impl NameIndex {
    /// Begins to follow the log; `wait_max` is how long a query waits for the index.
    ///
    /// # Errors
    /// When the tables cannot be made.
    pub async fn start(
        database: Database,
        log: Arc<dyn Log>,
        vault: Arc<Vault>,
        clock: &dyn Clock,
        wait_max: Duration,
    ) -> Result<Self, NameError> {
        database.migrate(MIGRATIONS, clock.now()).await?;
        let (sender, reached) = watch::channel(Position::START);
        let stop = CancellationToken::new();
        let follower = Follower { database: database.clone(), log, vault, reached: sender };
        let task = tokio::spawn(follower.run(stop.clone()));
        Ok(Self { database, reached, wait_max, stop, task })
    }

    /// Waits until the index has everything up to `position`; without a position it does not wait.
    ///
    /// # Errors
    /// [`ReadError::NotReached`] when that takes too long.
    pub async fn reach(&self, position: Option<Position>) -> Result<(), ReadError> {
        let Some(wanted) = position else { return Ok(()) };
        let mut reached = self.reached.clone();
        let there = tokio::time::timeout(self.wait_max, reached.wait_for(|reached| *reached >= wanted)).await;
        match there {
            Ok(Ok(_)) => Ok(()),
            Ok(Err(_)) | Err(_) => {
                let reached = *self.reached.borrow();
                Err(ReadError::NotReached { model: NAME, wanted, reached, waited: self.wait_max })
            }
        }
    }

    /// Deletes what is kept of a customer's name; gives how many rows.
    ///
    /// # Errors
    /// When the database fails.
    pub async fn forget(&self, customer: CustomerId) -> Result<u64, DatabaseError> {
        let sql = "DELETE FROM customer_name_tokens WHERE customer_id = $1";
        self.database.execute(sql, vec![customer.value()]).await
    }

    /// Finishes what is under way and ends.
    pub async fn stop(self) {
        self.stop.cancel();
        // A panic of it is in the log and takes nothing down.
        let _ = self.task.await;
    }
}

struct Follower {
    database: Database,
    log: Arc<dyn Log>,
    vault: Arc<Vault>,
    reached: watch::Sender<Position>,
}

impl Follower {
    async fn run(self, stop: CancellationToken) {
        let mut hint = self.log.hint();
        loop {
            hint.mark_unchanged();
            let pause = match self.catch_up(&stop).await {
                Ok(()) => PACE,
                Err(error) => {
                    tracing::warn!(error = &error as &dyn std::error::Error, "the name index waits");
                    REREAD
                }
            };
            tokio::select! {
                () = stop.cancelled() => return,
                () = tokio::time::sleep(pause) => {}
            }
            // A hint can be lost, so the log is read again after a while in any case (trap 4).
            tokio::select! {
                () = stop.cancelled() => return,
                _ = tokio::time::timeout(REREAD, hint.changed()) => {}
            }
        }
    }

    /// Indexes all that is in the log.
    async fn catch_up(&self, stop: &CancellationToken) -> Result<(), NameError> {
        let mut from = self.stored().await?.max(*self.reached.borrow());
        while !stop.is_cancelled() {
            let filter = Filter {
                types: vec![
                    EventType::known("customer.registered"),
                    EventType::known("customer.profile_changed"),
                    EventType::known("customer.erased"),
                ],
                ..Filter::default()
            };
            let query =
                Query { filter, direction: Direction::Forwards, from: Some(from), until: None, limit: PAGE };
            let page = self.log.read(&query).await?;
            let Some(last) = page.events.last().map(|event| event.position) else {
                self.reached.send_replace(page.head);
                return Ok(());
            };
            let rows = self.rows(&page.events).await?;
            if self.write(last, rows).await? {
                from = last;
            } else {
                // Another server has indexed these; what it has done is stored.
                from = self.stored().await?;
            }
            self.reached.send_replace(from);
        }
        Ok(())
    }

    async fn stored(&self) -> Result<Position, NameError> {
        let sql = "SELECT position FROM customer_name_index WHERE id = 1";
        let row = self.database.fetch_optional(sql, Vec::new()).await?;
        Ok(row.map_or(Ok(Position::START), |row| row.get("position"))?)
    }

    /// The tokens of every customer whose name these events change; none for a name that nobody can read.
    async fn rows(&self, events: &[Recorded]) -> Result<BTreeMap<CustomerId, Vec<NameTokenRow>>, NameError> {
        let mut names = BTreeMap::new();
        for recorded in events {
            let Some(customer) = recorded.stream.id::<CustomerId>() else { continue };
            // What this build cannot read is parked by the read models, which tell it.
            for event in Event::decode(recorded).unwrap_or_default() {
                if let Some(name) = name_of(event) {
                    names.insert(customer, name);
                }
            }
        }
        let sealed = names.values().filter_map(|name| match name {
            Personal::Sealed(sealed) => SealedValue::read(&sealed.0).ok().map(|read| read.subject()),
            Personal::Open(_) | Personal::Erased => None,
        });
        let keys = self.vault.existing(&sealed.collect::<Vec<_>>()).await?;
        let index = self.vault.index();
        let rows = |customer_id: CustomerId, name: &Personal<String>| match name.opened(&keys) {
            Shown::Clear(name) => tokens(index, &name)
                .into_iter()
                .map(|token| NameTokenRow { token: token.0, customer_id })
                .collect(),
            Shown::Masked(_) | Shown::Withheld | Shown::Erased => Vec::new(),
        };
        Ok(names.iter().map(|(customer, name)| (*customer, rows(*customer, name))).collect())
    }

    /// Rows and checkpoint in one transaction; says whether nobody else was first.
    async fn write(
        &self,
        to: Position,
        rows: BTreeMap<CustomerId, Vec<NameTokenRow>>,
    ) -> Result<bool, NameError> {
        let mut transaction = self.database.begin().await?;
        // Going forward only is what makes a late or repeated write harmless (trap 12).
        let sql = "UPDATE customer_name_index SET position = $1 WHERE id = 1 AND position < $1";
        if transaction.execute(sql, vec![to.value()]).await? == 0 {
            transaction.rollback().await?;
            return Ok(false);
        }
        for customer in rows.keys() {
            let sql = "DELETE FROM customer_name_tokens WHERE customer_id = $1";
            transaction.execute(sql, vec![customer.value()]).await?;
        }
        let values: Vec<Vec<Value>> = rows.into_values().flatten().map(|row| row.values()).collect();
        transaction.insert_missing(NameTokenRow::TABLE, NameTokenRow::TABLE.name, values).await?;
        transaction.commit().await?;
        Ok(true)
    }
}

/// The name that an event gives a customer; erased when it takes it away.
fn name_of(event: Event) -> Option<Personal<String>> {
    match event {
        Event::Customer(customer::Event::Registered(registered)) => registered.profile.name,
        Event::Customer(customer::Event::ProfileChanged(changed)) => changed.changes.name,
        Event::Customer(customer::Event::Erased(_)) => Some(Personal::Erased),
        Event::Access(_)
        | Event::AccessPolicy(_)
        | Event::Agent(_)
        | Event::Alert(_)
        | Event::Call(_)
        | Event::Campaign(_)
        | Event::Command(_)
        | Event::Contact(_)
        | Event::Customer(_)
        | Event::Decision(_)
        | Event::Grant(_)
        | Event::Identifier(_)
        | Event::Interaction(_)
        | Event::Listing(_)
        | Event::Model(_)
        | Event::Demand(_)
        | Event::Dialer(_)
        | Event::Lead(_)
        | Event::Recording(_)
        | Event::Reservation(_)
        | Event::RightsRequest(_)
        | Event::Routing(_)
        | Event::Task(_)
        | Event::Token(_) => None,
    }
}
