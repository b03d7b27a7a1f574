//! The vocabulary on SQLite; the same on PostgreSQL is tested with the projections, which have a server.

use std::borrow::Cow;
use std::time::Duration;

use futures::future::join_all;
use sqlx::sqlite::SqliteConnectOptions;
use trunkline_kernel::{CustomerId, Id, Timestamp};
use uuid::Uuid;

use crate::{
    Cell, Database, DatabaseError, Json, Migration, SqliteOptions, TableRow, Value, open_file, table,
};

table! {
    /// A row with every kind of cell.
    #[derive(Clone, Debug, PartialEq)]
    struct Sample = "sample" key(id) {
        id: CustomerId,
        flag: bool,
        count: i64,
        share: f64,
        name: Option<String>,
        at: Timestamp,
        labels: Json<Vec<String>>,
        raw: Vec<u8>,
    }
}

const SAMPLE: Migration = Migration {
    name: "sample",
    sqlite: "CREATE TABLE sample (id BLOB PRIMARY KEY, flag INTEGER, count INTEGER, share REAL, name TEXT, at INTEGER, labels TEXT, raw BLOB) WITHOUT ROWID",
    postgres: "",
};

fn sample(number: u128) -> Sample {
    Sample {
        id: CustomerId::from_uuid(Uuid::from_u128(number)),
        flag: number.is_multiple_of(2),
        count: i64::try_from(number).unwrap(),
        share: 0.5,
        name: number.is_multiple_of(3).then(|| format!("客户 {number}")),
        at: Timestamp::from_micros(-7),
        labels: Json(vec!["a".to_owned()]),
        raw: number.to_be_bytes().to_vec(),
    }
}

#[tokio::test]
async fn rows_come_back_as_they_were_written_in_every_bulk_size() {
    let folder = std::env::temp_dir().join(format!("trunkline-database-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let database = Database::sqlite(&SqliteOptions::new(folder.join("sample.db"))).await.unwrap();
    assert_eq!(database.migrate(&[SAMPLE], Timestamp::default()).await.unwrap(), 1);
    assert_eq!(database.migrate(&[SAMPLE], Timestamp::default()).await.unwrap(), 0);
    let rows: Vec<Sample> = (1..=1_500).map(sample).collect();
    let mut transaction = database.begin().await.unwrap();
    transaction.upsert(Sample::TABLE, "sample", rows.iter().map(TableRow::values).collect()).await.unwrap();
    transaction.upsert(Sample::TABLE, "sample", vec![rows[0].values()]).await.unwrap();
    transaction.commit().await.unwrap();
    let mut snapshot = database.snapshot().await.unwrap();
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id.uuid()).collect();
    let read = snapshot.fetch_by(Sample::TABLE, "sample", "id", &ids).await.unwrap();
    let mut read: Vec<Sample> = read.iter().map(|row| Sample::read_in_order(row).unwrap()).collect();
    read.sort_by_key(|row| row.count);
    assert_eq!(read, rows);
    drop(snapshot);
    database.close().await;
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test]
async fn a_guard_that_does_not_hold_says_so() {
    let database = Database::sqlite_in_memory().await.unwrap();
    database.migrate(&[SAMPLE], Timestamp::default()).await.unwrap();
    let mut transaction = database.begin().await.unwrap();
    let refused = transaction.execute_expecting(1, "UPDATE sample SET count = 1", vec![]).await;
    assert!(matches!(refused, Err(DatabaseError::Unchanged { expected: 1, changed: 0 })));
}

#[tokio::test]
async fn an_edited_migration_is_refused() {
    let database = Database::sqlite_in_memory().await.unwrap();
    database.migrate(&[SAMPLE], Timestamp::default()).await.unwrap();
    let edited = Migration { sqlite: "SELECT 1", ..SAMPLE };
    let refused = database.migrate(&[edited], Timestamp::default()).await;
    assert!(matches!(refused, Err(DatabaseError::Migration { .. })));
}

#[test]
fn digests_tell_absent_from_empty() {
    let bytes = |value: Value| {
        let mut bytes = Vec::new();
        value.digest_into(&mut bytes);
        bytes
    };
    assert_ne!(bytes(None::<String>.value()), bytes(Value::Text(Cow::Borrowed(""))));
    assert_eq!(
        bytes(Value::Json(r#"{"b":1,"a":2}"#.into())),
        bytes(Value::Json(r#"{"a": 2, "b": 1}"#.into()))
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn many_that_open_a_new_file_at_once_all_get_it() {
    let folder = std::env::temp_dir().join(format!("trunkline-database-many-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    for round in 0..50 {
        let options = SqliteConnectOptions::new().filename(folder.join(format!("{round}.db")));
        let all =
            join_all((0..16).map(|_| tokio::spawn(open_file(options.clone(), Duration::from_secs(10)))))
                .await;
        let all: Result<Vec<_>, _> = all.into_iter().map(Result::unwrap).collect();
        all.unwrap();
    }
    std::fs::remove_dir_all(&folder).unwrap();
}
