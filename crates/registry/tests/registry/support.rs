//! A log with its notary, and an attacker who owns the database.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{AssertSqlSafe, Connection as _, SqliteConnection};
use tempfile::TempDir;
use tokio_util::sync::CancellationToken;
use trunkline_database::{Database, PostgresOptions, SqliteOptions};
use trunkline_kernel::{Clock as _, Ids as _, Position, RandomIds, Recorded, SystemClock, Timestamp};
use trunkline_log::raw::{PostgresRows, Rows, SqliteRows};
use trunkline_log::{Direction, Filter, Log, PostgresLog, Query, SqliteLog};
use trunkline_notary::{SignedHead, SigningKey, Trust};
use trunkline_registry::{Books, Notary, Progress, Scope, Settings, Verdict, verify};
use trunkline_testkit::{Postgres, wait_for};
use trunkline_workload::{Size, Workload};

/// Where a log and its books are.
pub(crate) enum House {
    Sqlite(TempDir),
    Postgres(String),
}

impl House {
    pub(crate) fn sqlite() -> Self {
        Self::Sqlite(tempfile::tempdir().unwrap())
    }

    pub(crate) fn postgres() -> Self {
        Self::Postgres(Postgres::shared().unwrap().fresh_database().unwrap())
    }

    /// Both, one after the other.
    pub(crate) fn both() -> [Self; 2] {
        [Self::sqlite(), Self::postgres()]
    }

    pub(crate) async fn log(&self) -> Arc<dyn Log> {
        let clock = Arc::new(SystemClock);
        match self {
            Self::Sqlite(folder) => {
                let file = folder.path().join("log.db");
                Arc::new(SqliteLog::open(&file, Default::default(), clock).await.unwrap())
            }
            Self::Postgres(url) => Arc::new(PostgresLog::open(url, Default::default(), clock).await.unwrap()),
        }
    }

    pub(crate) async fn rows(&self) -> Arc<dyn Rows> {
        match self {
            Self::Sqlite(folder) => Arc::new(SqliteRows::open(folder.path().join("log.db")).unwrap()),
            Self::Postgres(url) => Arc::new(PostgresRows::open(url, 2).await.unwrap()),
        }
    }

    pub(crate) async fn books(&self) -> Books {
        let database = match self {
            Self::Sqlite(folder) => {
                Database::sqlite(&SqliteOptions::new(folder.path().join("notary.db"))).await.unwrap()
            }
            Self::Postgres(url) => {
                let options = PostgresOptions { schema: "notary".to_owned(), ..PostgresOptions::new(url) };
                Database::postgres(&options).await.unwrap()
            }
        };
        Books::open(database, SystemClock.now()).await.unwrap()
    }

    /// Runs statements as somebody whom no trigger stops.
    pub(crate) async fn attack(&self, statements: &[&str]) {
        match self {
            Self::Sqlite(folder) => {
                let url = format!("sqlite://{}", folder.path().join("log.db").display());
                let mut connection = SqliteConnection::connect(&url).await.unwrap();
                let events =
                    ["events_no_replace", "events_no_update", "events_no_delete", "events_spread_tags"];
                for trigger in events.into_iter().chain(["event_tags_no_update", "event_tags_no_delete"]) {
                    let drop = format!("DROP TRIGGER IF EXISTS {trigger}");
                    sqlx::query(AssertSqlSafe(drop)).execute(&mut connection).await.unwrap();
                }
                for statement in statements {
                    let statement = AssertSqlSafe((*statement).to_owned());
                    sqlx::raw_sql(statement).execute(&mut connection).await.unwrap();
                }
                connection.close().await.unwrap();
            }
            Self::Postgres(url) => {
                let sql = format!(
                    "ALTER TABLE events DISABLE TRIGGER ALL; ALTER TABLE event_tags DISABLE TRIGGER ALL; \
                     GRANT ALL ON events, event_tags TO postgres; {}",
                    statements.join(";")
                );
                let name = url.rsplit('/').next().unwrap();
                Postgres::shared().unwrap().execute(name, &sql).unwrap();
            }
        }
    }

    /// Runs a statement on the books.
    pub(crate) async fn attack_books(&self, statement: &'static str) {
        self.books().await.database_for_tests().execute(statement, vec![]).await.unwrap();
    }

    /// An event's id as this database writes it.
    pub(crate) fn id(&self, digits: &str) -> String {
        match self {
            Self::Sqlite(_) => format!("x'{digits}'"),
            Self::Postgres(_) => format!("'{digits}'::uuid"),
        }
    }

    /// A digest as this database writes it.
    pub(crate) fn bytes(&self, bytes: &[u8]) -> String {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self {
            Self::Sqlite(_) => format!("x'{digits}'"),
            Self::Postgres(_) => format!("'\\x{digits}'::bytea"),
        }
    }
}

pub(crate) fn key() -> String {
    SigningKey::generate().unwrap()
}

pub(crate) fn signing(pem: &str) -> SigningKey {
    SigningKey::from_pem(pem).unwrap()
}

pub(crate) fn trust(pem: &str) -> Option<Trust> {
    Some(Trust::new(signing(pem).public()))
}

/// Signs after every 250 events and at the end only.
pub(crate) fn settings() -> Settings {
    Settings {
        interval: Duration::from_secs(3_600),
        events_max: 250,
        page_events: 97,
        reread: Duration::from_millis(20),
        lease: Duration::from_millis(900),
        backoff_max: Duration::from_millis(50),
    }
}

/// Appends the stories of a small contact centre; gives the head.
pub(crate) async fn fill(log: &dyn Log, seed: u64, events: usize) -> Position {
    let start = Timestamp::from_millis(1_772_442_000_000);
    let mut work = Workload::new(seed, start, Size { agents: 6, campaigns: 3, newcomers: 20 });
    for story in work.stories(events) {
        log.append(story).await.unwrap();
    }
    log.head().await.unwrap()
}

/// Lets a notary put the whole log into the tree and sign its end.
pub(crate) async fn notarise(house: &House, log: Arc<dyn Log>, pem: &str) -> SignedHead {
    let books = house.books().await;
    let head = log.head().await.unwrap();
    let notary =
        Notary::new(books.clone(), log, Arc::new(SystemClock), signing(pem), settings(), RandomIds.uuid());
    let (stats, stopping) = (notary.stats(), CancellationToken::new());
    let running = tokio::spawn(notary.run(stopping.clone()));
    let reached =
        wait_for(
            "the notary to reach the head",
            async || Ok((stats.standing().size == head.0).then_some(())),
        );
    reached.await.unwrap();
    stopping.cancel();
    running.await.unwrap();
    let last = books.last_head().await.unwrap().unwrap();
    assert_eq!(last.signed.head.size, head.0);
    books.close().await;
    last.signed
}

/// A log of about this many events with its notary, and the head.
pub(crate) async fn notarised(house: &House, events: usize, pem: &str) -> SignedHead {
    let log = house.log().await;
    fill(&*log, 5, events).await;
    let head = notarise(house, log.clone(), pem).await;
    log.close().await;
    head
}

/// Everything, against these heads, with what this key has signed believed.
pub(crate) fn scope(pem: &str, against: &[SignedHead]) -> Scope {
    Scope {
        from: Position(1),
        to: None,
        against: against.to_vec(),
        trust: trust(pem),
        index: true,
        threads: 2,
    }
}

pub(crate) async fn verified(house: &House, scope: Scope) -> Verdict {
    let books = house.books().await;
    let progress = Arc::new(Progress::default());
    let verdict = verify(house.rows().await, Some(books.clone()), scope, progress.clone()).await.unwrap();
    assert_eq!(progress.get().0, verdict.events);
    books.close().await;
    verdict
}

/// The event at a position.
pub(crate) async fn event(log: &dyn Log, position: u64) -> Recorded {
    let query = Query {
        filter: Filter::default(),
        direction: Direction::Forwards,
        from: Some(Position(position - 1)),
        until: Some(Position(position)),
        limit: 1,
    };
    log.read(&query).await.unwrap().events.pop().unwrap()
}
