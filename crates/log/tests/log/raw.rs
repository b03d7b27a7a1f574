//! Rows read raw say the same as events read through the log, and their digests are computed alike.

use std::sync::Arc;

use trunkline_kernel::{Digest, Position, Recorded, Timestamp};
use trunkline_log::raw::{PostgresRows, Rows, SqliteRows};
use trunkline_workload::{Size, Workload};

use crate::adapters::{Database, Folder};
use crate::contract::Place;
use crate::support::Room;

/// What a row says, in the words of an event.
type Said = (u64, u64, String, String, String, i64, Digest, Digest);

fn scanned(rows: Arc<dyn Rows>) -> Vec<Said> {
    let head = rows.head().unwrap();
    let mut all = Vec::new();
    let mut scratch = Vec::new();
    // In two pieces, as several threads do.
    let half = Position(head.0 / 2);
    for (after, until) in [(Position::START, half), (half, head)] {
        let take = &mut |row: Result<trunkline_log::raw::Row<'_>, _>| {
            let row = row.unwrap();
            assert_eq!(row.category, row.category_of_stream());
            all.push((
                row.position.0,
                row.version.0,
                row.stream.to_owned(),
                row.event_type.to_owned(),
                row.tags.to_owned(),
                row.recorded_at.micros(),
                row.stored_digest().unwrap(),
                row.computed_digest(&mut scratch),
            ));
        };
        rows.scan(after, until, take).unwrap();
    }
    all
}

fn said(event: &Recorded) -> Said {
    (
        event.position.0,
        event.version.0,
        event.stream.to_string(),
        event.event.event_type.to_string(),
        serde_json::to_string(&event.event.tags).unwrap(),
        event.recorded_at.micros(),
        event.digest,
        event.event.digest(&event.stream).unwrap(),
    )
}

async fn filled(place: Box<dyn Place>) -> (Room, Vec<Recorded>) {
    let room = Room::new(place).await;
    let start = Timestamp::from_millis(1_772_442_000_000);
    for story in Workload::new(3, start, Size { agents: 6, campaigns: 3, newcomers: 20 }).stories(300) {
        room.log.append(story).await.unwrap();
    }
    let odd = ["customer:\"1\"", "note:客户\\李", "a:b"];
    let event = room.make.tagged("call.created", &odd);
    room.log.append(crate::support::write("call-a", trunkline_log::Expect::Any, [event])).await.unwrap();
    let events = room.all().await;
    (room, events)
}

#[tokio::test(flavor = "multi_thread")]
async fn sqlite_rows_are_the_events() {
    let folder = Folder::new();
    let file = folder.file();
    let (_room, events) = filled(Box::new(folder)).await;
    assert!(events.len() > 300);
    let rows = Arc::new(SqliteRows::open(&file).unwrap());
    let found = tokio::task::spawn_blocking(move || scanned(rows)).await.unwrap();
    assert_eq!(found, events.iter().map(said).collect::<Vec<_>>());
    assert!(SqliteRows::open(file.with_extension("nowhere")).is_err());
}

#[tokio::test(flavor = "multi_thread")]
async fn postgres_rows_are_the_events() {
    let database = Database::fresh();
    let (_room, events) = filled(Box::new(database.clone())).await;
    let rows = Arc::new(PostgresRows::open(&database.0, 2).await.unwrap());
    let found = tokio::task::spawn_blocking(move || scanned(rows)).await.unwrap();
    assert_eq!(found, events.iter().map(said).collect::<Vec<_>>());
}
