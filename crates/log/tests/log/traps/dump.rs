//! t10: history does not depend on the cluster or file that it was written in.

use std::process::Command;

use sqlx::{Connection, SqliteConnection};
use trunkline_kernel::Recorded;
use trunkline_log::Expect;
use trunkline_testkit::{Durability, Postgres};

use crate::adapters::{Database, Folder};
use crate::support::{Make, Room, assert_gapless, write};

/// A log with more transactions in its past than a new cluster has had.
async fn fill(room: &Room) -> Vec<Recorded> {
    for n in 0..40 {
        let tag = format!("customer:{}", n % 3);
        let event = room.make.tagged("call.created", &[&tag]);
        room.log.append(write(&format!("call-{}", n % 7), Expect::Any, [event])).await.unwrap();
    }
    room.all().await
}

/// The restored log reads back everything, goes on, and is as closed to change as the first.
async fn holds(room: &Room, before: &[Recorded]) {
    let after = room.all().await;
    assert!(after == before, "the restored log differs");
    assert_gapless(&after);
    let tagged = trunkline_log::Query {
        filter: trunkline_log::Filter {
            tags: vec!["customer:1".parse().unwrap()],
            ..trunkline_log::Filter::default()
        },
        ..crate::support::all()
    };
    assert_eq!(room.log.read(&tagged).await.unwrap().events.len(), 13);
    let next = write("call-0", Expect::Any, [Make::seeded(1_000).event("call.rang")]);
    assert_eq!(room.log.append(next).await.unwrap().first.0, before.len() as u64 + 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn t10_a_dump_restored_into_a_fresh_cluster_reads_back_everything() {
    let database = Database::fresh();
    let room = Room::new(Box::new(database.clone())).await;
    let before = fill(&room).await;
    room.log.close().await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("dump.sql");
    let run = |program: &str, arguments: &[&str]| {
        let output = Command::new(Postgres::program(program).unwrap()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let path = file.to_str().unwrap();
    run("pg_dump", &["--dbname", &database.0, "--file", path]);
    let fresh = Postgres::start(Durability::Off, &[]).unwrap();
    let restored = fresh.fresh_database().unwrap();
    run("psql", &["--no-psqlrc", "--quiet", "-v", "ON_ERROR_STOP=1", "--dbname", &restored, "--file", path]);
    let room = Room::new(Box::new(Database(restored.clone()))).await;
    holds(&room, &before).await;
    let name = restored.rsplit('/').next().unwrap();
    assert!(fresh.execute(name, "DELETE FROM events").unwrap_err().to_string().contains("append-only"));
    room.log.close().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn t10_a_copy_of_the_file_reads_back_everything() {
    let (folder, copy) = (Folder::new(), Folder::new());
    let (file, target) = (folder.file(), copy.file());
    let room = Room::new(Box::new(folder)).await;
    let before = fill(&room).await;
    // While the log is open, as a backup is made.
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", file.display())).await.unwrap();
    sqlx::query("VACUUM INTO ?").bind(target.to_str().unwrap()).execute(&mut connection).await.unwrap();
    let room = Room::new(Box::new(copy)).await;
    holds(&room, &before).await;
    let mut connection = SqliteConnection::connect(&format!("sqlite://{}", target.display())).await.unwrap();
    assert!(sqlx::query("DELETE FROM events").execute(&mut connection).await.is_err());
}
