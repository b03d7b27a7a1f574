//! t01, t03 and t07 with transactions of others: open, rolled back, in other databases.

use std::sync::Arc;
use std::time::Duration;

use sqlx::{Connection, PgConnection, SqliteConnection};
use tokio::time::timeout;
use trunkline_kernel::Position;
use trunkline_log::{Feed, FeedLimits, Filter};

use crate::adapters::{Database, Folder};
use crate::support::{Room, all, assert_gapless};

/// Far longer than a read takes, far shorter than for ever.
const SOON: Duration = Duration::from_secs(10);

/// A batch of one event in the terms of the database, at the position after `$1`.
const APPEND: &str = "SELECT append_events($1, now(), ARRAY[gen_random_uuid()], ARRAY['call-foreign'], \
     ARRAY[1::bigint], ARRAY['call.created'], ARRAY[1], ARRAY['{}'], ARRAY['call:x'], ARRAY['system:test'], \
     ARRAY[gen_random_uuid()], ARRAY[gen_random_uuid()], ARRAY[NULL::uuid], ARRAY[NULL::text], ARRAY[now()], \
     ARRAY[decode(repeat('00', 32), 'hex')])";

/// Everything that a reader does, each within a bounded time.
async fn reads_go_on(room: &Room, head: Position) {
    let page = timeout(SOON, room.log.read(&all())).await.expect("a read waits").unwrap();
    assert_eq!((page.events.len() as u64, page.head), (head.0, head));
    assert_eq!(timeout(SOON, room.log.head()).await.expect("the head waits").unwrap(), head);
    let feed = Feed::start(Arc::clone(&room.log), FeedLimits::default());
    let mut subscription = feed.subscribe(Filter::default(), Position::START);
    let batch = timeout(SOON, subscription.next()).await.expect("a subscription waits").unwrap();
    assert_eq!(batch.position, head);
}

#[tokio::test(flavor = "multi_thread")]
async fn t03_an_open_foreign_transaction_delays_nobody_on_postgres() {
    let database = Database::fresh();
    let room = Room::new(Box::new(database.clone())).await;
    room.add("call-a").await;
    let elsewhere = Database::fresh();
    elsewhere.execute("CREATE TABLE other (n int)").unwrap();
    database.execute("CREATE TABLE other (n int)").unwrap();
    let mut open = Vec::new();
    for url in [&elsewhere.0, &database.0] {
        let mut connection = PgConnection::connect(url).await.unwrap();
        sqlx::query("BEGIN ISOLATION LEVEL SERIALIZABLE").execute(&mut connection).await.unwrap();
        sqlx::query("INSERT INTO other VALUES (1)").execute(&mut connection).await.unwrap();
        open.push(connection);
    }
    for head in 2..5 {
        timeout(SOON, room.add("call-a")).await.expect("an append waits");
        reads_go_on(&room, Position(head)).await;
    }
    drop(open);
}

#[tokio::test(flavor = "multi_thread")]
async fn t03_an_open_foreign_transaction_delays_nobody_on_sqlite() {
    let folder = Folder::new();
    let file = folder.file();
    let room = Room::new(Box::new(folder)).await;
    room.add("call-a").await;
    let url = format!("sqlite://{}", file.display());
    let mut reader = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("BEGIN").execute(&mut reader).await.unwrap();
    sqlx::query("SELECT count(*) FROM events").execute(&mut reader).await.unwrap();
    timeout(SOON, room.add("call-a")).await.expect("an append waits for a foreign reader");
    reads_go_on(&room, Position(2)).await;
    // A file has one writer at a time; readers do not wait for it.
    let mut writer = SqliteConnection::connect(&url).await.unwrap();
    sqlx::query("BEGIN IMMEDIATE").execute(&mut writer).await.unwrap();
    reads_go_on(&room, Position(2)).await;
    sqlx::query("ROLLBACK").execute(&mut writer).await.unwrap();
    timeout(SOON, room.add("call-a")).await.expect("an append waits");
}

#[tokio::test(flavor = "multi_thread")]
async fn t01_an_append_under_way_is_not_passed_on_postgres() {
    let database = Database::fresh();
    let room = Room::new(Box::new(database.clone())).await;
    room.add("call-a").await;
    let mut other = PgConnection::connect(&database.0).await.unwrap();
    sqlx::query("BEGIN").execute(&mut other).await.unwrap();
    let position: Option<i64> = sqlx::query_scalar(APPEND).bind(1_i64).fetch_one(&mut other).await.unwrap();
    assert_eq!(position, Some(2));
    // Position 2 is written and not committed: no reader gets past it, none waits for it.
    reads_go_on(&room, Position(1)).await;
    let append = room.add("call-a");
    tokio::pin!(append);
    assert!(timeout(Duration::from_millis(100), &mut append).await.is_err(), "position 2 is not free yet");
    reads_go_on(&room, Position(1)).await;
    sqlx::query("COMMIT").execute(&mut other).await.unwrap();
    assert_eq!(append.await.first, Position(3));
    reads_go_on(&room, Position(3)).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t07_a_rolled_back_append_leaves_no_gap_on_postgres() {
    let database = Database::fresh();
    let room = Room::new(Box::new(database.clone())).await;
    room.add("call-a").await;
    let mut other = PgConnection::connect(&database.0).await.unwrap();
    for head in 1..4_u64 {
        sqlx::query("BEGIN").execute(&mut other).await.unwrap();
        let expected = i64::try_from(head).unwrap();
        let position: Option<i64> =
            sqlx::query_scalar(APPEND).bind(expected).fetch_one(&mut other).await.unwrap();
        assert_eq!(position, Some(expected + 1));
        sqlx::query("ROLLBACK").execute(&mut other).await.unwrap();
        reads_go_on(&room, Position(head)).await;
        assert_eq!(room.add("call-a").await.first, Position(head + 1));
    }
    assert_gapless(&room.all().await);
}
